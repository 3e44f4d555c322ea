/** Every call of a step through a port, as it went out and came back, and what language models were asked and said. */
import { sides } from "./debug_json.js";
import { folding, outcomes, sign, spell, spent, tag } from "./debug_words.js";
import { element } from "./dom.js";

const AT_ONCE = 60;

/** Lists the calls of a step; one of them may be open from the start. */
export function callList(step, opened = null) {
  const list = element("ol", { class: "calls" });
  const fill = (from, to) => list.append(...step.calls.slice(from, to).map((call) => line(call, call.number === opened)));
  const place = step.calls.findIndex((call) => call.number === opened);
  const first = Math.max(AT_ONCE, place + 1);
  fill(0, first);
  if (step.calls.length <= first) return list;
  const all = element("button", { type: "button", class: "tool" }, `${(step.calls.length - first).toLocaleString()} more calls`);
  all.addEventListener("click", () => {
    all.remove();
    fill(first);
    list.children[first].querySelector("summary").focus();
  });
  return element("div", { class: "stack" }, list, all);
}

function line(call, open) {
  const heading = [
    element("span", { class: `port ${call.port}` }),
    element("span", { class: "call-number" }, String(call.number)),
    element("code", {}, `${call.port}.${call.method}`),
    element("span", { class: "call-title" }, call.title),
    call.critical ? tag("Critical path", "note") : null,
    ...outcomes(call),
    element("span", { class: "call-time" }, spell(call.ended_ms - call.started_ms)),
  ];
  const made = folding(heading, () => [...inside(call)], { class: "change", "data-call": call.number, open });
  return element("li", { class: call.within === null ? null : "within" }, made);
}

function* inside(call) {
  const told = [
    call.model,
    spent(call),
    call.within === null ? null : `made by call ${call.within}`,
    `${spell(call.started_ms)} to ${spell(call.ended_ms)}`,
  ];
  yield element("p", { class: "quiet" }, told.filter(Boolean).join(" · "));
  if (call.failure) yield element("p", { class: "failure" }, sign("error"), element("span", {}, element("b", {}, call.failure.type), ` ${call.failure.message}`));
  yield sides([["Request", call.request], ["Response", call.response]]);
}

/** Shows the calls that rendered a prompt; where there are many, the first is open. */
export function prompts(calls) {
  const asked = calls.filter((call) => call.prompt);
  return element("div", { class: "stack" }, ...asked.map((call, place) => prompt(call, place === 0 || asked.length < 4)));
}

function prompt(call, open) {
  const heading = [
    element("code", {}, call.prompt.name),
    call.model && tag(call.model, "note"),
    element("span", { class: "quiet" }, cost(call)),
    ...outcomes(call),
  ];
  return folding(heading, () => [...exchange(call)], { class: "change", open });
}

function cost(call) {
  return [spent(call), spell(call.ended_ms - call.started_ms), call.prompt.hash].filter(Boolean).join(" · ");
}

function* exchange(call) {
  for (const { role, text } of call.prompt.messages) yield message(role, text, "asked");
  if (call.completion !== null) yield message("completion", readable(call.completion), "said");
  if (call.failure) yield element("p", { class: "failure" }, element("b", {}, call.failure.type), ` ${call.failure.message}`);
}

function message(role, text, kind) {
  const words = element("pre", { tabindex: "0", "aria-label": role }, text);
  return element("div", { class: `message ${kind}` }, element("h4", {}, role), words);
}

/** Lays JSON out; everything else stays as it was said. */
function readable(text) {
  try {
    return JSON.stringify(JSON.parse(text), null, 2);
  } catch {
    return text; // models also speak in words
  }
}
