// @ts-check
/** What the person could do about the camera's picture, in words. */

/** @type {Readonly<Record<string, string>>} by the server's codes, see docs/api.md */
const WORDS = {
  blank: "The camera’s picture is empty. Is something covering it?",
  frozen: "The camera’s picture stands still. Plug it in again, or choose another one.",
  dark: "It is dark. Turn on a light in front of you.",
  nobody: "I can’t see you. Step into the picture.",
  partly: "You are only partly in the picture. Move to its middle.",
  backlit: "There is strong light behind you. Turn a little, or draw the curtain.",
  far: "You are far away. Come a little closer.",
};

/**
 * The words for a hint; "" for none, and for one that this page does not know.
 * @param {string | null | undefined} hint
 * @returns {string}
 */
export function adviceOn(hint) {
  return (hint && WORDS[hint]) || "";
}
