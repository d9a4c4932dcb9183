// Turns select[data-type-ahead] into a combobox with a list (ARIA 1.2). The select stays in the form,
// out of sight, and is the only one with the value, so nothing is missing without this script.
(function () {
  "use strict";

  // Letters that Unicode does not take apart, and words that are written in two ways.
  var LETTERS = { "ı": "i", "ø": "o", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "ß": "ss", "æ": "ae", "œ": "oe", "ə": "a" };
  var WORDS = { saint: "st", sainte: "st" };

  function words(text) {
    return text.toLowerCase().normalize("NFD").replace(/\p{M}/gu, "").replace(/[ıøłđðþßæœə]/g, function (letter) {
      return LETTERS[letter];
    }).replace(/&/g, " and ").replace(/\./g, "").split(/[^\p{L}\p{N}]+/u).filter(Boolean).map(function (word) {
      return WORDS[word] || word;
    }).filter(function (word, index, all) {
      return word !== "the" || all.length === 1;
    });
  }

  function plain(text) {
    return words(text).join(" ");
  }

  // While a finger or a button is down, nothing may move: the click would miss its target.
  var pressed = false;
  document.addEventListener("pointerdown", function () { pressed = true; }, true);
  ["pointerup", "pointercancel"].forEach(function (name) {
    document.addEventListener(name, function () { pressed = false; }, true);
  });

  function atRest(act) {
    if (!pressed) act();
    else document.addEventListener("pointerup", function () { setTimeout(act, 0); }, { once: true });
  }

  function enhance(select) {
    var id = select.id;
    var label = id && document.querySelector('label[for="' + CSS.escape(id) + '"]');
    if (!label || select.multiple || select.disabled) return;

    var choices = Array.from(select.options).filter(function (option) {
      return option.value !== "";
    }).map(function (option) {
      var others = (option.dataset.alias || "").split("|").filter(Boolean);
      return {
        option: option,
        text: option.text.trim(),
        // The displayed name comes first.
        names: [option.text].concat(others).map(function (name) { return { plain: plain(name), words: words(name) }; }),
        codes: (option.value + " " + (option.dataset.code || "")).toLowerCase().split(" ")
      };
    });
    var mayBeEmpty = choices.length < select.options.length;
    var resultsText = select.dataset.results;
    var noneText = select.dataset.none;
    var unmatchedText = select.dataset.unmatched;

    var box = document.createElement("div");
    var input = document.createElement("input");
    var list = document.createElement("ul");
    var told = document.createElement("div");
    var problem = document.createElement("div");
    var shown = [];
    var active = -1;
    // The text in the input is not in the list.
    var unmatched = false;

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
    // While empty it describes nothing; it is there from the start, so that later changes are read out.
    problem.id = id + "-unmatched";
    problem.className = "combobox-problem";
    problem.setAttribute("role", "status");
    input.setAttribute("aria-describedby", ((input.getAttribute("aria-describedby") || "") + " " + problem.id).trim());
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
    list.setAttribute("aria-label", select.dataset.choices);
    told.className = "visually-hidden";
    told.setAttribute("role", "status");

    box.className = "combobox";
    select.before(box);
    box.append(input, list, told, select);
    box.after(problem);
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
      setUnmatched(false);
    }

    function setUnmatched(now) {
      if (now) input.setAttribute("aria-invalid", "true");
      else if (unmatched) input.removeAttribute("aria-invalid");
      unmatched = now;
      if (now || problem.textContent) atRest(function () { problem.textContent = unmatched ? unmatchedText : ""; });
    }

    function isName(choice, text) {
      return choice.names.some(function (name) { return name.plain === text; });
    }

    // How well a choice fits what is typed: 0 = by a name, 1 = by a code, up to 4; 5 = not at all.
    function distance(choice, text, asked) {
      if (isName(choice, text)) return 0;
      if (choice.codes.includes(text)) return 1;
      if (choice.names[0].plain.startsWith(text)) return 2;
      if (choice.names.some(function (name) { return name.plain.startsWith(text); })) return 3;
      return choice.names.some(function (name) {
        return asked.every(function (part) {
          return name.words.some(function (word) { return word.startsWith(part); });
        });
      }) ? 4 : 5;
    }

    function matches(text) {
      var asked = words(text);
      if (!asked.length) return choices;
      return choices.map(function (choice) {
        return { choice: choice, distance: distance(choice, asked.join(" "), asked) };
      }).filter(function (found) {
        return found.distance < 5;
      }).sort(function (a, b) {
        return a.distance - b.distance;
      }).map(function (found) {
        return found.choice;
      });
    }

    // Typed text is accepted without asking only if it is unambiguous: the beginning of one name may be meant
    // for a country that is called differently here, and a code for the beginning of a name.
    function meant(text) {
      var found = matches(text);
      var named = found.filter(function (choice) { return isName(choice, plain(text)); });
      if (named.length) return named.length === 1 ? named[0] : null;
      return found.length === 1 && found[0].codes.includes(plain(text)) ? found[0] : null;
    }

    // On a phone the keyboard covers the lower half, and with it the list.
    function reveal() {
      if (list.hidden) return;
      var view = window.visualViewport;
      var end = view ? view.offsetTop + view.height : window.innerHeight;
      if (list.getBoundingClientRect().bottom > end) input.scrollIntoView({ block: "start" });
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
      reveal();
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
      var choice = text ? meant(input.value) : null;
      if (text === plain(chosenText())) {
        restore();
      } else if (choice) {
        take(choice.option);
      } else if (text === "" && mayBeEmpty) {
        take(Array.from(select.options).find(function (option) { return option.value === ""; }));
      } else if (text === "") {
        restore();
      } else {
        var changed = select.value !== "";
        setUnmatched(true);
        select.value = "";
        if (changed) select.dispatchEvent(new Event("change", { bubbles: true }));
      }
      close();
      told.textContent = "";
    }

    input.addEventListener("input", function () {
      setUnmatched(false);
      open(input.value);
    });
    input.addEventListener("click", function () {
      if (list.hidden) {
        open(unmatched ? input.value : "");
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
        else if (shown.length === 1) take(shown[0].option);
        else settle();
      } else if (event.key === "Enter") {
        var known = unmatched;
        settle();
        if (unmatched && !known) event.preventDefault();
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

    function follow() {
      if (select.value !== "" || !unmatched) restore();
    }

    select.addEventListener("change", follow);
    select.addEventListener("focus", function () { input.focus(); });
    if (select.form) {
      select.form.addEventListener("reset", function () { setTimeout(restore, 0); });
      // What is not in the list is sent as it stands there: the answer says so and still has it.
      select.form.addEventListener("formdata", function (event) {
        if (unmatched) event.formData.set(select.name, input.value);
      });
    }
    // Browsers may restore the form's values without an event.
    window.addEventListener("pageshow", follow);
    if (window.visualViewport) window.visualViewport.addEventListener("resize", reveal);
    restore();
    if (select.dataset.typed) {
      // The page already says what is wrong with it.
      input.value = select.dataset.typed;
      unmatched = true;
    }
    if (document.activeElement === select) input.focus();
  }

  document.querySelectorAll("select[data-type-ahead]").forEach(enhance);
})();
