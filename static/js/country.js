// Turns select[data-type-ahead] into a combobox with a list (ARIA 1.2). The select stays in the form,
// out of sight, and alone carries the value; so without this script nothing is missing.
(function () {
  "use strict";

  function plain(text) {
    return text.normalize("NFD").replace(/\p{M}/gu, "").toLocaleLowerCase().trim();
  }

  function words(text) {
    return plain(text).split(/[^\p{L}\p{N}]+/u).filter(Boolean);
  }

  function enhance(select) {
    var id = select.id;
    var label = id && document.querySelector('label[for="' + CSS.escape(id) + '"]');
    if (!label || select.multiple || select.disabled) return;

    var choices = Array.from(select.options).filter(function (option) {
      return option.value !== "";
    }).map(function (option) {
      return { option: option, text: option.text.trim(), plain: plain(option.text), words: words(option.text) };
    });
    var mayBeEmpty = choices.length < select.options.length;
    var resultsText = select.dataset.results || "{n} results";
    var noneText = select.dataset.none || "No match";

    var box = document.createElement("div");
    var input = document.createElement("input");
    var list = document.createElement("ul");
    var told = document.createElement("div");
    var shown = [];
    var active = -1;

    // The input takes over the id, so that the label and the error summary's link lead to it.
    select.id = id + "-value";
    input.id = id;
    input.type = "text";
    input.className = select.className.replace("form-select", "form-control");
    input.autocomplete = "off";
    input.setAttribute("autocapitalize", "none");
    input.spellcheck = false;
    ["aria-describedby", "aria-invalid", "aria-required"].forEach(function (name) {
      if (select.hasAttribute(name)) input.setAttribute(name, select.getAttribute(name));
    });
    if (select.required) {
      input.required = true;
      select.required = false;
    }
    input.setAttribute("role", "combobox");
    input.setAttribute("aria-autocomplete", "list");
    input.setAttribute("aria-expanded", "false");
    input.setAttribute("aria-controls", id + "-list");

    list.id = id + "-list";
    list.className = "combobox-list";
    list.hidden = true;
    list.setAttribute("role", "listbox");
    list.setAttribute("aria-label", select.dataset.choices || "Choices");
    told.className = "visually-hidden";
    told.setAttribute("role", "status");

    box.className = "combobox";
    select.before(box);
    box.append(input, list, told, select);
    // Out of sight, not switched off: a browser that fills in addresses still finds it.
    select.className = "visually-hidden";
    select.tabIndex = -1;
    select.setAttribute("aria-hidden", "true");

    function chosenText() {
      var option = select.options[select.selectedIndex];
      return option && option.value !== "" ? option.text.trim() : "";
    }

    function restore() {
      input.value = chosenText();
    }

    function matches(text) {
      var asked = words(text);
      if (!asked.length) return choices;
      var start = plain(text);
      return choices.filter(function (choice) {
        return asked.every(function (part) {
          return choice.words.some(function (word) { return word.startsWith(part); });
        });
      }).sort(function (a, b) {
        return b.plain.startsWith(start) - a.plain.startsWith(start);
      });
    }

    function close() {
      list.hidden = true;
      active = -1;
      input.setAttribute("aria-expanded", "false");
      input.removeAttribute("aria-activedescendant");
    }

    function mark(index) {
      var rows = list.querySelectorAll("[role=option]");
      if (rows[active]) {
        rows[active].classList.remove("active");
        rows[active].setAttribute("aria-selected", "false");
      }
      active = index;
      if (!rows[active]) {
        input.removeAttribute("aria-activedescendant");
        return;
      }
      rows[active].classList.add("active");
      rows[active].setAttribute("aria-selected", "true");
      rows[active].scrollIntoView({ block: "nearest" });
      input.setAttribute("aria-activedescendant", rows[active].id);
    }

    function open(text) {
      shown = matches(text);
      active = -1;
      input.removeAttribute("aria-activedescendant");
      list.replaceChildren.apply(list, shown.map(function (choice, index) {
        var row = document.createElement("li");
        row.id = id + "-option-" + index;
        row.setAttribute("role", "option");
        row.setAttribute("aria-selected", "false");
        row.textContent = choice.text;
        return row;
      }));
      if (!shown.length) {
        var none = document.createElement("li");
        none.className = "none";
        none.setAttribute("role", "presentation");
        none.textContent = noneText;
        list.append(none);
      }
      list.hidden = false;
      list.scrollTop = 0;
      input.setAttribute("aria-expanded", "true");
      told.textContent = shown.length ? resultsText.replace("{n}", shown.length) : noneText;
    }

    function take(option) {
      var changed = select.value !== option.value;
      select.value = option.value;
      restore();
      close();
      if (changed) select.dispatchEvent(new Event("change", { bubbles: true }));
    }

    function settle() {
      var text = plain(input.value);
      if (text === plain(chosenText())) {
        restore();
      } else if (text === "" && mayBeEmpty) {
        take(Array.from(select.options).find(function (option) { return option.value === ""; }));
      } else {
        var found = matches(input.value);
        var exact = found.filter(function (choice) { return choice.plain === text; });
        if (text && exact.length) take(exact[0].option);
        else if (text && found.length === 1) take(found[0].option);
        else restore();
      }
      close();
      told.textContent = "";
    }

    input.addEventListener("input", function () { open(input.value); });
    input.addEventListener("click", function () {
      if (list.hidden) {
        open("");
        input.select();
      }
    });
    input.addEventListener("blur", settle);
    input.addEventListener("keydown", function (event) {
      if (event.isComposing || event.ctrlKey || event.metaKey) return;
      var last = shown.length - 1;
      if (event.key === "ArrowDown" || event.key === "ArrowUp") {
        event.preventDefault();
        var down = event.key === "ArrowDown";
        if (list.hidden) {
          var untouched = plain(input.value) === plain(chosenText());
          open(untouched ? "" : input.value);
          last = shown.length - 1;
          if (event.altKey || last < 0) return;
          var here = untouched ? shown.findIndex(function (choice) { return choice.option.selected; }) : -1;
          mark(here >= 0 ? here : down ? 0 : last);
        } else if (event.altKey && !down) {
          close();
        } else if (last >= 0) {
          mark(down ? (active < last ? active + 1 : 0) : (active > 0 ? active - 1 : last));
        }
      } else if (event.key === "Enter" && !list.hidden) {
        // While the list is open, Enter chooses and never sends the form.
        event.preventDefault();
        if (active >= 0) take(shown[active].option);
        else settle();
      } else if (event.key === "Escape") {
        if (!list.hidden) {
          event.preventDefault();
          close();
        } else {
          restore();
        }
      }
    });
    // Keep the focus in the input, or blur would close the list before the click arrives.
    list.addEventListener("mousedown", function (event) { event.preventDefault(); });
    list.addEventListener("click", function (event) {
      var row = event.target.closest("[role=option]");
      if (!row) return;
      take(shown[Array.from(list.children).indexOf(row)].option);
      input.focus();
    });

    select.addEventListener("change", restore);
    select.addEventListener("focus", function () { input.focus(); });
    if (select.form) select.form.addEventListener("reset", function () { setTimeout(restore, 0); });
    // Browsers may put the form's values back without telling anyone.
    window.addEventListener("pageshow", restore);
    restore();
    if (document.activeElement === select) input.focus();
  }

  document.querySelectorAll("select[data-type-ahead]").forEach(enhance);
})();
