// @ts-check
/** Waiting that can be called off. */

const FIRST_DELAY_MS = 500;
const LONGEST_DELAY_MS = 8000;

/**
 * How long to wait before the next attempt: doubling from half a second to eight, with up to a quarter of it at random
 * on top so that many pages do not come back in the same moment.
 * @param {number} attempt 0 for the first
 * @param {() => number} [random] in 0..1
 * @returns {number} milliseconds
 */
export function backoff_ms(attempt, random = Math.random) {
  const delay = Math.min(LONGEST_DELAY_MS, FIRST_DELAY_MS * 2 ** attempt);
  return delay * (1 + random() / 4);
}

/**
 * Resolve after a while; reject with the signal's reason when it is aborted first.
 * @param {number} delay_ms
 * @param {AbortSignal} signal
 * @returns {Promise<void>}
 */
export function sleep(delay_ms, signal) {
  return new Promise((resolve, reject) => {
    signal.throwIfAborted();
    const timer = setTimeout(() => {
      signal.removeEventListener("abort", onAbort);
      resolve();
    }, delay_ms);
    const onAbort = () => {
      clearTimeout(timer);
      reject(signal.reason);
    };
    signal.addEventListener("abort", onAbort, { once: true });
  });
}

/**
 * Resolve with the first event of a name, or with null after `limit_ms`.
 * @param {EventTarget} target
 * @param {string} name
 * @param {number} limit_ms
 * @param {AbortSignal} signal
 * @returns {Promise<Event | null>}
 */
export function nextEvent(target, name, limit_ms, signal) {
  return new Promise((resolve, reject) => {
    signal.throwIfAborted();
    const done = new AbortController();
    const timer = setTimeout(() => {
      done.abort();
      resolve(null);
    }, limit_ms);
    target.addEventListener(
      name,
      (event) => {
        clearTimeout(timer);
        done.abort();
        resolve(event);
      },
      { signal: done.signal },
    );
    signal.addEventListener(
      "abort",
      () => {
        clearTimeout(timer);
        done.abort();
        reject(signal.reason);
      },
      { signal: done.signal },
    );
  });
}
