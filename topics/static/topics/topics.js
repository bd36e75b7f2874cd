/* What the page does without this, it does here without reloading: the same requests to the same
   addresses, and of the page that comes back only the parts that may differ are put in place. */
"use strict";

const PARTS = ["messages", "create", "which", "summary", "results", "aside"];
const SEARCH_PAUSE_MS = 250;
const SUCCESS_SHOWN_MS = 8000;

let latest = new AbortController();

/* Fetch a page; of several requests for the list only the last one counts. */
async function fetchPage(address, options = {}) {
  latest.abort();
  latest = new AbortController();
  const response = await fetch(address, { ...options, signal: options.method ? null : latest.signal });
  if (!response.ok) throw new Error(response.statusText);
  const page = new DOMParser().parseFromString(await response.text(), "text/html");
  if (!page.getElementById("results")) location.assign(response.url); // the session has ended
  return { page, address: response.url };
}

function show(page, parts) {
  for (const id of parts) {
    const here = document.getElementById(id);
    const there = page.getElementById(id);
    if (here && there) here.replaceChildren(...there.childNodes);
  }
  revealCancel();
  clearTimeout(fading);
  fading = setTimeout(clearSuccess, SUCCESS_SHOWN_MS);
}

/* The button tells as much, and the message lies over the list. Errors stay. */
let fading;
function clearSuccess() {
  for (const message of document.querySelectorAll(".message.success")) message.remove();
}

function tellFailure() {
  const messages = document.getElementById("messages");
  const text = document.createElement("p");
  text.className = "message error";
  text.textContent = messages.dataset.failed;
  messages.replaceChildren(text);
}

/* Where the reader was: the same control if it is still there, else the heading. */
function focusAgain(id) {
  const control = (id && document.getElementById(id)) || document.getElementById("heading");
  control.focus({ preventScroll: true });
}

async function send(form) {
  const focused = document.activeElement?.id;
  const results = document.getElementById("results");
  results.setAttribute("aria-busy", "true");
  try {
    const { page } = await fetchPage(form.action, { method: "POST", body: new FormData(form) });
    show(page, PARTS);
    focusAgain(form.id === "create" ? "name" : focused);
  } catch {
    tellFailure();
  } finally {
    results.removeAttribute("aria-busy");
  }
}

async function search(form) {
  const address = `${form.action}?${new URLSearchParams(new FormData(form))}`;
  try {
    const { page } = await fetchPage(address);
    show(page, ["summary", "results"]);
    history.replaceState(null, "", address);
  } catch (error) {
    if (error.name !== "AbortError") tellFailure();
  }
}

function revealCancel() {
  for (const button of document.querySelectorAll("[data-cancel]")) button.hidden = false;
}

function closeConfirmations(except) {
  for (const details of document.querySelectorAll("details[open]")) {
    if (!details.contains(except)) details.open = false;
  }
}

function cancel(details) {
  details.open = false;
  details.querySelector("summary").focus();
}

document.addEventListener("submit", (event) => {
  const form = event.target;
  if (form.id === "search") {
    event.preventDefault();
    search(form);
  } else if ("quiet" in form.dataset) {
    event.preventDefault();
    send(form);
  }
});

let pause;
document.addEventListener("input", (event) => {
  if (event.target.id !== "search-text") return;
  clearTimeout(pause);
  pause = setTimeout(() => search(event.target.form), SEARCH_PAUSE_MS);
});

document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-cancel]");
  if (button) cancel(button.closest("details"));
  closeConfirmations(event.target);
});

document.addEventListener("keydown", (event) => {
  const open = event.key === "Escape" && document.querySelector("details[open]");
  if (open) cancel(open);
});

revealCancel();
