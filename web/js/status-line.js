// @ts-check
/** The line that says how it goes: a word, frames per second, latency; and what the person could do about it. */

import { element } from "./elements.js";
import { adviceOn } from "./hints.js";

const WARNING_MS = 5000;

/** @typedef {"idle" | "camera" | "opening" | "live" | "waiting" | "failed"} Phase */

/** @type {Record<Phase, string>} */
const WORDS = {
  idle: "",
  camera: "Waiting for the camera",
  opening: "Connecting",
  live: "Live",
  waiting: "Trying again",
  failed: "Stopped",
};

/** Writes the status; screen readers hear the word, not the figures that change every second. */
export class StatusLine {
  /** @param {AbortSignal} signal */
  constructor(signal) {
    this._root = element("status", HTMLDivElement);
    this._words = element("status-words", HTMLSpanElement);
    this._figures = element("figures", HTMLSpanElement);
    this._hint = element("hint", HTMLParagraphElement);
    this._warnedUntil_ms = 0;
    signal.addEventListener("abort", () => this.tell("idle"));
  }

  /** @param {Phase} phase */
  tell(phase) {
    this._root.hidden = phase === "idle" || phase === "failed"; // a failure has its own card
    if (this._words.textContent !== WORDS[phase]) this._words.textContent = WORDS[phase];
    this._say("");
    if (phase !== "live") this._figures.textContent = "";
  }

  /** @param {import("./latency.js").Reading} reading */
  read({ fps, latency_ms }) {
    const figures = [];
    if (fps !== null) figures.push(`${Math.round(fps)} fps`);
    if (latency_ms !== null) figures.push(`${Math.round(latency_ms)} ms`);
    this._figures.textContent = figures.join(" · ");
  }

  /**
   * Say what could be done about the camera's picture; the server is patient for us.
   * @param {string | null | undefined} hint
   */
  advise(hint) {
    if (performance.now() >= this._warnedUntil_ms) this._say(adviceOn(hint));
  }

  /**
   * Say something for a while.
   * @param {string} words
   */
  warn(words) {
    this._warnedUntil_ms = performance.now() + WARNING_MS;
    this._say(words);
  }

  /** @param {string} words */
  _say(words) {
    if (this._hint.textContent !== words) this._hint.textContent = words;
    this._hint.hidden = words === "";
  }
}
