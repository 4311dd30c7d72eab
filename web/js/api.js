// @ts-check
/** The server's HTTP interface. */

import { Failure } from "./failure.js";

/**
 * @typedef {object} EngineInfo what really runs (the server's `EngineInfo`)
 * @property {string} backend
 * @property {string} backend_version
 * @property {string} device
 * @property {string} precision
 * @property {number} resolution_px
 * @property {string} weights
 * @property {string} reason
 * @property {Record<string, string>} [rejected]
 * @property {string} [asked_for] the backend that was asked for: another one than `backend` could not run
 */

/**
 * @typedef {object} ServerInfo
 * @property {string} version
 * @property {EngineInfo} engine
 * @property {{max_sessions?: number}} [limits]
 * @property {RTCIceServer[]} [ice_servers]
 */

/**
 * @typedef {object} Character
 * @property {string} name
 * @property {string} title
 * @property {string} [credit]
 * @property {string} [licence]
 * @property {string | null} [thumbnail] address of a picture, relative to the page
 */

/** @typedef {{character?: string, background?: string, neutral?: import("./messages.js").Neutral}} Choice */

const ANSWER_LIMIT_MS = 15_000;

/** Speaks HTTP with the server; the token, if the page's address carries one, goes with every request. */
export class Api {
  /**
   * @param {string} base address that the API's paths are relative to
   * @param {string | null} token
   */
  constructor(base, token) {
    this._base = base;
    this._token = token;
  }

  /**
   * @param {AbortSignal} signal
   * @returns {Promise<ServerInfo>}
   */
  async info(signal) {
    return (await this._request("api/info", { signal })).json();
  }

  /**
   * @param {AbortSignal} signal
   * @returns {Promise<Character[]>}
   */
  async characters(signal) {
    return (await this._request("api/characters", { signal })).json();
  }

  /**
   * Offer a session.  The neutral face stays out of the address, which servers log; the data channel takes it.
   * @param {string} sdp
   * @param {Choice} choice
   * @param {AbortSignal} signal
   * @returns {Promise<{location: string, answer: string}>}
   */
  async open(sdp, choice, signal) {
    const { neutral: _, ...look } = choice;
    const query = new URLSearchParams(Object.entries(look)).toString();
    const response = await this._request(`api/sessions${query && `?${query}`}`, {
      method: "POST",
      headers: { "Content-Type": "application/sdp", Accept: "application/sdp" },
      body: sdp,
      signal,
    });
    const location = response.headers.get("Location");
    if (!location) throw new Failure("server_refused", { detail: "The answer has no Location header." });
    return { location, answer: await response.text() };
  }

  /**
   * Change a running session, for when its data channel is not open.
   * @param {string} location
   * @param {Choice} choice
   * @param {AbortSignal} signal
   */
  async change(location, choice, signal) {
    const body = JSON.stringify(choice);
    await this._request(location, { method: "PATCH", headers: { "Content-Type": "application/json" }, body, signal });
  }

  /**
   * Say goodbye; outlives the page and never fails, because nobody is left to be told.
   * @param {string} location
   */
  async end(location) {
    try {
      await fetch(this._address(location), { method: "DELETE", headers: this._authorization(), keepalive: true });
    } catch {
      // The server notices the missing peer by itself.
    }
  }

  /** @param {string} path */
  _address(path) {
    return new URL(path, this._base);
  }

  /** @returns {Record<string, string>} */
  _authorization() {
    return this._token ? { Authorization: `Bearer ${this._token}` } : {};
  }

  /**
   * @param {string} path
   * @param {RequestInit & {signal: AbortSignal}} init
   * @returns {Promise<Response>}
   */
  async _request(path, init) {
    const signal = AbortSignal.any([init.signal, AbortSignal.timeout(ANSWER_LIMIT_MS)]);
    const headers = { ...this._authorization(), .../** @type {Record<string, string>} */ (init.headers ?? {}) };
    let response;
    try {
      response = await fetch(this._address(path), { ...init, headers, signal });
    } catch (error) {
      init.signal.throwIfAborted();
      throw new Failure("server_unreachable", { cause: error });
    }
    if (!response.ok) throw await refusal(response);
    return response;
  }
}

/**
 * The failure that an HTTP answer means; its body may be a problem (RFC 9457).
 * @param {Response} response
 * @returns {Promise<Failure>}
 */
async function refusal(response) {
  let detail = `${response.status} ${response.statusText}`.trim();
  if (response.headers.get("Content-Type")?.includes("json")) {
    const problem = await response.json().catch(() => ({}));
    detail = problem.detail || problem.title || detail;
  }
  if (response.status === 503) {
    return new Failure("server_full", { retryAfter_s: Number(response.headers.get("Retry-After")) || 10 });
  }
  if (response.status === 401) return new Failure("not_allowed", { detail });
  if ([502, 504].includes(response.status)) return new Failure("server_unreachable", { detail });
  return new Failure("server_refused", { detail });
}
