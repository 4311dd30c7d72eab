// @ts-check
/** Recording the neutral face: a key and two buttons, a ring that fills for a second, and how it went. */

import { element } from "./elements.js";

/** @typedef {import("./messages.js").CalibrationMessage} CalibrationMessage */
/** @typedef {"recording" | "done" | "failed"} Mood */

const KEY = "c";
const DONE_MS = 2500;
const FAILED_MS = 5000;
const UNANSWERED_MS = 4000; // the server answers within three seconds or is gone
const TYPING = "select, textarea, input:not([type=radio]), [contenteditable]";

/** @type {Readonly<Record<string, string>>} by the server's reasons, see docs/api.md */
const REFUSALS = {
  no_face: "I couldn’t see your face. Try again when it is in the picture.",
  turned_away: "You were turned away. Face the screen and try again.",
  moved: "You moved. Hold still for a second and try again.",
  eyes_shut: "Your eyes were shut. Try again with them open.",
  mouth_open: "Your mouth was open. Try again with it closed.",
};

/** Asks for recordings and shows how they go. */
export class Calibration {
  /**
   * @param {{onCalibrate: () => void, onForget: () => void,
   *   onKeep: (neutral: import("./messages.js").Neutral | null) => void}} actions `onKeep` gets what this browser is to
   *   remember
   * @param {AbortSignal} signal
   */
  constructor({ onCalibrate, onForget, onKeep }, signal) {
    this._onKeep = onKeep;
    this._root = element("recording", HTMLDivElement);
    this._words = element("recording-words", HTMLSpanElement);
    this._note = element("neutral-note", HTMLParagraphElement);
    this._buttons = [element("calibrate", HTMLButtonElement), element("calibrate-here", HTMLButtonElement)];
    this._forget = element("forget", HTMLButtonElement);
    this._timer = 0;
    this._live = false;
    for (const button of this._buttons) button.addEventListener("click", onCalibrate, { signal });
    this._forget.addEventListener("click", () => (onForget(), onKeep(null)), { signal });
    document.addEventListener(
      "keydown",
      (event) => {
        if (event.key.toLowerCase() !== KEY || event.repeat || event.ctrlKey || event.metaKey || event.altKey) return;
        if (event.target instanceof Element && event.target.closest(TYPING)) return;
        if (this._live) onCalibrate();
      },
      { signal },
    );
    signal.addEventListener("abort", () => clearTimeout(this._timer));
    this.enter(false);
  }

  /** @param {boolean} live whether there is somebody to record */
  enter(live) {
    this._live = live;
    for (const button of this._buttons) button.disabled = !live;
    if (!live) this._hide();
  }

  /** @param {boolean} recorded whether this browser has a neutral */
  know(recorded) {
    this._note.textContent = recorded
      ? "Recorded, and kept in this browser."
      : "Learnt as you go. Record it for a rest that is yours at once.";
    this._forget.hidden = !recorded;
  }

  /** @param {CalibrationMessage} message */
  hear(message) {
    switch (message.state) {
      case "recording":
        this._root.style.setProperty("--duration", `${message.duration_s ?? 1}s`);
        this._show("recording", "Look straight ahead, face relaxed", UNANSWERED_MS);
        break;
      case "done":
        this._onKeep(message.neutral ?? null);
        this._show("done", "Got it. This is your neutral face.", DONE_MS);
        break;
      case "forgotten":
        this._show("done", "Forgotten. I’ll learn your face as you go.", DONE_MS);
        break;
      case "failed":
        this._show("failed", REFUSALS[message.reason ?? ""] ?? "That did not work. Try again.", FAILED_MS);
        break;
      case "ignored":
        this._onKeep(null);
        this._show("failed", "Your neutral face is from another version. Record it again.", FAILED_MS);
        break;
    }
  }

  /**
   * @param {Mood} mood
   * @param {string} words
   * @param {number} for_ms
   */
  _show(mood, words, for_ms) {
    clearTimeout(this._timer);
    this._root.removeAttribute("data-mood");
    void this._root.offsetWidth; // begins the ring anew when a recording follows a recording
    this._root.dataset["mood"] = mood;
    this._root.hidden = false;
    this._words.textContent = words;
    this._timer = window.setTimeout(() => this._hide(), for_ms);
  }

  _hide() {
    clearTimeout(this._timer);
    this._root.hidden = true;
    this._words.textContent = "";
  }
}
