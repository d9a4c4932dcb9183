// Photographs: sent one by one with their progress, looked at with keys and swipes. All pages are complete without.
(function () {
  "use strict";

  // One request for each file, so that one that fails takes no other with it; three at a time.
  var AT_ONCE = 3, PATIENCE_MS = 120000;
  var form = document.querySelector("form[data-uploads]");
  if (form && window.FormData) form.addEventListener("submit", function (event) {
    var files = Array.from(form.querySelector("input[type=file]").files);
    if (!files.length) return;
    event.preventDefault();
    var said = form.querySelector("[data-said]"), list = form.querySelector("[data-list]");
    var bar = form.querySelector("progress"), button = form.querySelector("button[type=submit]");
    var sent = files.map(function () { return 0; }), done = 0, failed = 0, next = 0;
    var total = files.reduce(function (sum, file) { return sum + file.size; }, 0) || 1;
    button.disabled = true;
    bar.hidden = false;
    form.querySelector("[data-look]").hidden = true;
    list.textContent = "";
    var lines = files.map(function (file) {
      var line = document.createElement("li"), name = document.createElement("bdi"), state = document.createElement("span");
      name.textContent = file.name;
      line.append(name, state);
      list.appendChild(line);
      return state;
    });
    function show() {
      bar.value = sent.reduce(function (sum, bytes) { return sum + bytes; }, 0) / total;
      said.textContent = form.dataset.sending.replace("{n}", done).replace("{all}", files.length);
    }
    function tell(number, words, isWrong) {
      lines[number].textContent = words;
      if (isWrong) lines[number].dataset.wrong = "";
    }
    function lose(number) {
      failed++;
      tell(number, form.dataset.failed, true);
    }
    function finish() {
      done++;
      show();
      if (next < files.length) send(next++);
      else if (done === files.length) {
        button.disabled = false;
        window.onbeforeunload = null;
        // The page has the reasons why a file is none as well; what never arrived is named here alone.
        if (!failed) { location.hash = "progress"; location.reload(); }
        else form.querySelector("[data-look]").hidden = false;
      }
    }
    function send(number) {
      var data = new FormData(), request = new XMLHttpRequest();
      Array.from(form.elements).forEach(function (field) {
        if (field.name && field.type !== "file") data.append(field.name, field.value);
      });
      data.append("files", files[number]);
      request.open("POST", form.action);
      request.setRequestHeader("Accept", "application/json");
      request.upload.onprogress = function (event) {
        lines[number].textContent = Math.floor(100 * event.loaded / event.total) + " %";
        sent[number] = files[number].size * event.loaded / event.total;
        show();
      };
      request.onload = function () {
        var wait = Number(request.getResponseHeader("Retry-After")) * 1000;
        if ((request.status === 429 || request.status === 503) && wait) {
          lines[number].textContent = form.dataset.again;
          setTimeout(send, Math.min(wait, PATIENCE_MS), number);
          return;
        }
        var answer = null;
        try { answer = JSON.parse(request.responseText)[0]; } catch (error) { /* A page that says what is wrong. */ }
        sent[number] = files[number].size;
        if (request.status === 200 && answer) tell(number, answer.why || form.dataset.arrived, Boolean(answer.why));
        else lose(number);
        finish();
      };
      request.onerror = function () { lose(number); finish(); };
      request.send(data);
    }
    window.onbeforeunload = function (event) { event.preventDefault(); };
    show();
    for (next = 0; next < Math.min(AT_ONCE, files.length);) send(next++);
  });

  // While pictures are being prepared, how many are left; then the page with them.
  var progress = document.querySelector("[data-progress]");
  if (progress) setInterval(function () {
    fetch(progress.dataset.progress).then(function (answer) { return answer.json(); }).then(function (found) {
      progress.querySelector("[role=status]").textContent = progress.dataset.words.replace("{n}", found.waiting);
      if (!found.waiting && !window.onbeforeunload) location.reload();
    }).catch(function () { /* Asked again in a moment. */ });
  }, 3000);

  // Arrow keys and swipes go where the links before and after go.
  var box = document.querySelector("[data-lightbox]");
  if (!box) return;
  function go(where) {
    var link = document.querySelector("a[rel=" + where + "]");
    if (link) location.href = link.href;
  }
  var isRtl = document.documentElement.dir === "rtl";
  document.addEventListener("keydown", function (event) {
    if (event.altKey || event.ctrlKey || event.metaKey || event.shiftKey) return;
    if (event.key === "ArrowLeft") go(isRtl ? "next" : "prev");
    if (event.key === "ArrowRight") go(isRtl ? "prev" : "next");
  });
  var from = null;
  box.addEventListener("touchstart", function (event) {
    from = event.touches.length === 1 ? event.touches[0] : null;
  }, { passive: true });
  box.addEventListener("touchend", function (event) {
    var to = event.changedTouches[0];
    if (!from || Math.abs(to.clientX - from.clientX) < 60) return;
    // Up and down is scrolling, and with two fingers somebody looks closer.
    if (Math.abs(to.clientY - from.clientY) > 40 || (window.visualViewport && visualViewport.scale > 1.05)) return;
    go((to.clientX < from.clientX) !== isRtl ? "next" : "prev");
  }, { passive: true });
})();
