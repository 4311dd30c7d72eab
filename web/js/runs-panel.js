// @ts-check
/** What runs where: the engine that was picked and why, and where the milliseconds go. */

import { element, make } from "./elements.js";

/** @typedef {[string, string]} Fact */

/** @type {Record<string, string>} */
const BACKENDS = { openvino: "OpenVINO", tensorrt: "TensorRT", onnxruntime: "ONNX Runtime", torch: "PyTorch" };

/** Lists facts; figures are only refreshed while somebody looks. */
export class RunsPanel {
  /** @param {AbortSignal} signal */
  constructor(signal) {
    this._details = element("runs", HTMLDetailsElement);
    this._body = element("runs-body", HTMLDivElement);
    this._badge = element("engine-badge", HTMLAnchorElement);
    this._engine = make("dl", { className: "facts" });
    this._live = make("dl", { className: "facts" });
    this._body.replaceChildren(this._engine, this._live);
    /** @type {import("./messages.js").StatsMessage | null} */
    this._stats = null;
    this._details.addEventListener("toggle", () => this._details.open && this._details.scrollIntoView({ block: "nearest" }), { signal });
    this._badge.addEventListener(
      "click",
      (event) => {
        event.preventDefault();
        this._details.open = true;
        this._details.querySelector("summary")?.focus();
      },
      { signal },
    );
  }

  /** @param {import("./api.js").ServerInfo} info */
  tell({ version, engine }) {
    const backend = BACKENDS[engine.backend] ?? engine.backend;
    const asked = engine.asked_for ?? "auto";
    const replaced = asked !== "auto" && asked !== engine.backend;
    this._badge.textContent = `${backend} on ${shortDevice(engine.device)}${replaced ? `, not ${BACKENDS[asked] ?? asked}` : ""}`;
    this._badge.title = replaced ? engine.reason : "What runs where";
    this._badge.hidden = false;
    write(this._engine, [
      ["Engine", `${backend} ${engine.backend_version}`],
      ["Device", engine.device],
      ["Precision", engine.precision],
      ["Picture", `${engine.resolution_px} × ${engine.resolution_px} px`],
      ["Weights", engine.weights],
      ["Chosen", engine.reason],
      ...Object.entries(engine.rejected ?? {}).map(([name, why]) => /** @type {Fact} */ ([`Not ${BACKENDS[name] ?? name}`, why])),
      ["Animirror", version],
    ]);
  }

  /** @param {import("./messages.js").StatsMessage} stats */
  hear(stats) {
    this._stats = stats;
  }

  /** @param {import("./latency.js").Reading} reading */
  read(reading) {
    if (!this._details.open) return;
    const stats = this._stats;
    /** @type {Fact[]} */
    const facts = [
      ["Encode", ms(reading.encode_ms)],
      ["Network, both ways", ms(reading.rtt_ms)],
      ["Server", ms(stats?.latency_ms ?? null)],
      ...Object.entries(stats?.stage_ms ?? {}).map(([stage, time]) => /** @type {Fact} */ ([`   ${stage}`, ms(time)])),
      ["Waiting for its turn", ms(reading.jitterBuffer_ms)],
      ["Decode", ms(reading.decode_ms)],
      ["Together", ms(reading.latency_ms)],
      ["Frames in / drawn", stats ? `${Math.round(stats.fps_in)} / ${Math.round(stats.fps_out)} per second` : "–"],
      ["Frames skipped", String(stats?.drops ?? "–")],
      ["Received", reading.received_kbps === null ? "–" : `${Math.round(reading.received_kbps)} kbit/s ${reading.codec}`],
    ];
    write(this._live, facts, "Where the time goes");
  }

  /** The connection is over: its figures say nothing any more. */
  forget() {
    this._stats = null;
    this._live.replaceChildren();
  }
}

/**
 * @param {HTMLDListElement} list
 * @param {Fact[]} facts
 * @param {string} [heading]
 */
function write(list, facts, heading) {
  const rows = facts.flatMap(([name, value]) => [
    make("dt", { textContent: name.trim(), className: name.startsWith(" ") ? "facts__part" : "" }),
    make("dd", { textContent: value }),
  ]);
  list.replaceChildren(...(heading ? [make("dt", { textContent: heading, className: "facts__heading" })] : []), ...rows);
}

/** @param {number | null} time_ms */
function ms(time_ms) {
  return time_ms === null ? "–" : `${time_ms.toFixed(time_ms < 10 ? 1 : 0)} ms`;
}

/** "CPU: AMD EPYC 9R14 96-Core Processor" is too long for a badge. @param {string} device */
function shortDevice(device) {
  const [kind = "", name = ""] = device.split(/:\s*/, 2);
  if (/cpu/i.test(kind)) return "CPU";
  return name || kind;
}
