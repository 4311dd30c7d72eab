// @ts-check
/**
 * Sends counted pictures to a server and reads the counters out of what comes back.
 *
 * A picture's latency runs from the moment it is painted to the moment the browser hands its answer to the compositor
 * (`presentationTime` of `requestVideoFrameCallback`).  Both are this page's clock.
 */

import { CounterReader, PERIOD, paintCounter } from "./counter-strip.js";

/**
 * @typedef {object} Options
 * @property {string} target passed on to `animirrorSignal`
 * @property {number} warmup_s
 * @property {number} seconds
 * @property {number} fps
 * @property {number} strip_px height of the painted strip
 * @property {number} row_px row of a picture of the sent size at which the answer's strip is read
 * @property {boolean} scaled whether the answer is the sent picture at another size, so that the row scales with it
 * @property {number} pictures how many test pictures `picture/N.jpg` there are
 */
/**
 * @typedef {object} Result
 * @property {number[]} latencies_ms one per distinct counter that came back
 * @property {number} sent pictures painted while measuring
 * @property {number} seconds
 * @property {number} unreadable pictures whose strip could not be read
 * @property {string} codec
 * @property {[number, number]} sent_size
 * @property {[number, number]} received_size
 */

const WIDTH_PX = 640;
const HEIGHT_PX = 480;
const PERSON_COLOUR = "#808080";

/** The Python side: SDP offer in, SDP answer out. @type {(target: string, offer: string) => Promise<string>} */
const signal = /** @type {any} */ (window).animirrorSignal;

/**
 * @param {Options} options
 * @returns {Promise<Result>}
 */
async function measure(options) {
  const closing = new AbortController();
  const painter = await Painter.open(options, closing.signal);
  const connection = new RTCPeerConnection();
  closing.signal.addEventListener("abort", () => connection.close());
  try {
    const video = /** @type {HTMLVideoElement} */ (document.getElementById("received"));
    video.srcObject = await connect(connection, painter.stream, options.target);
    await video.play();
    await new Promise((resolve) => setTimeout(resolve, options.warmup_s * 1000));
    const reading = read(video, painter, options, closing.signal);
    await new Promise((resolve) => setTimeout(resolve, options.seconds * 1000));
    const result = reading.result();
    const { codec, sent_size } = await describe(connection);
    return { ...result, codec, sent_size, received_size: [video.videoWidth, video.videoHeight] };
  } finally {
    closing.abort();
  }
}

/** Paints test pictures with counters over them, at a steady rate. */
class Painter {
  /**
   * @param {Options} options
   * @param {AbortSignal} signal
   */
  static async open({ fps, pictures, strip_px }, signal) {
    const bitmaps = await Promise.all(
      Array.from({ length: pictures }, async (_, at) => createImageBitmap(await (await fetch(`picture/${at}.jpg`)).blob())),
    );
    return new Painter(bitmaps, fps, strip_px, signal);
  }

  /**
   * @param {ImageBitmap[]} bitmaps
   * @param {number} fps
   * @param {number} strip_px
   * @param {AbortSignal} signal
   */
  constructor(bitmaps, fps, strip_px, signal) {
    const canvas = /** @type {HTMLCanvasElement} */ (document.getElementById("sent"));
    canvas.width = WIDTH_PX;
    canvas.height = HEIGHT_PX;
    const context = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d", { alpha: false }));
    this.stream = canvas.captureStream(fps);
    const track = /** @type {MediaStreamTrack} */ (this.stream.getVideoTracks()[0]);
    track.contentHint = "motion";
    /** @type {Map<number, number>} when each counter was painted */
    this.painted_ms = new Map();
    this.count = 0;
    const room_px = HEIGHT_PX - strip_px;
    const width_px = Math.round((WIDTH_PX * room_px) / HEIGHT_PX);
    const paint = () => {
      const bitmap = /** @type {ImageBitmap} */ (bitmaps[bounce(this.count, bitmaps.length)]);
      context.fillStyle = PERSON_COLOUR;
      context.fillRect(0, 0, WIDTH_PX, HEIGHT_PX);
      context.drawImage(bitmap, (WIDTH_PX - width_px) / 2, strip_px, width_px, room_px);
      paintCounter(context, this.count, WIDTH_PX, strip_px);
      this.painted_ms.set(this.count % PERIOD, performance.now());
      this.count += 1;
    };
    const timer = setInterval(paint, 1000 / fps);
    signal.addEventListener("abort", () => {
      clearInterval(timer);
      track.stop();
      bitmaps.forEach((bitmap) => bitmap.close());
    });
    paint();
  }
}

/**
 * Forth and back, so that a clip's last picture does not jump to its first.
 * @param {number} count
 * @param {number} length
 */
function bounce(count, length) {
  const at = count % Math.max(1, 2 * length - 2);
  return at < length ? at : 2 * length - 2 - at;
}

/**
 * Connect as the real page does: H264 first, nothing smoothed.
 * @param {RTCPeerConnection} connection
 * @param {MediaStream} stream
 * @param {string} target
 * @returns {Promise<MediaStream>}
 */
async function connect(connection, stream, target) {
  connection.createDataChannel("animirror");
  const track = /** @type {MediaStreamTrack} */ (stream.getVideoTracks()[0]);
  const transceiver = connection.addTransceiver(track, {
    direction: "sendrecv",
    streams: [stream],
    sendEncodings: [{ maxBitrate: 2_500_000, maxFramerate: 30 }],
  });
  const codecs = RTCRtpReceiver.getCapabilities("video")?.codecs ?? [];
  const rank = (/** @type {RTCRtpCodec} */ codec) => (codec.mimeType === "video/H264" ? 0 : 1);
  transceiver.setCodecPreferences([...codecs].sort((a, b) => rank(a) - rank(b)));
  transceiver.receiver.jitterBufferTarget = 0;
  await connection.setLocalDescription(await connection.createOffer());
  while (connection.iceGatheringState !== "complete") {
    await new Promise((resolve) => connection.addEventListener("icegatheringstatechange", resolve, { once: true }));
  }
  const answer = await signal(target, connection.localDescription?.sdp ?? "");
  await connection.setRemoteDescription({ type: "answer", sdp: answer });
  return new MediaStream([transceiver.receiver.track]);
}

/**
 * Note the latency of every counter that comes back for the first time.
 * @param {HTMLVideoElement} video
 * @param {Painter} painter
 * @param {Options} options
 * @param {AbortSignal} signal
 */
function read(video, painter, { row_px, scaled }, signal) {
  const reader = new CounterReader();
  const since_ms = performance.now();
  const first = painter.count;
  /** @type {number[]} */
  const latencies_ms = [];
  let unreadable = 0;
  /** @type {number | null} */
  let last = null;
  const onFrame = (/** @type {number} */ _now, /** @type {VideoFrameCallbackMetadata} */ { presentationTime }) => {
    if (signal.aborted) return;
    video.requestVideoFrameCallback(onFrame);
    const count = reader.read(video, Math.round(scaled ? (row_px * video.videoHeight) / HEIGHT_PX : row_px));
    const painted_ms = count === null ? undefined : painter.painted_ms.get(count);
    if (painted_ms === undefined) unreadable += 1;
    else if (count !== last) latencies_ms.push(presentationTime - painted_ms);
    last = count;
  };
  video.requestVideoFrameCallback(onFrame);
  return {
    result: () => ({
      latencies_ms,
      unreadable,
      sent: painter.count - first,
      seconds: (performance.now() - since_ms) / 1000,
    }),
  };
}

/** @param {RTCPeerConnection} connection */
async function describe(connection) {
  let codec = "";
  /** @type {[number, number]} */
  let sent_size = [0, 0];
  const stats = await connection.getStats();
  stats.forEach((stat) => {
    if (stat.type === "inbound-rtp" && stat.kind === "video") codec = stats.get(stat.codecId)?.mimeType ?? "";
    if (stat.type === "outbound-rtp" && stat.kind === "video") sent_size = [stat.frameWidth ?? 0, stat.frameHeight ?? 0];
  });
  return { codec: codec.replace("video/", ""), sent_size };
}

Object.assign(window, { measure });
