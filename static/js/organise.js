// What makes organisers' lists quicker. They are complete without it.
(function () {
  "use strict";

  var KEPT_OPEN = "kept-open", PICKED = "picked:" + location.pathname, NO_KEYS = "no-keys";

  function kept(name) {
    try { return JSON.parse(sessionStorage.getItem(name)); } catch { return null; }
  }
  function keep(name, value) {
    if (value) sessionStorage.setItem(name, JSON.stringify(value));
    else sessionStorage.removeItem(name);
  }

  // Filters apply as soon as one is set; the panel stays open, and what was set has the focus again.
  document.querySelectorAll("form[data-at-once]").forEach(function (form) {
    form.querySelectorAll(".menu-panel [type=submit]").forEach(function (button) { button.hidden = true; });
    function apply(field) {
      keep(KEPT_OPEN, { id: field.id, open: Boolean(field.closest("details")) });
      form.requestSubmit();
    }
    // A day changes with each figure of its year that is typed: it is set once one leaves it.
    var day = null;
    form.addEventListener("change", function (event) {
      if (event.target.type === "date") day = event.target;
      else if (event.target.type !== "search") apply(event.target);
    });
    form.addEventListener("focusout", function (event) {
      if (event.target === day) apply(day);
    });
  });
  var before = kept(KEPT_OPEN), field = before && document.getElementById(before.id);
  keep(KEPT_OPEN, null);
  if (field) {
    if (before.open) field.closest("details").open = true;
    field.focus();
  }

  // A menu closes when one turns to something else.
  document.addEventListener("click", function (event) {
    document.querySelectorAll("details.menu[open]").forEach(function (menu) {
      if (!menu.contains(event.target)) menu.open = false;
    });
  });
  document.addEventListener("keydown", function (event) {
    var menu = event.key === "Escape" && document.querySelector("details.menu[open]");
    if (!menu) return;
    menu.open = false;
    menu.querySelector("summary").focus();
  });

  // Who is picked is kept over the pages of one list, and counted.
  var picking = document.querySelector("form.picking:has(.picked)");
  if (picking) {
    var bar = picking.querySelector(".picked"), all = picking.elements.all || {};
    var boxes = Array.from(picking.querySelectorAll(".pick")), last = null, done = document.querySelector(".notice-success");
    var stored = done ? null : kept(PICKED);
    var chosen = new Set(stored && stored.list === picking.dataset.list ? stored.picks : []);
    new URLSearchParams(location.search).getAll("pick").forEach(function (one) { chosen.add(one); });
    boxes.forEach(function (box) { box.checked = chosen.has(box.value); });
    picking.querySelectorAll("[data-without-script]").forEach(function (part) { part.hidden = true; });

    var show = function () {
      boxes.forEach(function (box) {
        if (box.checked) chosen.add(box.value);
        else chosen.delete(box.value);
      });
      keep(PICKED, chosen.size && { list: picking.dataset.list, picks: Array.from(chosen) });
      var some = chosen.size > 0 || all.checked, number = bar.querySelector("[data-number]");
      bar.hidden = !some;
      bar.classList.toggle("some", some);
      number.hidden = bar.querySelector("[data-none]").hidden = !chosen.size || all.checked;
      number.textContent = bar.dataset.selected.replace("{n}", chosen.size);
    };
    var pick = function (which, value) {
      which.forEach(function (box) { box.checked = value; });
      show();
    };

    picking.addEventListener("click", function (event) {
      var box = event.target;
      if (!boxes.includes(box)) return;
      if (event.shiftKey && last) {
        var ends = [boxes.indexOf(last), boxes.indexOf(box)].sort(function (a, b) { return a - b; });
        pick(boxes.slice(ends[0], ends[1] + 1), box.checked);
      }
      last = box;
    });
    picking.addEventListener("change", show);
    bar.querySelector("[data-none]").addEventListener("click", function () {
      chosen.clear();
      pick(boxes, false);
    });
    var picks = document.querySelector("[data-picks]");
    picks.hidden = false;
    picks.addEventListener("click", function (event) {
      if (event.target.dataset.pick === "all") {
        all.checked = !all.checked;
        show();
      } else if (event.target.dataset.pick === "page") pick(boxes, !boxes.every(function (box) { return box.checked; }));
    });
    picking.addEventListener("submit", function () {
      var here = new Set(boxes.map(function (box) { return box.value; }));
      picking.querySelectorAll("[data-elsewhere]").forEach(function (field) { field.remove(); });
      chosen.forEach(function (one) {
        if (here.has(one)) return;
        var field = document.createElement("input");
        field.type = "hidden";
        field.name = "pick";
        field.value = one;
        field.setAttribute("data-elsewhere", "");
        picking.appendChild(field);
      });
    });
    window.addEventListener("pageshow", show);
    show();
  }

  // Keys: "/" to the search, j and k through the rows or to the next and the previous page of their kind.
  var rows = Array.from(document.querySelectorAll(".rows tbody th a:first-of-type, .door h2 a"));
  var keys = document.querySelector("[data-keys]");
  if (keys) {
    var isOff = function () { return localStorage.getItem(NO_KEYS) === "1"; };
    var say = function () {
      keys.hidden = false;
      keys.querySelectorAll("[data-when]").forEach(function (part) {
        part.hidden = (part.dataset.when === "off") !== isOff();
      });
    };
    keys.addEventListener("click", function (event) {
      if (event.target.tagName !== "BUTTON") return;
      if (isOff()) localStorage.removeItem(NO_KEYS);
      else localStorage.setItem(NO_KEYS, "1");
      say();
      keys.querySelector("button:not([hidden] *)").focus();
    });
    say();
    document.addEventListener("keydown", function (event) {
      if (isOff() || event.ctrlKey || event.metaKey || event.altKey) return;
      if (event.target.closest("input:not([type=checkbox]), textarea, select, [contenteditable]")) return;
      var search = document.querySelector("main input[type=search]");
      var step = { j: 1, k: -1 }[event.key], link = step && document.querySelector("a[data-key=" + event.key + "]");
      if (event.key === "/" && search) {
        search.focus();
        search.select();
      } else if (link) link.click();
      else if (step && rows.length) {
        var at = rows.findIndex(function (row) { return row.closest("tr").contains(document.activeElement); });
        var next = rows[Math.max(0, Math.min(rows.length - 1, at + step))];
        next.focus();
        next.closest("tr").scrollIntoView({ block: "nearest" });
      } else return;
      event.preventDefault();
    });
  }
})();
