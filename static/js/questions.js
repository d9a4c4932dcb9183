// Hides an edition's own questions while they do not apply: to another category, or after another answer. The server
// decides again, and drops what is not asked; without this each question says itself when it is asked.
(() => {
  const questions = [...document.querySelectorAll(".own-question")];
  const conditional = questions.filter((one) => one.dataset.shownWhen || one.dataset.categories);
  if (!conditional.length) return;

  const given = (form, name) => new FormData(form).getAll(name);

  // In the order of the page: what a question depends on stands before it.
  const show = () => {
    for (const question of conditional) {
      const form = question.closest("form");
      const { shownWhen, shownFor = "", categories, category } = question.dataset;
      const asker = shownWhen && form.querySelector(`[name="${CSS.escape(shownWhen)}"]`)?.closest(".own-question");
      const answers = shownFor.split(" ");
      const met = !shownWhen || !asker || (!asker.hidden && given(form, shownWhen).some((one) => answers.includes(one)));
      question.hidden = !met || Boolean(categories && !categories.split(" ").includes(given(form, category)[0]));
    }
  };

  for (const question of conditional) {
    for (const words of question.querySelectorAll(".only-if")) words.hidden = true;
  }
  document.addEventListener("change", show);
  show();
})();
