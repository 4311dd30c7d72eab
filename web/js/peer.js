// @ts-check
/** One WebRTC connection to the server: pictures go out, the character comes back. */

import { Failure } from "./failure.js";
import { readMessage, writeMessage } from "./messages.js";
import { nextEvent } from "./waiting.js";

/**
 * @typedef {object} PeerOptions
 * @property {import("./api.js").Api} api
 * @property {MediaStream} stream what goes out
 * @property {import("./api.js").Choice} choice
 * @property {RTCIceServer[]} iceServers
 * @property {AbortSignal} signal
 * @property {(message: import("./messages.js").ServerMessage) => void} onMessage
 */

const CHANNEL_LABEL = "animirror";
const GATHERING_LIMIT_MS = 1500; // a STUN server that does not answer would hold up the offer for half a minute
const CONNECT_LIMIT_MS = 15_000;
const DISCONNECTED_LIMIT_MS = 4000; // "disconnected" often heals by itself within a second or two
const CAMERA_BITRATE = 2_500_000; // plenty for 640x480; Chromium's own ceiling for it is 1.7 Mbit/s

/** An open connection.  `lost` tells when and why it ended by itself. */
export class Peer {
  /**
   * Connect; resolves when pictures can flow.
   * @param {PeerOptions} options
   * @returns {Promise<Peer>}
   * @throws {Failure}
   */
  static async open(options) {
    if (!window.RTCPeerConnection) throw new Failure("unsupported_browser");
    const peer = new Peer(options);
    try {
      await peer._connect(options);
    } catch (error) {
      peer.close();
      throw error;
    }
    return peer;
  }

  /** @param {PeerOptions} options */
  constructor({ api, stream, iceServers, signal, onMessage }) {
    this._api = api;
    this._location = "";
    this._closing = new AbortController();
    this._signal = AbortSignal.any([signal, this._closing.signal]);
    this._connection = new RTCPeerConnection({ iceServers, bundlePolicy: "max-bundle" });
    this._channel = this._connection.createDataChannel(CHANNEL_LABEL);
    this._channel.addEventListener("message", (event) => {
      const message = readMessage(event.data);
      if (message && !this._signal.aborted) onMessage(message);
    });
    const track = /** @type {MediaStreamTrack} */ (stream.getVideoTracks()[0]);
    const transceiver = this._connection.addTransceiver(track, {
      direction: "sendrecv",
      streams: [stream],
      sendEncodings: [{ maxBitrate: CAMERA_BITRATE, maxFramerate: 30 }],
    });
    preferH264(transceiver);
    playAtOnce(transceiver.receiver);
    /** @readonly what comes back */
    this.remote = new MediaStream([transceiver.receiver.track]);
    /** @type {Promise<Failure>} resolves when the connection ends without our doing */
    this.lost = new Promise((resolve) => this._watch(resolve));
  }

  /** The session's address at the server. */
  get location() {
    return this._location;
  }

  /**
   * Say something to the server; false when the channel is not open.
   * @param {import("./messages.js").PageMessage} message
   */
  send(message) {
    if (this._channel.readyState !== "open") return false;
    this._channel.send(writeMessage(message));
    return true;
  }

  /** @returns {Promise<import("./latency.js").Stat[]>} */
  async stats() {
    /** @type {import("./latency.js").Stat[]} */
    const stats = [];
    (await this._connection.getStats()).forEach((stat) => stats.push(stat));
    return stats;
  }

  /** Hang up and tell the server.  Idempotent. */
  close() {
    if (this._closing.signal.aborted) return;
    this._closing.abort();
    this._channel.close();
    this._connection.close();
    if (this._location) void this._api.end(this._location);
  }

  /** @param {PeerOptions} options */
  async _connect({ api, choice, signal }) {
    await this._connection.setLocalDescription(await this._connection.createOffer());
    if (this._connection.iceGatheringState !== "complete") {
      const complete = new EventTarget();
      this._connection.addEventListener("icegatheringstatechange", () => {
        if (this._connection.iceGatheringState === "complete") complete.dispatchEvent(new Event("complete"));
      });
      await nextEvent(complete, "complete", GATHERING_LIMIT_MS, signal);
    }
    const offer = this._connection.localDescription?.sdp ?? "";
    const { location, answer } = await api.open(offer, choice, signal);
    this._location = location;
    signal.throwIfAborted();
    try {
      await this._connection.setRemoteDescription({ type: "answer", sdp: answer });
    } catch (error) {
      throw new Failure("connection_failed", { detail: "The answer is not one to our offer.", cause: error });
    }
    const opened = nextEvent(this._channel, "open", CONNECT_LIMIT_MS, this._signal);
    const outcome = await Promise.race([opened, this.lost]);
    if (outcome instanceof Failure) throw outcome;
    if (outcome === null) throw new Failure("connection_failed");
  }

  /** @param {(failure: Failure) => void} lost */
  _watch(lost) {
    const connection = this._connection;
    /** @type {ReturnType<typeof setTimeout> | undefined} */
    let timer;
    const onChange = () => {
      clearTimeout(timer);
      if (this._closing.signal.aborted) return;
      if (connection.connectionState === "failed") lost(new Failure("connection_failed"));
      if (connection.connectionState === "disconnected") {
        timer = setTimeout(() => lost(new Failure("picture_stopped")), DISCONNECTED_LIMIT_MS);
      }
    };
    connection.addEventListener("connectionstatechange", onChange, { signal: this._closing.signal });
    this._channel.addEventListener("close", () => lost(new Failure("picture_stopped")), { signal: this._closing.signal });
    this._closing.signal.addEventListener("abort", () => clearTimeout(timer));
  }
}

/**
 * Put H264 first: at equal quality it costs the server's CPU about half of what VP8 does.
 * @param {RTCRtpTransceiver} transceiver
 */
function preferH264(transceiver) {
  const codecs = RTCRtpReceiver.getCapabilities?.("video")?.codecs;
  if (!codecs || !transceiver.setCodecPreferences) return;
  /** @param {RTCRtpCodec} codec */
  const rank = (codec) => {
    if (codec.mimeType !== "video/H264") return 2;
    return codec.sdpFmtpLine?.includes("packetization-mode=1") ? 0 : 1;
  };
  try {
    transceiver.setCodecPreferences([...codecs].sort((a, b) => rank(a) - rank(b)));
  } catch {
    // Older browsers reject lists they gave out themselves; then the server's preference decides.
  }
}

/**
 * Show frames when they arrive instead of smoothing their arrival: a mirror has to be quick.
 * @param {RTCRtpReceiver} receiver
 */
function playAtOnce(receiver) {
  if ("jitterBufferTarget" in receiver) receiver.jitterBufferTarget = 0;
  if ("playoutDelayHint" in receiver) receiver.playoutDelayHint = 0; // the name in Chromium before 120
}
