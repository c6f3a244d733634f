// Comfort on top of pages that work without it: dialogs, rows that open, keys, one submit.
"use strict";

const all = (selector, root = document) => [...root.querySelectorAll(selector)];

// A link or button with data-dialog opens that dialog; without script it is a page or a form.
function openDialog(dialog, opener) {
  dialog.showModal();
  const first = dialog.querySelector("[data-first]:not(:disabled)")
    || dialog.querySelector("select, input:not([type=hidden], :disabled), a, button");
  if (first) first.focus();
  dialog.addEventListener("close", () => opener && opener.focus(), { once: true });
}

document.addEventListener("click", (event) => {
  const opener = event.target.closest("[data-dialog]");
  if (opener) {
    const dialog = document.getElementById(opener.dataset.dialog);
    if (dialog) {
      event.preventDefault();
      openDialog(dialog, opener);
    }
  }
  const closer = event.target.closest("[data-close]");
  if (closer && closer.closest("dialog")) {
    event.preventDefault();
    closer.closest("dialog").close();
  }
  const copier = event.target.closest("[data-copy]");
  if (copier) {
    const field = document.getElementById(copier.dataset.copy);
    field.select();
    navigator.clipboard.writeText(field.value).then(() => { copier.textContent = "Copied"; });
  }
  if (event.target.closest("[data-print]")) window.print();
  const ticker = event.target.closest("[data-tick]");
  if (ticker) {
    const every = ticker.dataset.to === "all";
    all(`input[name="${ticker.dataset.tick}"]`).forEach((box) => { box.checked = every; });
    chooseSome(ticker.form, !every);
  }
  const opens = event.target.closest("[data-sections]");
  if (opens) {
    const open = opens.dataset.sections === "open";
    all("details.section").forEach((section) => { section.open = open; });
  }
  all("details.menu[open]").forEach((menu) => { if (!menu.contains(event.target)) menu.open = false; });
});

// UPDATE STATUS below a draft: Draft asks for another status, the others for a confirmation.
document.addEventListener("submit", (event) => {
  const form = event.target;
  if (form.matches("[data-confirm-status]") && !form.closest("dialog")) {
    const chosen = form.querySelector("select").value;
    const dialog = document.getElementById("confirm-status");
    if (chosen !== "Draft" && dialog) {
      event.preventDefault();
      dialog.querySelector("[name=to]").value = chosen;
      dialog.querySelector("[data-chosen]").textContent = chosen;
      openDialog(dialog, form.querySelector("button"));
      return;
    }
  }
  if (form.dataset.sent) { event.preventDefault(); return; }
  if (form.method === "post") {
    form.dataset.sent = "1";
    all("button", form).forEach((button) => button.setAttribute("aria-disabled", "true"));
  }
});
window.addEventListener("pageshow", () => {
  all("form[data-sent]").forEach((form) => {
    delete form.dataset.sent;
    all("button", form).forEach((button) => button.removeAttribute("aria-disabled"));
  });
});

// Generate: a tick that is changed means "only the customers ticked"; all of them need no list.
function chooseSome(form, some) {
  if (form && form.matches("[data-choose]")) form.querySelector(`input[name=some][value="${some ? 1 : ""}"]`).checked = true;
}
document.addEventListener("change", (event) => {
  if (event.target.name === "customer" && event.target.type === "checkbox") chooseSome(event.target.form, true);
});
document.addEventListener("formdata", (event) => {
  if (event.target.matches("[data-choose]") && !event.formData.get("some")) event.formData.delete("customer");
});

// Sections stay as one left them, document by document.
const remembered = document.querySelector("[data-remember]");
if (remembered) {
  const key = `sections:${location.pathname}`;
  const sections = all("details.section", remembered);
  const open = sessionStorage.getItem(key);
  if (open) sections.forEach((section, index) => { section.open = open[index] === "1"; });
  sections.forEach((section) => section.addEventListener("toggle", () => {
    sessionStorage.setItem(key, sections.map((each) => (each.open ? "1" : "0")).join(""));
  }));
}

// Fields that one status of the dialog asks for.
function showAsked(select) {
  all("[data-for]", select.form).forEach((part) => {
    const asked = part.dataset.for.split(",").includes(select.value);
    part.hidden = !asked;
    all("[data-required]", part).forEach((input) => { input.required = asked; });
  });
}
document.addEventListener("change", (event) => {
  if (event.target.matches("select[data-asks]")) showAsked(event.target);
});
all("select[data-asks]").forEach(showAsked);

// Rows: a double-click or Enter opens what the row's link opens; arrows move.
document.addEventListener("dblclick", (event) => {
  const row = event.target.closest("tr[data-open]");
  if (row && !event.target.closest("a, button, input, select")) window.location = row.dataset.open;
});
const reachRows = () => all("table").forEach((table) => {
  const rows = all("tr[data-open]", table);
  if (!rows.some((row) => row.tabIndex === 0)) rows.forEach((row, index) => { row.tabIndex = index ? -1 : 0; });
});
reachRows();
document.addEventListener("keydown", (event) => {
  const button = event.target.closest("a[role=button]");
  if (button && event.key === " ") { event.preventDefault(); button.click(); }
  const row = event.target.closest("tr[data-open]");
  if (row && event.target === row) {
    const rows = all("tr[data-open]", row.closest("table"));
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key] || 0;
    const next = step && rows[rows.indexOf(row) + step];
    if (event.key === "Enter") window.location = row.dataset.open;
    if (next) {
      event.preventDefault();
      row.tabIndex = -1;
      next.tabIndex = 0;
      next.focus();
    }
  }
  if (event.key === "Escape") {
    all("details.menu[open]").forEach((menu) => { menu.open = false; menu.querySelector("summary").focus(); });
  }
  const typing = event.target.closest("input, select, textarea, dialog");
  if (event.key === "/" && !typing && !event.ctrlKey && !event.metaKey) {
    const search = document.getElementById("search");
    if (search) { event.preventDefault(); search.focus(); }
  }
});

// An error summary takes the focus, so that it is read first.
const summary = document.querySelector("[data-errors]");
if (summary) summary.focus();

// A run under way: ask again until it says that it is done.
const watched = document.querySelector("[data-watch]");
if (watched) {
  const again = async () => {
    const answer = await fetch(watched.dataset.watch, { headers: { "HX-Request": "true" } }).catch(() => null);
    if (answer && answer.ok) { watched.innerHTML = await answer.text(); reachRows(); }
    if (!watched.querySelector("[data-done]")) setTimeout(again, 2000);
  };
  if (!watched.querySelector("[data-done]")) setTimeout(again, 2000);
}
