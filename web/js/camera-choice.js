// @ts-check
/** Which camera, or which file: the list beside the mirror and the file pickers. */

import { listCameras } from "./camera.js";
import { element, make } from "./elements.js";

const FILE = "file";

/** Offers the cameras that there are and lets a file be picked. */
export class CameraChoice {
  /**
   * @param {{onCamera: (deviceId: string) => void, onFile: (file: File) => void}} actions
   * @param {AbortSignal} signal
   */
  constructor({ onCamera, onFile }, signal) {
    this._select = element("cameras", HTMLSelectElement);
    this._input = element("file", HTMLInputElement);
    this._select.addEventListener(
      "change",
      () => {
        if (this._select.value !== FILE) onCamera(this._select.value);
      },
      { signal },
    );
    this._input.addEventListener(
      "change",
      () => {
        const file = this._input.files?.[0];
        this._input.value = ""; // so that the same file can be picked again
        if (file) onFile(file);
      },
      { signal },
    );
    for (const name of ["choose-file", "choose-file-here"]) {
      element(name, HTMLButtonElement).addEventListener("click", () => this.pickFile(), { signal });
    }
    navigator.mediaDevices?.addEventListener("devicechange", () => void this.refresh(), { signal });
    /** @type {import("./camera.js").Source | null} */
    this._source = null;
    void this.refresh();
  }

  /** Open the browser's file dialogue. */
  pickFile() {
    this._input.click();
  }

  /**
   * Show what is playing.
   * @param {import("./camera.js").Source | null} [source] left out when only the devices changed
   */
  async refresh(source = this._source) {
    this._source = source;
    const cameras = await listCameras();
    const options = cameras.map((camera, index) => make("option", { value: camera.deviceId, textContent: camera.label || `Camera ${index + 1}` }));
    if (options.length === 0) options.push(make("option", { value: "", textContent: "The usual camera" }));
    if (source && !source.deviceId) options.unshift(make("option", { value: FILE, textContent: source.label }));
    this._select.replaceChildren(...options);
    this._select.value = source ? source.deviceId || FILE : (options[0]?.value ?? "");
  }
}
