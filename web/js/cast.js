// @ts-check
/** The characters to choose from: a group of radio buttons with faces. */

import { element, make } from "./elements.js";

/** @typedef {import("./api.js").Character} Character */

const PENDING_LIMIT_MS = 4000;

/** Shows the characters and tells which one was picked. */
export class Cast {
  /**
   * @param {(character: Character) => void} onPick
   * @param {AbortSignal} signal
   */
  constructor(onPick, signal) {
    this._root = element("cast", HTMLDivElement);
    this._credit = element("credit", HTMLParagraphElement);
    /** @type {Map<string, {character: Character, input: HTMLInputElement, label: HTMLLabelElement}>} */
    this._members = new Map();
    this._timer = 0;
    this._root.addEventListener(
      "change",
      (event) => {
        const member = event.target instanceof HTMLInputElement ? this._members.get(event.target.value) : undefined;
        if (!member) return;
        this._tellCredit(member.character);
        onPick(member.character);
      },
      { signal },
    );
    signal.addEventListener("abort", () => clearTimeout(this._timer));
  }

  /** The character that is chosen. */
  get chosen() {
    return [...this._members.values()].find((member) => member.input.checked)?.character ?? null;
  }

  /**
   * Fill the strip.
   * @param {Character[]} characters
   * @param {string} chosen name; the first character when it is not among them
   */
  fill(characters, chosen) {
    this._members.clear();
    for (const character of characters) {
      const input = make("input", { type: "radio", name: "character", value: character.name, className: "unseen" });
      const label = make("label", { className: "cast__member" }, input, face(character), make("span", { textContent: character.title }));
      this._members.set(character.name, { character, input, label });
    }
    this._root.replaceChildren(...[...this._members.values()].map((member) => member.label));
    this.choose(this._members.has(chosen) ? chosen : (characters[0]?.name ?? ""));
  }

  /**
   * Mark a character as chosen, as the server says it is.
   * @param {string} name
   */
  choose(name) {
    const member = this._members.get(name);
    if (!member) return;
    member.input.checked = true;
    this._tellCredit(member.character);
    this.settle();
  }

  /**
   * Show that a character has been asked for and is not there yet.
   * @param {string} name
   */
  await(name) {
    this.settle();
    const label = this._members.get(name)?.label;
    if (!label) return;
    label.dataset["pending"] = "";
    this._timer = window.setTimeout(() => this.settle(), PENDING_LIMIT_MS);
  }

  /** Nothing is awaited any more. */
  settle() {
    clearTimeout(this._timer);
    for (const { label } of this._members.values()) delete label.dataset["pending"];
  }

  /** @param {Character} character */
  _tellCredit(character) {
    this._credit.textContent = [character.credit, character.licence].filter(Boolean).join(" · ");
  }
}

/** @param {Character} character */
function face(character) {
  const frame = make("span", { className: "cast__face", ariaHidden: "true" });
  const initial = () => frame.replaceChildren(character.title.slice(0, 1));
  if (!character.thumbnail) {
    initial();
    return frame;
  }
  const picture = make("img", { src: pictureOf(character), alt: "", decoding: "async", draggable: false });
  picture.addEventListener("error", initial, { once: true });
  frame.append(picture);
  return frame;
}

/**
 * The address of a character's picture, "" when it has none.
 * @param {Character} character
 */
export function pictureOf(character) {
  return character.thumbnail ? new URL(character.thumbnail, document.baseURI).href : "";
}
