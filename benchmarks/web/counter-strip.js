// @ts-check
/**
 * A frame counter as black and white blocks that survive scaling and a video codec.
 *
 * Blocks from left to right: white, black (they calibrate the threshold), twelve bits of the counter in Gray code, most
 * significant first, and two bits of checksum.
 */

export const BITS = 12;
const CHECK_BITS = 2;
export const BLOCKS = 2 + BITS + CHECK_BITS;
/** The counter starts again here. */
export const PERIOD = 2 ** BITS;
const SAMPLES_PER_BLOCK = 8; // across; only the middle ones are looked at, away from the blocks' blurred borders

/**
 * Paint a counter.
 * @param {CanvasRenderingContext2D} context
 * @param {number} count
 * @param {number} width_px
 * @param {number} height_px
 */
export function paintCounter(context, count, width_px, height_px) {
  const gray = (count % PERIOD) ^ ((count % PERIOD) >> 1);
  const check = ones(gray) % 2 ** CHECK_BITS;
  const bits = [1, 0, ...digits(gray, BITS), ...digits(check, CHECK_BITS)];
  const block_px = width_px / BLOCKS;
  bits.forEach((bit, at) => {
    context.fillStyle = bit ? "#fff" : "#000";
    context.fillRect(Math.round(at * block_px), 0, Math.ceil(block_px), height_px);
  });
}

/** Reads counters back out of pictures. */
export class CounterReader {
  constructor() {
    const canvas = new OffscreenCanvas(BLOCKS * SAMPLES_PER_BLOCK, 1);
    this._context = /** @type {OffscreenCanvasRenderingContext2D} */ (canvas.getContext("2d", { willReadFrequently: true }));
  }

  /**
   * @param {HTMLVideoElement} video
   * @param {number} row_px which row of the picture to read
   * @returns {number | null} the counter, null when the blocks cannot be read
   */
  read(video, row_px) {
    const width_px = BLOCKS * SAMPLES_PER_BLOCK;
    this._context.drawImage(video, 0, row_px - 1, video.videoWidth, 2, 0, 0, width_px, 1);
    const { data } = this._context.getImageData(0, 0, width_px, 1);
    const levels = Array.from({ length: BLOCKS }, (_, block) => {
      const middle = 4 * (block * SAMPLES_PER_BLOCK + SAMPLES_PER_BLOCK / 2);
      return ((data[middle - 4 + 1] ?? 0) + (data[middle + 1] ?? 0)) / 2; // green carries most of the luminance
    });
    const [white = 0, black = 0, ...rest] = levels;
    if (white - black < 64) return null;
    const bits = rest.map((level) => (level > (white + black) / 2 ? 1 : 0));
    const gray = number(bits.slice(0, BITS));
    if (number(bits.slice(BITS)) !== ones(gray) % 2 ** CHECK_BITS) return null;
    let count = 0;
    for (let rest_bits = gray; rest_bits; rest_bits >>= 1) count ^= rest_bits;
    return count;
  }
}

/** @param {number} value */
function ones(value) {
  return digits(value, BITS).reduce((sum, bit) => sum + bit, 0);
}

/**
 * @param {number} value
 * @param {number} length
 * @returns {number[]} most significant first
 */
function digits(value, length) {
  return Array.from({ length }, (_, at) => (value >> (length - 1 - at)) & 1);
}

/** @param {number[]} bits */
function number(bits) {
  return bits.reduce((value, bit) => 2 * value + bit, 0);
}
