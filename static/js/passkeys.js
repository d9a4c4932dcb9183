// A passkey is made, or asked for, when its form is sent; what it answered goes along in a field.
(function () {
  "use strict";

  var form = document.querySelector("form[data-passkey]"), api = window.PublicKeyCredential;
  if (!form || !api || !api.parseRequestOptionsFromJSON || !api.parseCreationOptionsFromJSON) return;

  document.querySelectorAll("[data-passkey-unknown]").forEach(function (text) { text.hidden = true; });
  document.querySelectorAll("[data-passkey-or]").forEach(function (text) { text.hidden = false; });
  form.hidden = false;

  var failed = form.querySelector("[data-passkey-failed]"), button = form.querySelector("button");
  var options = JSON.parse(atob(form.dataset.options)), makes = form.dataset.passkey === "create";

  form.addEventListener("submit", function (event) {
    event.preventDefault();
    failed.hidden = true;
    button.disabled = true;
    var asked = makes
      ? navigator.credentials.create({ publicKey: api.parseCreationOptionsFromJSON(options) })
      : navigator.credentials.get({ publicKey: api.parseRequestOptionsFromJSON(options) });
    asked.then(function (credential) {
      form.elements.answer.value = JSON.stringify(credential.toJSON());
      form.submit();
    }).catch(function () {
      failed.hidden = false;
      button.disabled = false;
    });
  });
})();
