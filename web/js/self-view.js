// @ts-check
/** The small picture of what the camera sees, with the points that the tracker found. */

import { element } from "./elements.js";

const POINT_COLOUR = "#ffd3e0";
const FORGET_MS = 600; // points older than this belong to a person who is gone

/** Shows a source's stream; draws landmarks over it, scaled to its pixels. */
export class SelfView {
  /** @param {AbortSignal} signal */
  constructor(signal) {
    this._root = element("self", HTMLElement);
    this._video = element("self-picture", HTMLVideoElement);
    this._canvas = element("landmarks", HTMLCanvasElement);
    this._context = /** @type {CanvasRenderingContext2D} */ (this._canvas.getContext("2d"));
    this._withPoints = true;
    this._timer = 0;
    signal.addEventListener("abort", () => this.close());
  }

  /** @param {MediaStream} stream */
  open(stream) {
    this._video.srcObject = stream;
    this._video.play().catch(() => undefined); // a muted video plays; if not, the still picture is no fault
  }

  /** @param {boolean} shown */
  show(shown) {
    this._root.hidden = !shown;
  }

  /** @param {boolean} shown */
  showPoints(shown) {
    this._withPoints = shown;
    this._clear();
  }

  /**
   * Draw points.
   * @param {import("./messages.js").Point[]} points in 0..1 of the picture
   */
  draw(points) {
    if (!this._withPoints || this._root.hidden) return;
    const width = this._canvas.clientWidth * devicePixelRatio;
    const height = this._canvas.clientHeight * devicePixelRatio;
    if (this._canvas.width !== Math.round(width)) this._canvas.width = Math.round(width);
    if (this._canvas.height !== Math.round(height)) this._canvas.height = Math.round(height);
    this._clear();
    const radius = points.length > 150 ? 0.8 * devicePixelRatio : 1.5 * devicePixelRatio;
    this._context.fillStyle = POINT_COLOUR;
    this._context.beginPath();
    for (const [x, y] of points) {
      this._context.moveTo(x * width + radius, y * height);
      this._context.arc(x * width, y * height, radius, 0, 2 * Math.PI);
    }
    this._context.fill();
    this._timer = window.setTimeout(() => this._clear(), FORGET_MS);
  }

  /** Let go of the stream.  Idempotent. */
  close() {
    this._clear();
    this._video.srcObject = null;
    this.show(false);
  }

  _clear() {
    clearTimeout(this._timer);
    this._context.clearRect(0, 0, this._canvas.width, this._canvas.height);
  }
}
