// @ts-check
/** A person's time in front of the mirror: one source, and a connection that is renewed whenever it breaks. */

import { Failure } from "./failure.js";
import { LatencyMeter } from "./latency.js";
import { Peer } from "./peer.js";
import { backoff_ms, nextEvent, sleep } from "./waiting.js";

/**
 * @typedef {object} Condition what a session is doing
 * @property {"opening" | "live" | "waiting" | "failed"} phase
 * @property {Failure} [failure] why it waits, or why it gave up
 * @property {number} [retryIn_ms] when it waits: until the next attempt
 */

/**
 * @typedef {object} SessionListener
 * @property {(condition: Condition) => void} onCondition
 * @property {(stream: MediaStream) => void} onPicture the character's stream, anew after each reconnect
 * @property {(message: import("./messages.js").ServerMessage) => void} onMessage
 * @property {(reading: import("./latency.js").Reading) => void} onReading once a second while live
 */

const READING_EVERY_MS = 1000;
const STALL_LIMIT_MS = 6000;
const MOST_ATTEMPTS = 8;

/** Keeps a connection alive until it is closed.  Owns its peer, not its source. */
export class Session {
  /**
   * @param {import("./api.js").Api} api
   * @param {MediaStream} stream
   * @param {import("./api.js").Choice} choice
   * @param {RTCIceServer[]} iceServers
   * @param {SessionListener} listener
   */
  constructor(api, stream, choice, iceServers, listener) {
    this._api = api;
    this._stream = stream;
    this._choice = { ...choice };
    this._iceServers = iceServers;
    this._listener = listener;
    this._closing = new AbortController();
    this._hurry = new EventTarget();
    /** @type {Peer | null} */ this._peer = null;
    /** @type {number | null} */ this._server_ms = null;
    this._lastWords = "";
  }

  /** Connect and stay connected.  Resolves when the session is closed or has given up; never rejects. */
  async run() {
    const signal = this._closing.signal;
    let everLive = false;
    let attempts = 0;
    while (!signal.aborted) {
      /** @type {Failure} */
      let failure;
      this._listener.onCondition({ phase: "opening" });
      try {
        failure = await this._once(() => {
          everLive = true;
          attempts = 0;
        });
      } catch (error) {
        if (signal.aborted) return;
        failure = error instanceof Failure ? error : new Failure("server_refused", { detail: String(error), cause: error });
      }
      const worthWaiting = failure.passing && (everLive || failure.kind === "server_full");
      if (!worthWaiting || attempts >= MOST_ATTEMPTS) {
        this._listener.onCondition({ phase: "failed", failure });
        return;
      }
      const retryIn_ms = Math.max(failure.retryAfter_s * 1000, backoff_ms(attempts));
      attempts += 1;
      this._listener.onCondition({ phase: "waiting", failure, retryIn_ms });
      try {
        await nextEvent(this._hurry, "hurry", retryIn_ms, signal);
      } catch {
        return;
      }
    }
  }

  /** Try again now instead of after the wait. */
  hurry() {
    this._hurry.dispatchEvent(new Event("hurry"));
  }

  /**
   * Change the character or the background without a new connection; kept for the next connection, too.
   * @param {import("./api.js").Choice} choice
   */
  async set(choice) {
    Object.assign(this._choice, choice);
    const peer = this._peer;
    if (!peer || peer.send({ type: "set", ...choice }) || !peer.location) return;
    await this._api.change(peer.location, choice, this._closing.signal);
  }

  /** Record the neutral face; the server tells how it goes. */
  calibrate() {
    this._peer?.send({ type: "calibrate" });
  }

  /** Have the server forget the neutral face. */
  forget() {
    this._peer?.send({ type: "forget" });
  }

  /**
   * Keep a neutral face, or none, for the next connection.
   * @param {import("./messages.js").Neutral | null} neutral
   */
  keep(neutral) {
    if (neutral) this._choice.neutral = neutral;
    else delete this._choice.neutral;
  }

  /** End the session.  Idempotent. */
  close() {
    this._closing.abort();
    this._peer?.close();
    this._peer = null;
  }

  /**
   * One connection, from its offer to its end.
   * @param {() => void} onLive
   * @returns {Promise<Failure>} why it ended
   */
  async _once(onLive) {
    const peer = await Peer.open({
      api: this._api,
      stream: this._stream,
      choice: this._choice,
      iceServers: this._iceServers,
      signal: this._closing.signal,
      onMessage: (message) => this._hear(message),
    });
    this._peer = peer;
    this._lastWords = "";
    const asked = { ...this._choice };
    onLive();
    this._listener.onPicture(peer.remote);
    this._listener.onCondition({ phase: "live" });
    peer.send({ type: "set", ...asked }); // what was chosen while the connection was being made
    const watching = new AbortController();
    try {
      const signal = AbortSignal.any([watching.signal, this._closing.signal]);
      const failure = await Promise.race([peer.lost, this._watch(peer, signal)]);
      return this._lastWords ? new Failure(failure.kind, { detail: this._lastWords, cause: failure }) : failure;
    } finally {
      watching.abort();
      peer.close();
      this._peer = null;
    }
  }

  /** @param {import("./messages.js").ServerMessage} message */
  _hear(message) {
    if (message.type === "stats") this._server_ms = message.latency_ms ?? null;
    if (message.type === "error") this._lastWords = message.message; // the server says why before it hangs up
    this._listener.onMessage(message);
  }

  /**
   * Read the connection's figures every second; return when nothing has been decoded for too long.
   * @param {Peer} peer
   * @param {AbortSignal} signal
   * @returns {Promise<Failure>}
   */
  async _watch(peer, signal) {
    const meter = new LatencyMeter();
    let decoded = 0;
    let since_ms = performance.now();
    for (;;) {
      await sleep(READING_EVERY_MS, signal);
      peer.send({ type: "ping", t: performance.now() });
      const reading = meter.read(await peer.stats(), this._server_ms);
      if (signal.aborted) return new Failure("picture_stopped");
      this._listener.onReading(reading);
      // A hidden tab may stop its camera or its decoder; that is no fault.
      if (reading.framesDecoded > decoded || document.hidden) since_ms = performance.now();
      decoded = reading.framesDecoded;
      if (performance.now() - since_ms > STALL_LIMIT_MS) return new Failure("picture_stopped");
    }
  }
}
