/** The button that chooses light or dark colours; without a choice the system's hold. */
import { icon, iconButton } from "./dom.js";

const LOOK = "plumbline:look";

/** Applies what was chosen before, and returns the button. */
export function lookButton() {
  const button = iconButton("dark", "Dark colours", () => dress(!isDark()), {});
  const dress = (dark) => {
    if (dark !== null) {
      document.documentElement.dataset.look = dark ? "dark" : "light";
      localStorage.setItem(LOOK, dark ? "dark" : "light");
    }
    button.setAttribute("aria-pressed", String(isDark()));
    button.replaceChildren(icon(isDark() ? "light" : "dark"));
  };
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => dress(null));
  const chosen = localStorage.getItem(LOOK);
  dress(chosen === null ? null : chosen === "dark");
  return button;
}

function isDark() {
  const chosen = document.documentElement.dataset.look;
  return chosen ? chosen === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
}
