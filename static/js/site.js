// Small kindnesses for pages that are complete without them.
(function () {
  "use strict";

  var summary = document.querySelector("[data-error-summary]");
  if (summary) summary.focus();

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
