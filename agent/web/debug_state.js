/** What a step changed of the state, and the state before and after it. */
import { differing, sides, tree } from "./debug_json.js";
import { folding, tag } from "./debug_words.js";
import { element } from "./dom.js";

const LOOK = { class: "change" };

export function state(step) {
  const parts = [];
  if (step.payload !== null) parts.push(folding("Given to it instead of the state", () => tree(step.payload, 2), { ...LOOK, open: true }));
  if (step.changes.length === 0) parts.push(element("p", { class: "quiet" }, "The state is the same as before."));
  parts.push(...step.changes.map((change) => changed(change, ["Before", "After"])));
  if (step.update !== null) parts.push(folding("What it wrote", () => tree(step.update), LOOK));
  parts.push(folding("The whole state before", () => tree(step.before), LOOK), folding("The whole state after", () => tree(step.after), LOOK));
  return element("div", { class: "stack" }, ...parts);
}

/** Shows a channel that differs: its lines, or where there are none both values, under their names. */
export function changed({ channel, before, after, lines }, [one, other]) {
  const size = (kind) => lines.filter((line) => line.kind === kind).length;
  const [added, removed] = [size("added"), size("removed")];
  const heading = [element("code", {}, channel), added > 0 ? tag(`+${added}`, "good") : null, removed > 0 ? tag(`−${removed}`, "error") : null];
  return folding(heading, () => (lines.length > 0 ? differing(lines) : sides([[one, before], [other, after]])), { ...LOOK, open: true });
}
