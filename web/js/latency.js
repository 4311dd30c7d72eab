// @ts-check
/**
 * How old the character on the screen is, estimated from what browser and server know.
 *
 * This is the one place where the figure is defined:
 *
 *   latency = encode + RTT + server + jitter buffer + decode
 *
 * - encode: the browser's mean time to encode a camera frame          (outbound-rtp totalEncodeTime)
 * - RTT: network there and back                                       (candidate-pair currentRoundTripTime)
 * - server: camera frame's arrival to its drawn answer                (the server's `latency_ms`)
 * - jitter buffer: how long received frames wait for their turn       (inbound-rtp jitterBufferDelay)
 * - decode: the browser's mean time to decode a frame                 (inbound-rtp totalDecodeTime)
 *
 * Means are over the time since the last reading.  Not in it, because nobody here can measure it: the camera's own
 * exposure and USB delay before the frame reaches the browser, the server's codec, and the screen.  The real
 * glass-to-glass time is measured by `python -m benchmarks.glass_to_glass`.
 */

/**
 * @typedef {object} Reading what the page shows; null where it is not known yet
 * @property {number | null} latency_ms
 * @property {number | null} fps frames that were decoded, per second
 * @property {number | null} rtt_ms
 * @property {number | null} jitterBuffer_ms
 * @property {number | null} encode_ms
 * @property {number | null} decode_ms
 * @property {number | null} received_kbps
 * @property {string} codec
 * @property {number} framesDecoded since the connection began
 */

/** @typedef {Record<string, any> & {id: string, type: string, timestamp: number}} Stat */

/** Turns successive `getStats()` reports into readings. */
export class LatencyMeter {
  constructor() {
    /** @type {Stat | null} */ this._inbound = null;
    /** @type {Stat | null} */ this._outbound = null;
  }

  /**
   * @param {Iterable<Stat>} report the entries of an `RTCStatsReport`
   * @param {number | null} server_ms the server's last `latency_ms`
   * @returns {Reading}
   */
  read(report, server_ms) {
    const stats = [...report];
    const inbound = stats.find((stat) => stat.type === "inbound-rtp" && stat["kind"] === "video") ?? null;
    const outbound = stats.find((stat) => stat.type === "outbound-rtp" && stat["kind"] === "video") ?? null;
    const transport = stats.find((stat) => stat.type === "transport");
    const pair = stats.find((stat) => stat.type === "candidate-pair" && isChosen(stat, transport));
    const codec = stats.find((stat) => stat.id === inbound?.["codecId"]);

    const jitterBuffer_ms = mean_ms(this._inbound, inbound, "jitterBufferDelay", "jitterBufferEmittedCount");
    const decode_ms = mean_ms(this._inbound, inbound, "totalDecodeTime", "framesDecoded");
    const encode_ms = mean_ms(this._outbound, outbound, "totalEncodeTime", "framesEncoded");
    const rtt_ms = pair?.["currentRoundTripTime"] === undefined ? null : pair["currentRoundTripTime"] * 1000;
    const fps = perSecond(this._inbound, inbound, "framesDecoded");
    const bytes = perSecond(this._inbound, inbound, "bytesReceived");
    this._inbound = inbound;
    this._outbound = outbound;

    const known = server_ms !== null && rtt_ms !== null && jitterBuffer_ms !== null;
    return {
      latency_ms: known ? (encode_ms ?? 0) + rtt_ms + server_ms + jitterBuffer_ms + (decode_ms ?? 0) : null,
      fps,
      rtt_ms,
      jitterBuffer_ms,
      encode_ms,
      decode_ms,
      received_kbps: bytes === null ? null : (bytes * 8) / 1000,
      codec: String(codec?.["mimeType"] ?? "").replace("video/", ""),
      framesDecoded: inbound?.["framesDecoded"] ?? 0,
    };
  }
}

/**
 * Firefox marks the pair itself, the others name it in the transport.
 * @param {Stat} pair
 * @param {Stat | undefined} transport
 */
function isChosen(pair, transport) {
  const named = transport?.["selectedCandidatePairId"];
  return named ? pair.id === named : pair["selected"] === true || pair["nominated"] === true;
}

/**
 * @param {Stat | null} before
 * @param {Stat | null} after
 * @param {string} total seconds
 * @param {string} count
 * @returns {number | null} milliseconds
 */
function mean_ms(before, after, total, count) {
  if (!after || after[total] === undefined) return null;
  const things = after[count] - (before?.[count] ?? 0);
  return things > 0 ? (1000 * (after[total] - (before?.[total] ?? 0))) / things : null;
}

/**
 * @param {Stat | null} before
 * @param {Stat | null} after
 * @param {string} count
 * @returns {number | null}
 */
function perSecond(before, after, count) {
  if (!before || !after || after.timestamp <= before.timestamp) return null;
  return (1000 * ((after[count] ?? 0) - (before[count] ?? 0))) / (after.timestamp - before.timestamp);
}
