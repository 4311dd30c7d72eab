// @ts-check
/**
 * Everything that can go wrong on the page, and the words for it.
 *
 * A `Failure` is the only error that the page shows.  Its kind decides the words and whether trying again by itself
 * makes sense; the detail, where there is one, is the server's own sentence.
 */

/**
 * @typedef {"permission_denied" | "no_camera" | "camera_in_use" | "camera_lost" | "insecure_origin" |
 *   "unsupported_browser" | "server_unreachable" | "server_refused" | "server_full" | "not_allowed" |
 *   "connection_failed" | "picture_stopped" | "file_unsupported"} FailureKind
 */

/**
 * @typedef {object} Words
 * @property {string} title what happened, in one line
 * @property {string} advice what to do next
 * @property {string} action what the button says
 */

/** @type {Record<FailureKind, Words>} */
const WORDS = {
  permission_denied: {
    title: "The camera is blocked",
    advice: "Allow the camera in the address bar of your browser, then try again. You can also play a video file.",
    action: "Try again",
  },
  no_camera: {
    title: "No camera found",
    advice: "Plug a camera in and try again, or play a video file instead.",
    action: "Try again",
  },
  camera_in_use: {
    title: "The camera is busy",
    advice: "Another program or tab is using it. Close that one, then try again.",
    action: "Try again",
  },
  camera_lost: {
    title: "The camera went away",
    advice: "It was unplugged or switched off. Plug it in again, or choose another one.",
    action: "Try again",
  },
  insecure_origin: {
    title: "This address is not secure",
    advice: "Browsers open the camera only on https:// pages and on localhost. Open Animirror there, or play a video file.",
    action: "Try again",
  },
  unsupported_browser: {
    title: "This browser cannot do it",
    advice: "It has no WebRTC. A current Chrome, Edge, Firefox or Safari has.",
    action: "Try again",
  },
  server_unreachable: {
    title: "The server does not answer",
    advice: "Check that Animirror is running and that this computer is online.",
    action: "Try again",
  },
  server_refused: {
    title: "The server said no",
    advice: "Try again; if it stays like this, the server's log says more.",
    action: "Try again",
  },
  server_full: {
    title: "Every place is taken",
    advice: "Somebody has to leave first. We keep trying for you.",
    action: "Try now",
  },
  not_allowed: {
    title: "A key is needed",
    advice: "Open the full link that the server printed when it started: it ends in ?token=…",
    action: "Try again",
  },
  connection_failed: {
    title: "No way through the network",
    advice: "The server answered, but the video could not reach it. A firewall or a VPN often stands in between.",
    action: "Try again",
  },
  picture_stopped: {
    title: "The picture stopped",
    advice: "The connection is there but nothing comes through it any more.",
    action: "Try again",
  },
  file_unsupported: {
    title: "This file cannot be played",
    advice: "Try an MP4 (H.264) or a WebM video.",
    action: "Choose another file",
  },
};

/** @type {ReadonlySet<FailureKind>} */
const PASSING = new Set(["server_unreachable", "server_full", "connection_failed", "picture_stopped"]);

/** An error with words for a person. */
export class Failure extends Error {
  /**
   * @param {FailureKind} kind
   * @param {{detail?: string, retryAfter_s?: number, cause?: unknown}} [more]
   */
  constructor(kind, { detail = "", retryAfter_s = 0, cause } = {}) {
    super(detail ? `${WORDS[kind].title}: ${detail}` : WORDS[kind].title, { cause });
    this.name = "Failure";
    /** @readonly */ this.kind = kind;
    /** @readonly */ this.detail = detail;
    /** @readonly how long the server asked to wait, in seconds; 0 when it did not say */
    this.retryAfter_s = retryAfter_s;
  }

  /** The words for this kind. */
  get words() {
    return WORDS[this.kind];
  }

  /** Whether it may pass by itself, so that a running session should try again. */
  get passing() {
    return PASSING.has(this.kind);
  }
}

/**
 * The failure that `getUserMedia` meant; the names are the Media Capture specification's (section 10.2.1).
 * @param {unknown} error
 * @returns {Failure}
 */
export function cameraFailure(error) {
  const name = error instanceof DOMException || error instanceof Error ? error.name : "";
  switch (name) {
    case "NotAllowedError":
    case "SecurityError":
      return new Failure("permission_denied", { cause: error });
    case "NotFoundError":
    case "OverconstrainedError":
      return new Failure("no_camera", { cause: error });
    case "NotReadableError":
    case "AbortError":
      return new Failure("camera_in_use", { cause: error });
    default:
      return new Failure("no_camera", { detail: String(error), cause: error });
  }
}
