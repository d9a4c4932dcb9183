// Small kindnesses for pages that are complete without them.
(function () {
  "use strict";

  var summary = document.querySelector("[data-error-summary]");
  if (summary) summary.focus();

  // The back button fetches a form anew, and the browser fills in what was typed, but not the one-time key by which
  // the server knows that it is the same form.
  var key = document.querySelector("input[name=form_key]");
  if (key && history.state && history.state.formKey) key.value = history.state.formKey;
  else if (key) history.replaceState({ formKey: key.value }, "");

  // Whoever handed a registration over can take it back until it is opened: this says that it is.
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

  // The back button may bring the page back as it was left, with the button still resting.
  window.addEventListener("pageshow", function () {
    document.querySelectorAll("form[data-once]").forEach(release);
  });
})();
