/** What can be done with a run: replayed, forked, compared, kept as a test, exported, deleted. */
import { ask, labelled, save } from "./debug_keys.js";
import { sides, tree } from "./debug_json.js";
import { action, count, here, sign, spell } from "./debug_words.js";
import { element, show } from "./dom.js";

const RUN = "[A-Za-z0-9_\\-]{1,64}";

export class Actions {
  /** @param open Opens a step. @param chosen Returns the number of the step that is open. */
  constructor(app, trace, { open, chosen }) {
    this.app = app;
    this.trace = trace;
    this.open = open;
    this.run = trace.summary.run_id;
    this.path = `/api/traces/${this.run}`;
    this.said = element("div", { class: "outcome", role: "status", hidden: true });
    this.replaying = action("replay", "Replay", () => this.replay());
    this.element = element(
      "div",
      { class: "tools", role: "toolbar", "aria-label": "Run" },
      this.replaying,
      action("fork", "Fork", () => app.go(`#/${this.run}/fork/${chosen()}`)),
      action("compare", "Compare", () => this.#compare()),
      action("test", "Keep as test", () => this.#keep()),
      action("export", "Export", () => this.#export(false)),
      action("shield", "Export without personal data", () => this.#export(true)),
      action("bin", "Delete", () => this.#delete(), { class: "tool danger" }),
    );
  }

  /** Runs the same graph on what was recorded. */
  async replay() {
    if (this.replaying.disabled) return;
    this.replaying.disabled = true;
    this.#say("note", element("p", {}, "Replaying …"));
    await this.#try("It could not be replayed", async () => {
      const replay = await this.app.api.json("POST", `${this.path}/replay`);
      const cost = `${count(replay.network_calls, "network call")}, ${spell(replay.milliseconds)}`;
      const divergence = replay.first_divergence;
      if (replay.equal) this.#say("good", element("p", {}, `Equal at all ${count(replay.steps, "step")}, ${cost}.`));
      else this.#say("error", ...this.#diverged(replay, divergence, cost));
    });
    this.replaying.disabled = false;
  }

  #diverged(replay, divergence, cost) {
    if (divergence === null) return [element("p", {}, `Not equal, ${cost}.`)];
    const link = element("a", { href: `#/${this.run}/steps/${divergence.step}` }, `step ${divergence.step}, ${divergence.node}`);
    link.addEventListener("click", (event) => here(event) && this.open(divergence.step));
    const words = element("p", {}, "First divergence at ", link, `: ${divergence.what} (of ${count(replay.steps, "step")}, ${cost}).`);
    return [words, sides([["Recorded", divergence.expected], ["Now", divergence.found]])];
  }

  async #compare() {
    const { parent, forks } = this.trace;
    const others = [...(parent ? [[parent.run_id, "its parent"]] : []), ...forks.map((fork) => [fork.run_id, "a fork of it"])];
    const options = others.map(([value, words]) => element("option", { value }, words));
    const attributes = { name: "other", required: true, pattern: RUN, list: "others", autocomplete: "off", spellcheck: "false", value: others[0]?.[0] ?? null };
    const field = labelled("With run", element("input", attributes), parent ? "The id of its parent stands there already." : "The id of a run stands on top of its page.");
    const form = await ask("Compare", { body: [field, element("datalist", { id: "others" }, ...options)], yes: "Compare" });
    if (form === null) return;
    const other = form.elements.other.value.trim();
    this.app.go(parent?.run_id === other ? `#/${other}/diff/${this.run}` : `#/${this.run}/diff/${other}`);
  }

  async #keep() {
    const body = [
      element("p", { class: "quiet" }, "Route, queries, sources, statement and facts of this run become what later runs are checked against."),
      labelled("Name (optional)", element("input", { name: "id", maxlength: "100", autocomplete: "off" })),
      labelled("Note (optional)", element("input", { name: "note", maxlength: "500", autocomplete: "off" })),
    ];
    const form = await ask("Keep as test", { body, yes: "Keep" });
    if (form === null) return;
    const given = ["id", "note"].map((name) => [name, form.elements[name].value.trim()]).filter(([, value]) => value !== "");
    await this.#try("It was not kept", async () => {
      const kept = await this.app.api.json("POST", `${this.path}/keep`, { body: Object.fromEntries(given) });
      this.#say("good", element("p", {}, "Kept in ", element("code", {}, kept.file), "."), tree(kept.case));
    });
  }

  async #export(scrub) {
    await this.#try("It was not exported", async () => {
      const response = await this.app.api.send("GET", `${this.path}/export?scrub=${scrub}`);
      await save(response, `${this.run}${scrub ? "-scrubbed" : ""}.json`);
      this.app.tell("Exported.");
    });
  }

  async #delete() {
    const words = "The recording will be gone for good; the conversation stays.";
    if ((await ask("Delete this recording?", { body: [element("p", {}, words)], yes: "Delete", no: "Keep it", danger: true })) === null) return;
    await this.#try("It was not deleted", async () => {
      await this.app.api.send("DELETE", this.path);
      this.app.forget(this.run);
      this.app.tell("Deleted.");
      this.app.go("", { instead: true });
    });
  }

  async #try(lament, act) {
    try {
      await act();
    } catch (failure) {
      this.#say("error", element("p", {}, `${lament}: ${failure.message}`));
      if (failure.status === undefined) throw failure;
    }
  }

  #say(tone, ...parts) {
    const close = element("button", { type: "button", class: "outcome-close", "aria-label": "Close" }, "×");
    close.addEventListener("click", () => show(this.said, false));
    this.said.className = `outcome ${tone}`;
    this.said.replaceChildren(sign(tone), element("div", {}, ...parts), close);
    show(this.said, true);
  }
}
