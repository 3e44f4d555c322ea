/** Follows a run to its end, however often the connection breaks on the way. */
import { Failure } from "./api.js";
import { Broken, read } from "./sse.js";

const STREAM = { Accept: "text/event-stream" };
const LONGEST_WAIT = 15_000;

/** Asks a question; the response streams the events of its run. */
export function ask(api, thread, content, signal) {
  return api.send("POST", `/api/threads/${thread}/messages`, { body: { content }, headers: STREAM, signal });
}

/** Opens the events of a run behind those that are known. */
export function resume(api, run, after, signal) {
  const headers = { ...STREAM, "Last-Event-ID": String(after) };
  return api.send("GET", `/api/runs/${run}/events`, { headers, signal });
}

/**
 * Yields every event of a run, each once and in order, up to `done`.
 *
 * @param open Makes the first request.
 * @param find Finds out which run a request began whose response never came; null when it began none.
 * @param waiting Told the milliseconds before each attempt to reconnect, and null once that worked.
 */
export async function* follow(api, { open, find, waiting, signal }) {
  const place = { run: null, last: 0, lost: null };
  let attempt = 0;
  for (;;) {
    try {
      const response = await (place.lost === null ? open() : again(api, place, find, signal));
      if (attempt > 0) waiting(null);
      if (response.status === 204) return;
      for await (const event of read(response.body)) {
        if (event.id !== 0 && event.id <= place.last) continue;
        place.last = event.id || place.last;
        if (event.type === "run_started") place.run = event.data.run_id;
        attempt = 0;
        yield event;
        if (event.type === "done") return;
      }
      throw new Broken("the connection ended before the answer did");
    } catch (error) {
      if (!passing(error) || (error.status === 429 && place.run === null)) throw error;
      place.lost ??= error;
      attempt += 1;
      await pause(attempt, error.wait ?? 0, waiting, signal);
    }
  }
}

function passing(error) {
  return error instanceof Broken || (error instanceof Failure && error.passing);
}

/** Opens the rest of the run, which has to be found first when the connection broke before it was named. */
async function again(api, place, find, signal) {
  place.run ??= await find();
  if (place.run !== null) return resume(api, place.run, place.last, signal);
  throw new Failure(`Your question was not sent. ${place.lost.message}`, { status: 400 });
}

/** Waits longer each time, with some chance in it; being online again ends the wait. */
async function pause(attempt, seconds, waiting, signal) {
  const growing = Math.min(LONGEST_WAIT, 200 * 2 ** attempt) * (0.75 + Math.random() / 2);
  const milliseconds = Math.max(seconds * 1000, growing);
  waiting(milliseconds);
  await new Promise((resolve, reject) => {
    const ended = new AbortController();
    const finish = (settle, value) => {
      ended.abort();
      settle(value);
    };
    const timer = setTimeout(() => finish(resolve), milliseconds);
    ended.signal.addEventListener("abort", () => clearTimeout(timer));
    addEventListener("online", () => finish(resolve), { signal: ended.signal });
    if (signal.aborted) finish(reject, signal.reason);
    signal.addEventListener("abort", () => finish(reject, signal.reason), { signal: ended.signal });
  });
}
