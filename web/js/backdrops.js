// @ts-check
/** The colours that the character can stand before. */

import { element, make } from "./elements.js";

/** @type {readonly (readonly [string, string])[]} name and colour; the last one is what keying programs expect */
const BACKDROPS = [
  ["Mist", "#dfe4f0"],
  ["Blush", "#f5dde3"],
  ["Sky", "#c9e4f6"],
  ["Mint", "#d3ecdd"],
  ["Sand", "#f1e5d0"],
  ["Night", "#25273a"],
  ["Green screen", "#00b140"],
];

/** The backdrop of a page that was never told another one. */
export function usualBackdrop() {
  return matchMedia("(prefers-color-scheme: dark)").matches ? "#25273a" : "#dfe4f0";
}

/**
 * Whether dark writing or light writing can be read on a colour (relative luminance, WCAG 2.2).
 * @param {string} colour "#rrggbb"
 * @returns {"light" | "dark"}
 */
export function toneOf(colour) {
  const linear = [1, 3, 5].map((at) => {
    const share = parseInt(colour.slice(at, at + 2), 16) / 255;
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
  });
  const [red = 0, green = 0, blue = 0] = linear;
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue > 0.26 ? "light" : "dark";
}

/** A row of swatches, the last of them for a colour of one's own. */
export class Backdrops {
  /**
   * @param {(colour: string) => void} onPick
   * @param {AbortSignal} signal
   */
  constructor(onPick, signal) {
    const root = element("swatches", HTMLDivElement);
    const presets = BACKDROPS.map(([name, colour]) => {
      const input = make("input", { type: "radio", name: "backdrop", value: colour, className: "unseen", ariaLabel: name });
      const label = make("label", { className: "swatch", title: name }, input);
      label.style.setProperty("--swatch", colour);
      return { input, label };
    });
    this._presets = presets.map(({ input }) => input);
    this._own = make("input", { type: "color", ariaLabel: "A colour of your own" });
    this._ownFrame = make("span", { className: "swatch swatch--own", title: "A colour of your own" }, this._own);
    root.replaceChildren(...presets.map(({ label }) => label), this._ownFrame);
    const pick = (/** @type {Event} */ event) => {
      if (!(event.target instanceof HTMLInputElement)) return;
      this.choose(event.target.value);
      onPick(event.target.value);
    };
    root.addEventListener("change", pick, { signal });
    this._own.addEventListener("input", pick, { signal });
  }

  /**
   * Mark a colour as chosen.
   * @param {string} colour "#rrggbb"
   */
  choose(colour) {
    const preset = this._presets.find((input) => input.value === colour);
    for (const input of this._presets) input.checked = input === preset;
    this._ownFrame.toggleAttribute("data-chosen", !preset);
    if (!preset) {
      this._own.value = colour;
      this._ownFrame.style.setProperty("--swatch", colour);
    }
  }
}
