// @ts-check
/** What a person chose last time, kept in this browser only. */

/**
 * @typedef {object} Preferences
 * @property {string} character
 * @property {string} background "#rrggbb", "" for the usual one
 * @property {string} camera device id
 * @property {boolean} mirror
 * @property {boolean} selfView
 * @property {boolean} landmarks
 * @property {import("./messages.js").Neutral | null} neutral the face and posture at rest that was recorded
 */

const KEY = "animirror";

/** @type {Readonly<Preferences>} */
const DEFAULTS = {
  character: "",
  background: "",
  camera: "",
  mirror: true,
  selfView: true,
  landmarks: true,
  neutral: null,
};

/** @returns {Preferences} */
export function loadPreferences() {
  try {
    const kept = JSON.parse(localStorage.getItem(KEY) ?? "{}");
    const known = Object.entries(DEFAULTS).map(([key, value]) => [key, typeof kept[key] === typeof value ? kept[key] : value]);
    const preferences = Object.fromEntries(known);
    if (typeof preferences.neutral?.version !== "number") preferences.neutral = null;
    return preferences;
  } catch {
    return { ...DEFAULTS };
  }
}

/** @param {Preferences} preferences */
export function savePreferences(preferences) {
  try {
    localStorage.setItem(KEY, JSON.stringify(preferences));
  } catch {
    // Private windows may refuse; then the choice lasts as long as the page.
  }
}
