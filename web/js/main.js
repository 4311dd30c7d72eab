// @ts-check
/** Wires the page together: what a person does on one side, the session and what it tells on the other. */

import { Api } from "./api.js";
import { Backdrops, usualBackdrop } from "./backdrops.js";
import { Calibration } from "./calibration.js";
import { CameraChoice } from "./camera-choice.js";
import { openCamera } from "./camera.js";
import { Cast, pictureOf } from "./cast.js";
import { element } from "./elements.js";
import { Failure } from "./failure.js";
import { Notice } from "./notice.js";
import { loadPreferences, savePreferences } from "./preferences.js";
import { privacy } from "./privacy.js";
import { RunsPanel } from "./runs-panel.js";
import { SelfView } from "./self-view.js";
import { Session } from "./session.js";
import { Stage } from "./stage.js";
import { StatusLine } from "./status-line.js";
import { openVideoFile } from "./video-file.js";

/** @typedef {(signal: AbortSignal, onLost: () => void) => Promise<import("./camera.js").Source>} Opener */

/** The page.  Everything that it opens is closed with it. */
class Animirror {
  constructor() {
    this._closing = new AbortController();
    const signal = this._closing.signal;
    this._api = new Api(document.baseURI, new URLSearchParams(location.search).get("token"));
    this._preferences = loadPreferences();
    /** @type {RTCIceServer[]} */ this._iceServers = [];
    /** @type {Session | null} */ this._session = null;
    /** @type {import("./camera.js").Source | null} */ this._source = null;
    /** @type {Opener} what "try again" opens again */
    this._opener = this._cameraOpener();
    this._run = new AbortController();
    this._welcomed = false;

    this._stage = new Stage(
      {
        onMirror: (mirror) => this._prefer({ mirror }),
        onSelfView: (selfView) => this._prefer({ selfView }),
        onLandmarks: (landmarks) => this._prefer({ landmarks }),
        onStop: () => this._stop(),
      },
      signal,
    );
    this._selfView = new SelfView(signal);
    this._status = new StatusLine(signal);
    this._runs = new RunsPanel(signal);
    const onKeep = (/** @type {import("./messages.js").Neutral | null} */ neutral) => this._prefer({ neutral });
    this._calibration = new Calibration(
      { onCalibrate: () => this._session?.calibrate(), onForget: () => this._session?.forget(), onKeep },
      signal,
    );
    this._notice = new Notice({ onAgain: (failure) => this._again(failure), onOther: () => this._other() }, signal);
    this._cast = new Cast((character) => this._pick(character), signal);
    this._backdrops = new Backdrops((background) => this._prefer({ background }), signal);
    this._cameras = new CameraChoice(
      {
        onCamera: (camera) => {
          this._prefer({ camera });
          this._opener = this._cameraOpener();
          if (this._source) void this._start();
        },
        onFile: (file) => {
          this._opener = (run) => openVideoFile(file, run);
          void this._start();
        },
      },
      signal,
    );
    element("start", HTMLButtonElement).addEventListener("click", () => {
      this._opener = this._cameraOpener();
      void this._start();
    }, { signal });
    addEventListener("pagehide", () => this._stop(), { signal });
    addEventListener("online", () => this._session?.hurry(), { signal });
    element("privacy", HTMLParagraphElement).textContent = privacy();
    this._prefer({});
    void this._welcome();
  }

  /** Ask the server who it is and whom it can draw. */
  async _welcome() {
    const signal = this._closing.signal;
    try {
      const [info, characters] = await Promise.all([this._api.info(signal), this._api.characters(signal)]);
      this._iceServers = info.ice_servers ?? [];
      this._runs.tell(info);
      this._cast.fill(characters, this._preferences.character);
      const chosen = this._cast.chosen;
      if (chosen) this._stage.portray(pictureOf(chosen));
      this._welcomed = true;
      this._notice.hide();
    } catch (error) {
      this._fail(error);
    }
  }

  /** Open the source, then the session. */
  async _start() {
    this._end();
    const run = (this._run = new AbortController());
    this._enter("camera");
    try {
      const source = await this._opener(run.signal, () => this._fail(new Failure("camera_lost")));
      this._source = source;
      void this._cameras.refresh(source);
      this._selfView.open(source.stream);
      this._selfView.show(this._preferences.selfView);
      if (!this._welcomed) await this._welcome();
      if (!this._welcomed || run.signal.aborted) return;
      const character = this._cast.chosen?.name;
      const choice = { ...(character ? { character } : {}), background: this._background };
      this._session = new Session(this._api, source.stream, choice, this._iceServers, {
        onCondition: (condition) => this._hearCondition(condition),
        onPicture: (stream) => this._stage.play(stream),
        onMessage: (message) => this._hear(message),
        onReading: (reading) => {
          this._status.read(reading);
          this._runs.read(reading);
          this._stage.match();
        },
      });
      this._session.keep(this._preferences.neutral);
      await this._session.run();
    } catch (error) {
      if (!run.signal.aborted) this._fail(error);
    }
  }

  /** Back to the beginning. */
  _stop() {
    this._end();
    this._enter("idle");
  }

  /** Close session and source.  Idempotent. */
  _end() {
    this._run.abort();
    this._session?.close();
    this._session = null;
    this._source?.close();
    this._source = null;
    this._selfView.close();
    this._runs.forget();
    this._stage.swap(false);
    this._notice.hide();
  }

  /** @param {import("./status-line.js").Phase} phase */
  _enter(phase) {
    this._stage.enter(phase);
    this._status.tell(phase);
    this._calibration.enter(phase === "live");
    if (phase !== "live") this._stage.swap(false);
  }

  /** @param {import("./session.js").Condition} condition */
  _hearCondition({ phase, failure, retryIn_ms }) {
    this._enter(phase);
    if (!failure) this._notice.hide();
    else if (phase === "failed") this._fail(failure);
    else this._notice.show(failure, { other: "Stop", ...(retryIn_ms === undefined ? {} : { retryIn_ms }) });
  }

  /** @param {import("./messages.js").ServerMessage} message */
  _hear(message) {
    switch (message.type) {
      case "state":
        if (message.character === this._cast.chosen?.name) {
          this._cast.settle();
          this._stage.swap(false);
        }
        break;
      case "stats":
        this._status.advise(message.hint);
        this._runs.hear(message);
        break;
      case "calibration":
        this._calibration.hear(message);
        break;
      case "landmarks":
        this._selfView.draw(message.points);
        break;
      case "error":
        this._cast.settle();
        this._stage.swap(false);
        this._status.warn(message.message);
        break;
    }
  }

  /** @param {unknown} error */
  _fail(error) {
    const failure = error instanceof Failure ? error : new Failure("server_refused", { detail: String(error), cause: error });
    console.warn("Animirror:", failure);
    this._end();
    this._enter("failed");
    this._notice.show(failure, { other: failure.kind === "file_unsupported" ? "Back" : "Use a video file" });
  }

  /** @param {Failure} failure */
  _again(failure) {
    if (this._session) this._session.hurry();
    else if (failure.kind === "file_unsupported") this._cameras.pickFile();
    else if (this._welcomed) void this._start();
    else {
      this._stop();
      void this._welcome();
    }
  }

  /** The notice's second button. */
  _other() {
    if (this._session) this._stop();
    else this._cameras.pickFile();
  }

  /** @param {import("./api.js").Character} character */
  _pick(character) {
    this._prefer({ character: character.name });
    this._stage.portray(pictureOf(character));
    if (!this._session) return;
    this._cast.await(character.name);
    this._stage.swap(true);
    this._session.set({ character: character.name }).catch((error) => console.warn("Animirror:", error));
  }

  /** @param {Partial<import("./preferences.js").Preferences>} change */
  _prefer(change) {
    Object.assign(this._preferences, change);
    savePreferences(this._preferences);
    this._stage.apply(this._preferences);
    this._stage.paint(this._background);
    this._backdrops.choose(this._background);
    this._calibration.know(this._preferences.neutral !== null);
    this._session?.keep(this._preferences.neutral);
    this._selfView.show(this._preferences.selfView && this._source !== null);
    this._selfView.showPoints(this._preferences.landmarks);
    if (change.background) this._session?.set({ background: change.background }).catch((error) => console.warn("Animirror:", error));
  }

  get _background() {
    return this._preferences.background || usualBackdrop();
  }

  /** @returns {Opener} */
  _cameraOpener() {
    return (signal, onLost) => openCamera(this._preferences.camera, signal, onLost);
  }
}

new Animirror();
