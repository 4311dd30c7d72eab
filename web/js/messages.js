// @ts-check
/** The words of the data channel, in both directions. */

/**
 * @typedef {object} StateMessage
 * @property {"state"} type
 * @property {string} [character]
 * @property {string} [background]
 */
/**
 * @typedef {object} StatsMessage
 * @property {"stats"} type
 * @property {number} fps_in camera frames that reached the server, per second
 * @property {number} fps_out frames that it drew, per second
 * @property {number | null} latency_ms from a camera frame's arrival to its drawn answer, at the server
 * @property {Record<string, number>} [stage_ms]
 * @property {number} [drops]
 * @property {boolean} [tracked] whether a person is seen
 * @property {string | null} [hint] what the person could do about the camera's picture
 */
/** @typedef {[number, number]} Point x and y in 0..1 of the unmirrored camera picture */
/** @typedef {{type: "landmarks", points: Point[]}} LandmarksMessage */
/** @typedef {{type: "pong", t: number}} PongMessage */
/** @typedef {{type: "error", message: string}} ErrorMessage */
/** @typedef {Record<string, number>} Neutral a recorded face and posture; only the server knows what the numbers mean */
/**
 * @typedef {object} CalibrationMessage
 * @property {"calibration"} type
 * @property {"recording" | "done" | "failed" | "used" | "ignored" | "forgotten"} state
 * @property {string | null} [reason] why it failed or is ignored
 * @property {Neutral | null} [neutral] what was recorded
 * @property {number | null} [duration_s] how long the recording takes
 */
/** @typedef {StateMessage | StatsMessage | LandmarksMessage | PongMessage | ErrorMessage | CalibrationMessage} ServerMessage */
/**
 * @typedef {{type: "set", character?: string, background?: string, neutral?: Neutral} | {type: "ping", t: number} |
 *   {type: "calibrate"} | {type: "forget"}} PageMessage
 */

const TYPES = new Set(["state", "stats", "landmarks", "pong", "error", "calibration"]);

/**
 * Read a message; null for one that this page does not know, which a newer server may send.
 * @param {unknown} data
 * @returns {ServerMessage | null}
 */
export function readMessage(data) {
  if (typeof data !== "string") return null;
  let message;
  try {
    message = JSON.parse(data);
  } catch {
    return null;
  }
  return message && TYPES.has(message.type) ? message : null;
}

/**
 * @param {PageMessage} message
 * @returns {string}
 */
export function writeMessage(message) {
  return JSON.stringify(message);
}
