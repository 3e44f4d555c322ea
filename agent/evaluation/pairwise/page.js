"use strict";
const { page, cases } = JSON.parse(document.getElementById("data").textContent);
const place = (id) => document.getElementById(id);
const key = `plumbline-votes-${page}`;
const buttons = [...document.querySelectorAll("[data-vote]")];
const keys = { 1: "left", 2: "right", 0: "tie" };
let votes = kept();
let current = Math.max(0, cases.findIndex((one) => !votes.has(one.id)));

/* A browser may refuse storage to a file, and what is stored may be damaged: then the votes live in the page. */
function kept() {
  try {
    const known = new Set(cases.map((one) => one.id));
    const stored = JSON.parse(localStorage.getItem(key) ?? "[]");
    return new Map(stored.filter(([id, vote]) => known.has(id) && Object.values(keys).includes(vote)));
  } catch {
    return new Map();
  }
}

function keep() {
  try {
    localStorage.setItem(key, JSON.stringify([...votes]));
  } catch {
    place("unkept").hidden = false;
  }
}

function show() {
  const one = cases[current];
  place("progress").textContent = one ? `${current + 1} of ${cases.length} · ${votes.size} voted` : "All answers are the same.";
  place("voting").hidden = !one;
  place("back").disabled = !one || current === 0;
  place("forward").disabled = !one || current === cases.length - 1;
  place("save").disabled = votes.size === 0;
  if (!one) return;
  place("history").replaceChildren(...one.history.map((text) => Object.assign(document.createElement("li"), { textContent: text })));
  place("history").hidden = one.history.length === 0;
  place("known").hidden = !one.expected;
  for (const name of ["question", "expected", "left", "right"]) place(name).textContent = one[name];
  for (const button of buttons) button.setAttribute("aria-pressed", String(votes.get(one.id) === button.dataset.vote));
}

function go(step) {
  current = Math.min(Math.max(current + step, 0), cases.length - 1);
  show();
  place("question").focus();
}

function vote(side) {
  if (!cases.length) return;
  votes.set(cases[current].id, side);
  keep();
  go(1);
}

function save() {
  const lines = [...votes].map(([id, side]) => `${JSON.stringify({ page, case: id, vote: side })}\n`);
  const address = URL.createObjectURL(new Blob(lines, { type: "application/jsonl" }));
  Object.assign(document.createElement("a"), { href: address, download: "votes.jsonl" }).click();
  setTimeout(() => URL.revokeObjectURL(address), 10_000);
}

for (const button of buttons) button.addEventListener("click", () => vote(button.dataset.vote));
place("back").addEventListener("click", () => go(-1));
place("forward").addEventListener("click", () => go(1));
place("save").addEventListener("click", save);
document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.repeat) return;
  if (event.key in keys) vote(keys[event.key]);
  else if (event.key === "ArrowLeft" && current > 0) go(-1);
  else if (event.key === "ArrowRight" && current < cases.length - 1) go(1);
});
show();
