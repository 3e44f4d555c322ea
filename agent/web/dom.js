/** Elements and icons, built node by node: nothing in this folder hands text to an HTML parser. */

const SVG = "http://www.w3.org/2000/svg";

const PATHS = {
  send: "M5 12h13M12 5l7 7-7 7",
  stop: "M7 7h10v10H7z",
  copy: "M9 9h10v11H9zM5 15V4h10",
  done: "M5 12.5l4.5 4.5L19 7.5",
  retry: "M5 5v5h5M5.5 10a7.5 7.5 0 1 1-1 5",
  up: "M7 11v9H4v-9zM7 11l4-8c1.6 0 2.5 1 2.2 2.6L12.6 9H19c1 0 1.7 1 1.4 2l-2 7.4c-.3 1-1 1.6-2 1.6H7",
  down: "M17 13V4h3v9zM17 13l-4 8c-1.6 0-2.5-1-2.2-2.6l.6-3.4H5c-1 0-1.7-1-1.4-2l2-7.4c.3-1 1-1.6 2-1.6H17",
  close: "M6 6l12 12M18 6L6 18",
  menu: "M4 7h16M4 12h16M4 17h10",
  add: "M12 5v14M5 12h14",
  bin: "M4 7h16M9 7V4h6v3M6.5 7l1 13h9l1-13M10 11v5M14 11v5",
  more: "M9 6l6 6-6 6",
  table: "M4 5h16v14H4zM4 10h16M10 10v9",
  page: "M6 3h8l4 4v14H6zM14 3v4h4M9 12h6M9 16h6",
  person: "M12 12a4 4 0 1 0 0-8 4 4 0 0 0 0 8zM4.5 20c1-4 4-5.5 7.5-5.5s6.5 1.5 7.5 5.5",
  chat: "M4 5h16v11H10l-4.5 4v-4H4z",
  link: "M13 5h6v6M19 5l-9 9M9 6H5v13h13v-4",
  light: "M12 8a4 4 0 1 0 0 8 4 4 0 0 0 0-8zM12 2.5v2M12 19.5v2M2.5 12h2M19.5 12h2M5.3 5.3l1.4 1.4M17.3 17.3l1.4 1.4M5.3 18.7l1.4-1.4M17.3 6.7l1.4-1.4",
  dark: "M19.5 14.5A8 8 0 0 1 9.5 4.5a8 8 0 1 0 10 10z",
  plumb: "M12 2.5v8M8 10.5h8l-1 5-3 6-3-6z",
};

let numbered = 0;

/** Returns an id that no other element of this page has. */
export function unique(name) {
  numbered += 1;
  return `plumbline-${name}-${numbered}`;
}

/**
 * Builds an element. `on` holds listeners by event, `class` and the like are attributes, a true attribute is
 * empty, and one that is null or false is left out. Children are nodes or text; null ones are left out.
 */
export function element(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name === "on") {
      for (const [event, listener] of Object.entries(value)) made.addEventListener(event, listener);
    } else if (value !== null && value !== false && value !== undefined) {
      made.setAttribute(name, value === true ? "" : String(value));
    }
  }
  made.append(...children.filter((child) => child !== null && child !== undefined));
  return made;
}

/** Builds an SVG element. */
export function drawn(tag, attributes = {}, ...children) {
  const made = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, String(value));
  made.append(...children);
  return made;
}

/** Draws an icon; the button around it has the name. */
export function icon(name) {
  const path = drawn("path", { d: PATHS[name] });
  return drawn("svg", { class: "icon", viewBox: "0 0 24 24", "aria-hidden": "true" }, path);
}

/** Builds a button that shows only an icon. */
export function iconButton(name, label, click, attributes = {}) {
  const all = { type: "button", class: "icon-button", "aria-label": label, title: label, ...attributes };
  return element("button", { ...all, on: { click } }, icon(name));
}

/** Shows or hides an element. */
export function show(target, shown) {
  target.hidden = !shown;
}
