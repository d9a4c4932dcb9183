// Hides an edition's own questions while they do not apply: to another category, or after another answer. The server
// decides again, and drops what is not asked; without this each question says itself when it is asked.
(() => {
  // The question that organisers write stands beside its form, as soon as they leave a field.
  const preview = document.querySelector("[data-preview]");
  let latest = 0;
  preview?.closest("main").querySelector("form").addEventListener("change", async (event) => {
    const [sent, turn] = [new FormData(event.currentTarget), ++latest];
    sent.set("preview", "1");
    const answer = await fetch(location.href, { method: "POST", body: sent });
    if (!answer.ok || turn !== latest) return;
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    preview.replaceChildren(...page.querySelector("[data-preview]").childNodes);
  });

  const questions = [...document.querySelectorAll("form .own-question")];
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
      // In a preview nobody says a category.
      const [chosen] = categories ? given(form, category) : [];
      question.hidden = !met || (chosen !== undefined && !categories.split(" ").includes(chosen));
    }
  };

  for (const question of conditional) {
    for (const words of question.querySelectorAll(".only-if")) words.hidden = true;
  }
  document.addEventListener("change", show);
  show();
})();
