// @ts-check
/** A video file as a source of pictures: it plays in a loop where the camera would be. */

import { Failure } from "./failure.js";
import { nextEvent } from "./waiting.js";

const LONG_SIDE_PX = 640;
const FPS = 30;
const LOAD_LIMIT_MS = 10_000;

/**
 * Open a video file.
 * @param {File} file
 * @param {AbortSignal} signal aborting closes it, also later
 * @returns {Promise<import("./camera.js").Source>}
 */
export async function openVideoFile(file, signal) {
  const player = new VideoFilePlayer(file);
  try {
    await player.play(signal);
  } catch (error) {
    player.close();
    throw error;
  }
  signal.addEventListener("abort", () => player.close(), { once: true });
  return { stream: player.stream, label: file.name, deviceId: "", facesPerson: true, close: () => player.close() };
}

/** Paints a playing file on a canvas of at most 640 px, whose stream is the source: no browser needs more. */
class VideoFilePlayer {
  /** @param {File} file */
  constructor(file) {
    this._video = document.createElement("video");
    this._video.muted = true;
    this._video.loop = true;
    this._video.playsInline = true;
    this._address = URL.createObjectURL(file);
    this._canvas = document.createElement("canvas");
    this._context = /** @type {CanvasRenderingContext2D} */ (this._canvas.getContext("2d", { alpha: false }));
    this._timer = 0;
    this.stream = this._canvas.captureStream(FPS);
  }

  /** @param {AbortSignal} signal */
  async play(signal) {
    const ready = nextEvent(this._video, "loadeddata", LOAD_LIMIT_MS, signal);
    const failed = nextEvent(this._video, "error", LOAD_LIMIT_MS, signal);
    this._video.src = this._address;
    const event = await Promise.race([ready, failed]);
    if (event?.type !== "loadeddata" || this._video.videoWidth === 0) {
      throw new Failure("file_unsupported", { cause: this._video.error });
    }
    const scale = Math.min(1, LONG_SIDE_PX / Math.max(this._video.videoWidth, this._video.videoHeight));
    this._canvas.width = even(this._video.videoWidth * scale);
    this._canvas.height = even(this._video.videoHeight * scale);
    const track = this.stream.getVideoTracks()[0];
    if (track) track.contentHint = "motion";
    await this._video.play();
    this._paint();
    // A timer instead of the video's own frame callback: that one sleeps for a video that is in no document.
    this._timer = window.setInterval(() => this._paint(), 1000 / FPS);
  }

  /** Stop and free the file.  Idempotent. */
  close() {
    clearInterval(this._timer);
    this.stream.getTracks().forEach((track) => track.stop());
    this._video.pause();
    this._video.removeAttribute("src");
    this._video.load();
    URL.revokeObjectURL(this._address);
  }

  _paint() {
    this._context.drawImage(this._video, 0, 0, this._canvas.width, this._canvas.height);
  }
}

/** Codecs want even sides. @param {number} side_px */
function even(side_px) {
  return Math.max(2, 2 * Math.round(side_px / 2));
}
