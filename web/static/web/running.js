// Keeps the progress of what runs up to date. Without it the page shows what was when it was opened.
"use strict";

const EVERY_MS = 1000;

function runs() {
  return document.querySelector("[data-live][data-running]") !== null;
}

async function update() {
  const response = await fetch(location.href);
  if (response.ok) {
    const page = new DOMParser().parseFromString(await response.text(), "text/html");
    for (const element of document.querySelectorAll("[data-live]")) {
      const now = page.querySelector(`[data-live="${element.dataset.live}"]`);
      if (now) {
        element.replaceWith(now);
      }
    }
  }
}

async function follow() {
  try {
    await update();
  } finally {
    schedule(); // also after a failure, such as that of the network
  }
}

function schedule() {
  if (runs()) {
    setTimeout(follow, EVERY_MS);
  }
}

schedule();
