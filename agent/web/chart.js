/** A small drawing of a result's rows: bars for a ranking, a line for a time series. */
import { drawn } from "./dom.js";

const MOST = 24;
const WIDTH = 320;
const ROW = 22;
const NAMES = 122;
const LONGEST_NAME = 17;

/** Draws the rows as the citation's hint says; null when they do not hold the figures it names. */
export function chart(citation) {
  const { kind, label, value } = citation.chart;
  const [name, figure] = [citation.columns.indexOf(label), citation.columns.indexOf(value)];
  const points = citation.rows
    .map((row) => ({ name: String(row[name] ?? ""), figure: row[figure] }))
    .filter((point) => Number.isFinite(point.figure))
    .slice(0, MOST);
  if (name < 0 || figure < 0 || points.length < 2) return null;
  return kind === "line" ? line(points, value, label) : bars(points, value, label);
}

function bars(points, value, label) {
  const most = Math.max(...points.map((point) => Math.abs(point.figure))) || 1;
  const room = WIDTH - NAMES - 56;
  const rows = points.flatMap((point, place) => {
    const middle = place * ROW + ROW / 2;
    const length = Math.max(1, (Math.abs(point.figure) / most) * room);
    return [
      drawn("text", { x: NAMES - 8, y: middle + 4, "text-anchor": "end" }, short(point.name)),
      drawn("rect", { x: NAMES, y: middle - 7, width: length, height: 14, rx: 3 }),
      drawn("text", { x: NAMES + length + 6, y: middle + 4 }, point.figure.toLocaleString()),
    ];
  });
  return drawing(points.length * ROW, `Bars: ${value} by ${label}`, rows);
}

function line(points, value, label) {
  const height = 120;
  const figures = points.map((point) => point.figure);
  const [least, most] = [Math.min(...figures, 0), Math.max(...figures)];
  const x = (place) => 10 + (place / (points.length - 1)) * (WIDTH - 20);
  const y = (figure) => 20 + (1 - (figure - least) / (most - least || 1)) * (height - 46);
  const path = points.map((point, place) => `${x(place)},${y(point.figure)}`).join(" ");
  const dots = points.map((point, place) => drawn("circle", { cx: x(place), cy: y(point.figure), r: 2.5 }));
  const last = points.length - 1;
  return drawing(height, `Line: ${value} by ${label}`, [
    drawn("polyline", { points: path }),
    ...dots,
    drawn("text", { x: 4, y: 12 }, `${value}, up to ${most.toLocaleString()}`),
    drawn("text", { x: 4, y: height - 6 }, short(points[0].name)),
    drawn("text", { x: WIDTH - 4, y: height - 6, "text-anchor": "end" }, short(points[last].name)),
  ]);
}

function drawing(height, title, parts) {
  const box = { class: "chart", viewBox: `0 0 ${WIDTH} ${height}`, role: "img", "aria-label": title };
  return drawn("svg", box, ...parts);
}

function short(name) {
  return name.length > LONGEST_NAME ? `${name.slice(0, LONGEST_NAME - 1)}…` : name;
}
