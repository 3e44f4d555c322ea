/** The server's HTTP API: requests with credentials, and failures that say who can do what about them. */

/** A request that brought no result. `status` is 0 when the server was not reached. */
export class Failure extends Error {
  constructor(message, { status = 0, wait = 0, cause } = {}) {
    super(message, { cause });
    this.status = status;
    this.wait = wait;
  }

  /** Whether the same request may succeed in a moment. */
  get passing() {
    return this.status === 0 || this.status >= 500 || this.status === 429;
  }
}

const UNREACHED = "The server cannot be reached.";

export class Api {
  /**
   * `credentials` has `token()`, the bearer token or null, and `refused(times)`, which is told how often the
   * tokens of one request were not accepted and returns whether there is another one to try.
   */
  constructor(base, credentials) {
    this.base = base;
    this.credentials = credentials;
  }

  /** Returns the response of a request, whose body is a file or goes as JSON; a refused one throws a `Failure`. */
  async send(method, path, { body, headers = {}, signal } = {}) {
    for (let times = 1; ; times += 1) {
      const response = await this.#fetch(method, path, { body, headers, signal });
      if (response.ok) return response;
      if (response.status === 401 && (await this.credentials.refused(times))) continue;
      throw await failure(response);
    }
  }

  /** Returns what a request answers with. */
  async json(method, path, options) {
    const response = await this.send(method, path, options);
    return response.status === 204 ? null : response.json();
  }

  async #fetch(method, path, { body, headers, signal }) {
    const token = await this.credentials.token();
    const sent = { Accept: "application/json", ...headers };
    if (token !== null) sent.Authorization = `Bearer ${token}`;
    if (body !== undefined) sent["Content-Type"] = "application/json";
    return reach(this.base + path, {
      method,
      signal,
      headers: sent,
      body: body === undefined || body instanceof Blob ? body : JSON.stringify(body),
    });
  }
}

/** Fetches from the server, with no cookie, no cache and no redirect. */
export async function reach(address, options) {
  try {
    return await fetch(address, {
      credentials: "omit",
      cache: "no-store",
      redirect: "error",
      referrerPolicy: "no-referrer",
      ...options,
    });
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new Failure(UNREACHED, { cause: error });
  }
}

/** Reads the error that a response holds. */
export async function failure(response) {
  let message = `The server answered with an error (${response.status}).`;
  try {
    message = (await response.json()).error.message;
  } catch (error) {
    if (error.name === "AbortError") throw error; // anything else: what stands between us answered, not the server
  }
  return new Failure(String(message), {
    status: response.status,
    wait: Number(response.headers.get("Retry-After")) || (response.status === 429 ? 30 : 0),
  });
}
