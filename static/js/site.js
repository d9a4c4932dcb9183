// Small kindnesses for pages that are complete without them.
(function () {
  "use strict";

  var summary = document.querySelector("[data-error-summary]");
  if (summary) summary.focus();

  // The back button fetches a form again, and the browser fills in what was typed, but not the one-time key by which
  // the server knows that it is the same form, nor what it was opened with. Any other visit begins a new form.
  var visit = performance.getEntriesByType("navigation")[0];
  var wasHere = visit && visit.type === "back_forward" && history.state && history.state.hidden;
  var hidden = document.querySelectorAll("input[name=form_key], input[name=opened_with]");
  if (wasHere && wasHere.length === hidden.length) hidden.forEach(function (field, i) { field.value = wasHere[i]; });
  else if (hidden.length) {
    history.replaceState({ hidden: Array.from(hidden, function (field) { return field.value; }) }, "");
  }

  // What was typed before signing in again is one button away; on coming back to that page, the reader wants to stay.
  var goOn = document.querySelector("form[data-go-on]");
  if (goOn && visit && visit.type === "navigate") goOn.submit();

  // Anyone who leaves a form by one of its links, or closes the page, is asked first if something was typed: into a
  // form of any length.
  var FEW_LINES = 3;
  function isLong(form) {
    return form.querySelector("textarea") || form.querySelectorAll("input[type=text]").length > FEW_LINES;
  }
  function isChanged(field) {
    if (field.type === "checkbox" || field.type === "radio") return field.checked !== field.defaultChecked;
    if (!field.name || field.type === "hidden") return false;
    if (!field.options) return "defaultValue" in field && field.value !== field.defaultValue;
    return Array.from(field.options).some(function (option) { return option.selected && !option.defaultSelected; }) &&
      field.selectedIndex > 0;
  }
  var isSent = false;
  document.addEventListener("submit", function (event) { isSent = !event.defaultPrevented; });
  window.addEventListener("pageshow", function () { isSent = false; });
  window.addEventListener("beforeunload", function (event) {
    if (isSent) return;
    var forms = Array.from(document.querySelectorAll("form[data-once]"));
    if (forms.some(function (form) {
      return isLong(form) && (summary || Array.from(form.elements).some(isChanged));
    })) event.preventDefault();
  });

  // "Did you mean ana@gmail.com?" The rule and the list are those of web/likely_meant.py.
  function isOneSlip(typed, meant) {
    var begin = 0, end = 0, shorter = Math.min(typed.length, meant.length);
    while (begin < shorter && typed[begin] === meant[begin]) begin++;
    while (end < shorter - begin && typed[typed.length - 1 - end] === meant[meant.length - 1 - end]) end++;
    var there = typed.slice(begin, typed.length - end), instead = meant.slice(begin, meant.length - end);
    return Math.max(there.length, instead.length) < 2
      || (there.length === 2 && instead.length === 2 && there[0] === instead[1] && there[1] === instead[0]);
  }

  document.querySelectorAll("[data-meant-for]").forEach(function (question) {
    var field = document.getElementById(question.dataset.meantFor), domains = question.dataset.domains.split(" ");
    field.addEventListener("change", function () {
      var typed = field.value.trim(), at = typed.lastIndexOf("@") + 1, domain = typed.slice(at).toLowerCase();
      var meant = at && !domains.includes(domain) && domains.find(function (known) { return isOneSlip(domain, known); });
      question.textContent = "";
      if (!meant) return;
      var button = document.createElement("button");
      button.type = "button";
      button.textContent = question.dataset.ask.replace("{address}", typed.slice(0, at) + meant);
      button.addEventListener("click", function () {
        field.value = typed.slice(0, at) + meant;
        question.textContent = "";
        field.focus();
      });
      question.appendChild(button);
    });
  });

  // The person who handed over a registration can take it back until it is opened: this reports that it is.
  var opened = document.querySelector("form[data-opened]");
  if (opened) {
    fetch(opened.action, { method: "POST", body: new FormData(opened), redirect: "manual" }).then(function () {
      opened.querySelector("button").hidden = true;
    });
  }

  var REST_MS = 5000;

  function release(form) {
    form.querySelectorAll("[data-resting]").forEach(function (button) {
      button.disabled = false;
      button.removeAttribute("data-resting");
    });
  }

  document.addEventListener("submit", function (event) {
    var form = event.target;
    if (!form.matches("form[data-once]") || event.defaultPrevented) return;
    // A preview opens in another tab; the form stays in use.
    if (event.submitter && event.submitter.formTarget === "_blank") return;
    // Only after the browser has collected the values: a disabled button would not send its own.
    setTimeout(function () {
      form.querySelectorAll("button:not([type=button]):not([type=reset]), input[type=submit]").forEach(function (button) {
        if (button.disabled) return;
        button.disabled = true;
        button.setAttribute("data-resting", "");
      });
    }, 0);
    setTimeout(function () { release(form); }, REST_MS);
  });

  // The back button may bring the page back as it was left, with the button still disabled.
  window.addEventListener("pageshow", function () {
    document.querySelectorAll("form[data-once]").forEach(release);
  });
})();
