// Shows how far an export has come. Without it the links work and show nothing.
"use strict";

const EVERY_MS = 700;
const shown = document.getElementById("export-progress");

async function follow(address) {
  const response = await fetch(address, { headers: { Accept: "application/json" } });
  const { done, total } = response.ok ? await response.json() : {};
  if (total === undefined || total === null) {
    return false;
  }
  const bar = document.createElement("progress");
  Object.assign(bar, { max: Math.max(total, 1), value: done });
  bar.setAttribute("aria-label", shown.dataset.text);
  shown.replaceChildren(bar, ` ${done.toLocaleString()} / ${total.toLocaleString()} ${shown.dataset.text}`);
  return done >= total;
}

function begin(event) {
  const link = event.currentTarget;
  const address = new URL(link.dataset.address ?? (link.dataset.address = link.href));
  address.pathname += `${crypto.randomUUID ? crypto.randomUUID() : randomId()}/`;
  link.href = address;
  shown.hidden = false;
  const progress = `${address.pathname}progress/`;
  const timer = setInterval(async () => {
    if (await follow(progress)) {
      clearInterval(timer);
    }
  }, EVERY_MS);
}

// crypto.randomUUID exists in secure contexts only.
function randomId() {
  const hex = Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join("-");
}

document.querySelectorAll("[data-export]").forEach((link) => link.addEventListener("click", begin));
