// Requests the examples of the start page and shows how the cache answered; shows the state of the parts.
const shownAnswers = 5;

async function tryOut(button) {
  const output = document.querySelector(`output[data-path="${CSS.escape(button.dataset.path)}"]`);
  const began = performance.now();
  const answer = await fetch(button.dataset.path, { headers: { Accept: "application/json" }, credentials: "omit", cache: "no-store" });
  await answer.arrayBuffer();
  const milliseconds = (performance.now() - began).toFixed(1);
  const chip = document.createElement("span");
  const word = answer.ok ? answer.headers.get("X-Cache") : String(answer.status);
  chip.className = `chip ${answer.ok ? word.toLowerCase() : "refused"}`;
  chip.textContent = `${word} · ${milliseconds} ms`;
  output.append(chip);
  while (output.children.length > shownAnswers) output.firstChild.remove();
}

async function showState() {
  const answer = await fetch("/health/ready", { headers: { Accept: "application/json" }, cache: "no-store" });
  const { checks } = await answer.json();
  document.getElementById("state").replaceChildren(
    ...Object.entries(checks).map(([part, state]) => {
      const row = document.createElement("li");
      row.append(`${part} `);
      const chip = document.createElement("span");
      chip.className = `chip ${state === "ok" ? "hit" : "bypass"}`;
      chip.textContent = state;
      row.append(chip);
      return row;
    }),
  );
}

for (const button of document.querySelectorAll("button.try")) {
  button.hidden = false;
  button.addEventListener("click", () => tryOut(button));
}
showState();
