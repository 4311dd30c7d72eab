// @ts-check
/** The card that says in words what went wrong and offers a way on. */

import { element } from "./elements.js";

/** Shows one failure at a time. */
export class Notice {
  /**
   * @param {{onAgain: (failure: import("./failure.js").Failure) => void, onOther: () => void}} actions
   * @param {AbortSignal} signal
   */
  constructor({ onAgain, onOther }, signal) {
    this._root = element("notice", HTMLDivElement);
    this._title = element("notice-title", HTMLHeadingElement);
    this._advice = element("notice-advice", HTMLParagraphElement);
    this._detail = element("notice-detail", HTMLParagraphElement);
    this._wait = element("notice-wait", HTMLParagraphElement);
    this._action = element("notice-action", HTMLButtonElement);
    this._other = element("notice-other", HTMLButtonElement);
    this._timer = 0;
    /** @type {import("./failure.js").Failure | null} */
    this._failure = null;
    this._action.addEventListener("click", () => this._failure && onAgain(this._failure), { signal });
    this._other.addEventListener("click", onOther, { signal });
    signal.addEventListener("abort", () => this.hide());
  }

  /**
   * @param {import("./failure.js").Failure} failure
   * @param {{retryIn_ms?: number, other: string}} options what the second button says; a countdown when we try again
   */
  show(failure, { retryIn_ms, other }) {
    clearInterval(this._timer);
    this._failure = failure;
    const { title, advice, action } = failure.words;
    this._title.textContent = title;
    this._advice.textContent = advice;
    this._detail.textContent = failure.detail;
    this._detail.hidden = !failure.detail;
    this._action.textContent = retryIn_ms === undefined ? action : "Try now";
    this._other.textContent = other;
    this._root.dataset["kind"] = failure.kind;
    this._countDown(retryIn_ms);
    const opening = this._root.hidden;
    this._root.hidden = false;
    if (opening) this._action.focus({ preventScroll: true });
  }

  /** Idempotent. */
  hide() {
    clearInterval(this._timer);
    this._root.hidden = true;
    this._failure = null;
  }

  /** @param {number | undefined} retryIn_ms */
  _countDown(retryIn_ms) {
    this._wait.hidden = retryIn_ms === undefined;
    if (retryIn_ms === undefined) return;
    const until_ms = performance.now() + retryIn_ms;
    const tell = () => {
      const left_s = Math.max(0, Math.ceil((until_ms - performance.now()) / 1000));
      this._wait.textContent = left_s > 0 ? `Trying again in ${left_s} s` : "Trying again …";
    };
    tell();
    this._timer = window.setInterval(tell, 250);
  }
}
