// @ts-check
/** The mirror itself: the character's picture, its backdrop, and the buttons over it. */

import { element } from "./elements.js";
import { toneOf } from "./backdrops.js";

const STILL_AFTER_MS = 3500;
const CODEC_SHIFT = 32; // of 255; further off, the corner shows something else than the backdrop

/** Shows the character; knows nothing of connections. */
export class Stage {
  /**
   * @param {{onMirror: (on: boolean) => void, onSelfView: (on: boolean) => void, onLandmarks: (on: boolean) => void,
   *   onStop: () => void}} actions
   * @param {AbortSignal} signal
   */
  constructor({ onMirror, onSelfView, onLandmarks, onStop }, signal) {
    this._studio = element("studio", HTMLElement);
    this._root = element("stage", HTMLElement);
    this._video = element("picture", HTMLVideoElement);
    this._portrait = element("portrait", HTMLImageElement);
    this._controls = element("controls", HTMLDivElement);
    this._mirror = toggle("mirror", onMirror, signal);
    this._selfView = toggle("self-toggle", onSelfView, signal);
    this._landmarks = toggle("landmarks-toggle", onLandmarks, signal);
    this._timer = 0;
    this._colour = "#000000";
    this._corner = /** @type {OffscreenCanvasRenderingContext2D} */ (
      new OffscreenCanvas(1, 1).getContext("2d", { willReadFrequently: true })
    );
    element("stop", HTMLButtonElement).addEventListener("click", onStop, { signal });
    this._wireFullscreen(signal);
    for (const name of ["pointermove", "pointerdown", "focusin"]) {
      this._root.addEventListener(name, () => this._stir(), { signal, passive: true });
    }
    signal.addEventListener("abort", () => clearTimeout(this._timer));
  }

  /** @param {import("./status-line.js").Phase} phase */
  enter(phase) {
    this._studio.dataset["phase"] = phase === "camera" ? "opening" : phase;
    this._controls.hidden = phase === "idle";
    this._stir();
    if (phase === "idle") this.clear();
  }

  /**
   * Play the character's stream; the portrait gives way with its first frame.
   * @param {MediaStream} stream
   */
  play(stream) {
    const video = this._video;
    video.srcObject = stream;
    video.play().catch(() => undefined); // a newer stream has taken its place
    const shown = () => {
      if (video.srcObject === stream) this._studio.setAttribute("data-picture", "");
    };
    if ("requestVideoFrameCallback" in video) video.requestVideoFrameCallback(shown);
    else /** @type {HTMLVideoElement} */ (video).addEventListener("playing", shown, { once: true });
  }

  /** Back to the portrait. */
  clear() {
    this._studio.removeAttribute("data-picture");
    this._video.srcObject = null;
  }

  /**
   * The still picture that stands for a character until it moves.
   * @param {string} address "" for none
   */
  portray(address) {
    this._portrait.hidden = !address;
    if (address) this._portrait.src = address;
  }

  /** @param {boolean} swapping whether another character has been asked for */
  swap(swapping) {
    this._studio.toggleAttribute("data-swapping", swapping);
  }

  /**
   * Colour everything around the picture.
   * @param {string} colour "#rrggbb"
   */
  paint(colour) {
    this._colour = colour;
    this._root.style.setProperty("--backdrop", colour);
    this._root.dataset["tone"] = toneOf(colour);
  }

  /** Take the backdrop's colour from the picture: a codec shifts it by a shade, and a border would show. */
  match() {
    if (this._video.videoWidth === 0) return;
    this._corner.drawImage(this._video, 2, 2, 4, 4, 0, 0, 1, 1);
    const seen = [...this._corner.getImageData(0, 0, 1, 1).data].slice(0, 3);
    const asked = [1, 3, 5].map((at) => parseInt(this._colour.slice(at, at + 2), 16));
    if (seen.every((value, at) => Math.abs(value - (asked[at] ?? 0)) <= CODEC_SHIFT)) {
      this._root.style.setProperty("--backdrop", `rgb(${seen.join(" ")})`);
    }
  }

  /** @param {{mirror: boolean, selfView: boolean, landmarks: boolean}} preferences */
  apply({ mirror, selfView, landmarks }) {
    this._root.style.setProperty("--flip", mirror ? "-1" : "1");
    this._mirror.ariaPressed = String(mirror);
    this._selfView.ariaPressed = String(selfView);
    this._landmarks.ariaPressed = String(landmarks);
    this._landmarks.disabled = !selfView;
  }

  /** The pointer moved: show the buttons, and let them fade when it rests. */
  _stir() {
    delete this._root.dataset["still"];
    clearTimeout(this._timer);
    this._timer = window.setTimeout(() => {
      if (this._studio.dataset["phase"] === "live" && matchMedia("(hover: hover)").matches) this._root.dataset["still"] = "";
    }, STILL_AFTER_MS);
  }

  /** @param {AbortSignal} signal */
  _wireFullscreen(signal) {
    const button = element("fullscreen", HTMLButtonElement);
    button.hidden = !document.fullscreenEnabled; // iPhones have it for bare videos only
    const flip = () => (document.fullscreenElement ? document.exitFullscreen() : this._root.requestFullscreen());
    button.addEventListener("click", () => void flip().catch(() => undefined), { signal });
    this._video.addEventListener("dblclick", () => void flip().catch(() => undefined), { signal });
    document.addEventListener(
      "fullscreenchange",
      () => (button.ariaPressed = String(document.fullscreenElement === this._root)),
      { signal },
    );
  }
}

/**
 * @param {string} name
 * @param {(on: boolean) => void} onChange
 * @param {AbortSignal} signal
 * @returns {HTMLButtonElement}
 */
function toggle(name, onChange, signal) {
  const button = element(name, HTMLButtonElement);
  button.addEventListener("click", () => onChange(button.ariaPressed !== "true"), { signal });
  return button;
}
