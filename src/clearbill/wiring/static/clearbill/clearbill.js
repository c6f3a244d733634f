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

// What is typed beside a draft and not saved would be lost by any other form of the page.
const typedIn = (form) => new URLSearchParams(new FormData(form)).toString();
all("form[data-unsaved]").forEach((form) => { form.saved = "typed" in form.dataset ? "" : typedIn(form); });
function heldBack(form) {
  const typed = all("form[data-unsaved]").find((each) => each !== form && typedIn(each) !== each.saved);
  const words = typed?.querySelector("[data-say]");
  if (!words) return false;
  words.closest("details")?.setAttribute("open", "");
  words.hidden = false;
  words.focus();
  return true;
}

document.addEventListener("click", (event) => {
  const opener = event.target.closest("[data-dialog]");
  if (opener) {
    const dialog = document.getElementById(opener.dataset.dialog);
    if (dialog) {
      event.preventDefault();
      if (!heldBack()) openDialog(dialog, opener);
    }
  }
  const closer = event.target.closest("[data-close]");
  if (closer && closer.closest("dialog")) {
    event.preventDefault();
    closer.closest("dialog").close();
  }
  // A link of a dialog to a field of the page below it.
  const link = event.target.closest("dialog a[href*='#']"), field = link && link.pathname === location.pathname && document.getElementById(link.hash.slice(1));
  if (field) {
    event.preventDefault();
    const dialog = link.closest("dialog");
    dialog.addEventListener("close", () => field.focus(), { once: true });
    dialog.close();
  }
  const copier = event.target.closest("[data-copy]");
  if (copier) {
    const field = document.getElementById(copier.dataset.copy);
    field.select();
    navigator.clipboard.writeText(field.value).then(() => { copier.textContent = "Copied"; });
  }
  if (event.target.closest("[data-print]")) window.print();
  const theme = event.target.closest("[data-theme-form] button");
  if (theme) {
    event.preventDefault();
    const age = theme.value ? 31536000 : 0;
    document.cookie = `theme=${theme.value}; path=/; max-age=${age}; samesite=lax${location.protocol === "https:" ? "; secure" : ""}`;
    if (theme.value) document.documentElement.dataset.theme = theme.value;
    else delete document.documentElement.dataset.theme;
    all("[data-theme-form] button").forEach((each) => each.setAttribute("aria-pressed", String(each === theme)));
  }
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
  // A menu closes by what is chosen in it too: a download leaves one on the page.
  all("details.menu[open]").forEach((menu) => { if (!menu.contains(event.target) || event.target.closest("a")) menu.open = false; });
});

// UPDATE STATUS below a draft: Draft asks for another status, the others for a confirmation.
document.addEventListener("submit", (event) => {
  const form = event.target;
  if ((form.method === "post" || form.matches("[data-confirm-status]")) && heldBack(form)) { event.preventDefault(); return; }
  if (form.matches("[data-confirm-status]") && !form.closest("dialog")) {
    const chosen = form.querySelector("select").value;
    const dialog = document.getElementById("confirm-status");
    if (chosen !== "Draft" && dialog) {
      event.preventDefault();
      dialog.querySelector("[name=to]").value = chosen;
      dialog.querySelector("[data-chosen]").textContent = chosen;
      all("[data-for]", dialog).forEach((part) => { part.hidden = part.dataset.for !== chosen; });
      openDialog(dialog, form.querySelector("button"));
      return;
    }
  }
  // A download leaves one on the page, and the form may be sent again.
  if (event.submitter?.matches("[data-download]")) return;
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

document.addEventListener("change", (event) => {
  if (event.target.matches("select[data-submit]")) event.target.form.requestSubmit();
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
    part.classList.remove("later");
    all("[data-required]", part).forEach((input) => { input.required = asked; });
  });
}
document.addEventListener("change", (event) => {
  if (event.target.matches("select[data-asks]")) showAsked(event.target);
});
all("select[data-asks]").forEach(showAsked);

// Ticks: the bar shows what they come to; without a tick there is nothing to do.
function countTicks(form) {
  const ticks = all("input[name=code]", form);
  const ticked = ticks.filter((each) => each.checked).length;
  const every = form.querySelector("input[name=all]");
  const bar = form.querySelector("[data-bulk-bar]");
  bar.hidden = !ticked && !every?.checked;
  bar.classList.remove("later");
  form.querySelector("[data-bulk-count]").textContent = `${every?.checked ? every.value : ticked} selected`;
  const whole = form.querySelector("[data-tick-all]");
  whole.checked = ticked === ticks.length;
  whole.indeterminate = ticked > 0 && ticked < ticks.length;
}
all("form[data-bulk]").forEach((form) => {
  form.addEventListener("change", (event) => {
    const box = event.target, every = form.querySelector("input[name=all]");
    if (box.matches("[data-tick-all]") || (box === every && box.checked)) all("input[name=code]", form).forEach((each) => { each.checked = box.checked; });
    if (box !== every && !box.checked && every) every.checked = false;
    countTicks(form);
  });
  // A browser that goes back restores the ticks after this script has run.
  window.addEventListener("pageshow", () => countTicks(form));
  countTicks(form);
});

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
function onRow(event, row) {
  const rows = all("tr[data-open]", row.closest("table"));
  const here = rows.indexOf(row);
  const to = { ArrowDown: here + 1, ArrowUp: here - 1, Home: 0, End: rows.length - 1 }[event.key];
  if (event.key === "Enter") window.location = row.dataset.open;
  const tick = event.key === " " && row.querySelector("input[name=code]");
  if (tick) { event.preventDefault(); tick.click(); }
  if (rows[to]) {
    event.preventDefault();
    row.tabIndex = -1;
    rows[to].tabIndex = 0;
    rows[to].focus();
  }
}

// Single keys, which one can switch off: they are in the way of those who speak to a computer.
const singleKeys = document.querySelector("[data-single-keys]");
if (singleKeys) {
  singleKeys.checked = localStorage.getItem("single-keys") !== "off";
  singleKeys.addEventListener("change", () => localStorage.setItem("single-keys", singleKeys.checked ? "on" : "off"));
}
function onSingleKey(event) {
  const target = { "/": document.getElementById("search"), "?": document.getElementById("keys") }[event.key];
  if (!target || singleKeys?.checked === false) return;
  event.preventDefault();
  if (target.matches("dialog")) openDialog(target, document.activeElement);
  else target.focus();
}
document.addEventListener("keydown", (event) => {
  const button = event.target.closest("a[role=button]");
  if (button && event.key === " ") { event.preventDefault(); button.click(); }
  if (event.target.matches("tr[data-open]")) onRow(event, event.target);
  if (event.key === "Escape") {
    all("details.menu[open]").forEach((menu) => { menu.open = false; menu.querySelector("summary").focus(); });
  }
  const typing = event.target.closest("input:not([type=checkbox], [type=radio]), select, textarea, dialog");
  if (!typing && !event.ctrlKey && !event.metaKey && !event.altKey) onSingleKey(event);
});

// Tabs that do not fit can be pushed aside: the current one is brought into view.
const currentTab = document.querySelector("nav.tabs [aria-current]");
if (currentTab) currentTab.parentElement.scrollLeft = currentTab.offsetLeft - 48;

// An error summary takes the focus, so that it is read first.
const summary = document.querySelector("[data-errors]");
if (summary) summary.focus();

// A form that shows what it would look like: typed is seen a moment later, and nothing is saved.
all("form[data-preview]").forEach((form) => {
  let timer = 0;
  let turn = 0;
  form.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(async () => {
      const mine = ++turn;
      const typed = new FormData(form);
      typed.set("do", "preview");
      const answer = await fetch(location.href, { method: "POST", body: typed }).catch(() => null);
      const page = answer && new DOMParser().parseFromString(await answer.text(), "text/html");
      const made = page && page.getElementById(form.dataset.preview);
      const place = document.getElementById(form.dataset.preview);
      if (mine === turn && made && place) place.replaceWith(made);
    }, 400);
  });
});

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
