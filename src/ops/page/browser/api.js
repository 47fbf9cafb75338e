/** A call that was refused or failed, with words for the operator. */
export class ApiError extends Error {
  /**
   * @param {number} status 0: no answer at all
   * @param {string} message
   */
  constructor(status, message) {
    super(message);
    this.status = status;
  }
}

const readMs = 15_000;
/** A redrive of many letters waits for its turns under the cap. */
const changeMs = 60_000;

/**
 * Calls the admin API with the session's cookie. A session that is over leads back to the login.
 *
 * @param {string} method
 * @param {string} path below /admin
 * @param {object} [body]
 * @returns {Promise<any>}
 */
export async function call(method, path, body) {
  let response;
  try {
    response = await fetch(`/admin${path}`, {
      method,
      ...(method === 'GET'
        ? {}
        : { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body ?? {}) }),
      signal: AbortSignal.timeout(method === 'GET' ? readMs : changeMs),
    });
  } catch {
    throw new ApiError(
      0,
      method === 'GET'
        ? 'No answer from the ops process.'
        : 'No answer from the ops process: it is not known whether this was done. The audit trail will say.',
    );
  }
  if (response.status === 401) {
    location.assign('/ops');
    throw new ApiError(401, 'Your session is over.');
  }
  const answer = await response.json().catch(() => undefined);
  if (!response.ok) throw new ApiError(response.status, answer?.detail ?? `refused with ${response.status}`);
  return answer;
}

/**
 * Work that is asked for while it is under way is done once more afterwards, and not twice at a time.
 *
 * @param {() => Promise<void>} work
 * @returns {() => Promise<void>}
 */
export function oneAtATime(work) {
  /** @type {Promise<void> | undefined} */
  let running;
  let again = false;
  return () => {
    again = running !== undefined;
    running ??= (async () => {
      try {
        do {
          again = false;
          await work();
        } while (again);
      } finally {
        running = undefined;
      }
    })();
    return running;
  };
}
