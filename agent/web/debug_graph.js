/** The graph as it was compiled, with the path that the run took. */
import { count, here, spell } from "./debug_words.js";
import { drawn, element } from "./dom.js";

const [WIDE, HIGH] = [106, 38];
const [APART, BETWEEN] = [30, 16];
const MARGIN = 14;
const DEEP = 26;
const ENDS = { __start__: "start", __end__: "end" };
const STATES = { taken: "taken", skipped: "not taken", failed: "failed", paused: "asked back" };

/**
 * Draws the graph.
 *
 * @param address Returns the address of a step. @param open Opens a step. @param chosen Returns the number of
 *   the step that is open.
 */
export function graph({ graph: given, steps }, { address, open, chosen }) {
  const places = new Map(given.nodes.map((node) => [node.id, placed(node, given.nodes)]));
  const spent = new Map(steps.map((step) => [step.number, step.ended_ms - step.started_ms]));
  const edges = given.edges.filter((edge) => places.has(edge.source) && places.has(edge.target));
  const lines = edges.toSorted((one, other) => one.taken - other.taken).map((edge) => line(edge, places));
  const boxes = given.nodes.map((node) => box(node, places.get(node.id), { spent, address, open, chosen }));
  const width = Math.max(...[...places.values()].map((place) => place.x)) + WIDE + MARGIN;
  const height = Math.max(...[...places.values()].map((place) => place.y + HIGH + MARGIN), ...edges.map((edge) => lowest(edge, places)));
  const picture = drawn("svg", { class: "graph", viewBox: `0 0 ${width} ${height}`, role: "group", "aria-label": "Graph with the path taken" }, ...lines, ...boxes);
  picture.style.setProperty("--width", `${width}px`);
  const inner = element("div", { class: "graph-scroll" }, picture);
  return {
    element: element("section", { class: "panel graph-panel" }, element("div", { class: "panel-top" }, element("h3", {}, "Graph"), legend()), inner),
    choose(number) {
      for (const one of picture.querySelectorAll(".chosen")) one.classList.remove("chosen");
      const node = given.nodes.find((one) => one.steps.includes(number));
      const shown = node && boxes[given.nodes.indexOf(node)];
      shown?.classList.add("chosen");
      if (shown) reveal(inner, places.get(node.id).x * (picture.clientWidth / width || 1), picture.clientWidth);
    },
  };
}

/** Brings a node into view where the drawing is wider than the screen. */
function reveal(inner, x, whole) {
  if (whole > inner.clientWidth) inner.scrollLeft = x - inner.clientWidth / 2 + WIDE / 2;
}

function placed(node, nodes) {
  const least = Math.min(...nodes.map((one) => one.y));
  return { x: MARGIN + node.x * (WIDE + APART), y: MARGIN + (node.y - least) * (HIGH + BETWEEN), layer: node.x, lane: node.y };
}

/** How far down an edge reaches, that leads back below the nodes. */
function lowest(edge, places) {
  return back(edge, places) ? Math.max(places.get(edge.source).y, places.get(edge.target).y) + HIGH + DEEP : 0;
}

function back(edge, places) {
  return places.get(edge.target).layer <= places.get(edge.source).layer && edge.source !== edge.target;
}

function line(edge, places) {
  const [from, to] = [places.get(edge.source), places.get(edge.target)];
  const { path, tip, turned } = back(edge, places) ? backward(from, to) : forward(from, to, places);
  const kind = `edge${edge.taken ? " taken" : ""}${edge.conditional ? " conditional" : ""}`;
  const head = drawn("path", { class: "head", d: "M0 0L-7 -4V4z", transform: `translate(${tip}) rotate(${turned})` });
  return drawn("g", { class: kind }, drawn("path", { d: path }), head);
}

/** Leads an edge along a lane that no node stands in, or else between the lanes. */
function forward(from, to, places) {
  const [x, y, end, stop] = [from.x + WIDE, from.y + HIGH / 2, to.x - 1, to.y + HIGH / 2];
  const found = (path) => ({ path, tip: `${end} ${stop}`, turned: 0 });
  const free = (lane) => ![...places.values()].some((one) => one.lane === lane && one.layer > from.layer && one.layer < to.layer);
  if (to.layer - from.layer === 1) return found(`M${x} ${y}C${x + APART / 2} ${y} ${end - APART / 2} ${stop} ${end - 4} ${stop}`);
  if (free(to.lane)) return found(`M${x} ${y}C${x + APART} ${y} ${x} ${stop} ${x + APART} ${stop}L${end - 4} ${stop}`);
  if (free(from.lane)) return found(`M${x} ${y}L${end - APART} ${y}C${end} ${y} ${end - APART} ${stop} ${end - 4} ${stop}`);
  const over = Math.min(y, stop) - HIGH / 2 - BETWEEN / 2; // between the lanes, past the nodes that stand in the way
  return found(`M${x} ${y}C${x + 22} ${y} ${x + 4} ${over} ${x + APART} ${over}L${end - APART} ${over}C${end - 8} ${over} ${end - 24} ${stop} ${end - 4} ${stop}`);
}

function backward(from, to) {
  const [x, end] = [from.x + WIDE / 2 + 18, to.x + WIDE / 2 - 18];
  if (from.layer === to.layer) {
    const up = from.y > to.y;
    const [start, stop] = up ? [from.y, to.y + HIGH + 1] : [from.y + HIGH, to.y - 1];
    return { path: `M${x} ${start}L${x} ${stop}`, tip: `${x} ${stop}`, turned: up ? -90 : 90 };
  }
  const [y, stop] = [from.y + HIGH, to.y + HIGH + 1];
  const below = Math.max(y, stop) + DEEP;
  return { path: `M${x} ${y}C${x} ${below} ${end} ${below} ${end} ${stop + 4}`, tip: `${end} ${stop}`, turned: -90 };
}

function box(node, { x, y }, { spent, address, open, chosen }) {
  const end = ENDS[node.id];
  const name = drawn("text", { class: "node-name", x: x + WIDE / 2, y: y + (node.steps.length > 0 && !end ? 16 : 23), "text-anchor": "middle" }, end ?? node.id);
  if (node.id.length > 16 && !end) name.textContent = `${node.id.slice(0, 15)}…`;
  const frame = drawn("rect", { x, y, width: WIDE, height: HIGH, rx: end ? HIGH / 2 : 9 });
  const kind = `node ${node.state}${end ? " terminal" : ""}`;
  if (node.steps.length === 0) return drawn("g", { class: kind }, drawn("title", {}, `${end ?? node.id}: ${STATES[node.state]}`), frame, name);
  const whole = node.steps.reduce((sum, number) => sum + (spent.get(number) ?? 0), 0);
  const times = node.steps.length === 1 ? spell(whole) : `${node.steps.length} × · ${spell(whole)}`;
  const label = `${node.id}: ${STATES[node.state]}, ${count(node.steps.length, "step")}, ${spell(whole)}`;
  const below = drawn("text", { class: "node-time", x: x + WIDE / 2, y: y + 30, "text-anchor": "middle" }, times);
  const link = drawn("a", { class: kind, href: address(node.steps[0]), "aria-label": label }, drawn("title", {}, label), frame, name, below);
  link.addEventListener("click", (event) => {
    if (here(event)) open(node.steps[(node.steps.indexOf(chosen()) + 1) % node.steps.length]);
  });
  return link;
}

function legend() {
  const signs = [["taken", "taken"], ["skipped", "not taken"], ["failed", "failed"], ["paused", "asked back"]];
  return element("p", { class: "legend", "aria-hidden": "true" }, ...signs.map(([kind, words]) => element("span", {}, element("i", { class: `swatch swatch-${kind}` }), words)));
}
