/** Server-sent events, read from the body of any response. */

/** The connection broke, or has been silent for too long. */
export class Broken extends Error {}

/**
 * Yields `{type, id, data}` for each event, `data` read as JSON; a comment keeps the connection alive.
 *
 * Ends with the body; throws `Broken` when it breaks off, or when nothing comes for `silence` milliseconds.
 */
export async function* read(body, { silence = 30_000 } = {}) {
  const reader = body.getReader();
  const decoder = new TextDecoder();
  let rest = "";
  let fields = {};
  try {
    for (;;) {
      const { value, done } = await within(silence, reader.read());
      if (done) return;
      const lines = (rest + decoder.decode(value, { stream: true })).split(/\r\n|\n|\r(?!$)/);
      rest = lines.pop();
      for (const line of lines) {
        if (line !== "") take(fields, line);
        else {
          if (fields.data !== undefined) yield event(fields);
          fields = {};
        }
      }
    }
  } finally {
    reader.cancel().catch(() => {}); // a connection that is already gone cannot be given up again
  }
}

function take(fields, line) {
  const [, name, value] = /^([^:]*):? ?(.*)$/s.exec(line);
  if (name === "data" && fields.data !== undefined) fields.data += `\n${value}`;
  else if (name !== "") fields[name] = value;
}

function event(fields) {
  try {
    return { type: fields.event ?? "message", id: Number(fields.id) || 0, data: JSON.parse(fields.data) };
  } catch (error) {
    throw new Broken("an event cannot be read", { cause: error });
  }
}

async function within(milliseconds, read) {
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Broken("the connection is silent")), milliseconds);
  });
  try {
    return await Promise.race([read, late]);
  } catch (error) {
    if (error.name === "AbortError" || error instanceof Broken) throw error;
    throw new Broken("the connection broke", { cause: error });
  } finally {
    clearTimeout(timer);
  }
}
