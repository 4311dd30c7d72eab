"""The page's modules that compute without a screen, run where they belong: in a browser."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, Route

from benchmarks.rows import ROOT

pytestmark = pytest.mark.browser

ORIGIN = "http://localhost/modules"


@pytest.fixture(scope="module")
def page(browser: Browser) -> Iterator[Page]:
    """Return a blank page that can import every module of the repository; no server is needed."""

    def fulfil(route: Route) -> None:
        path = ROOT / route.request.url.removeprefix(f"{ORIGIN}/")
        if path.suffix == ".js":
            route.fulfill(body=path.read_bytes(), content_type="text/javascript")
        else:
            route.fulfill(body="<!doctype html>", content_type="text/html")

    page = browser.new_page()
    page.route(f"{ORIGIN}/**", fulfil)
    page.goto(f"{ORIGIN}/blank")
    yield page
    page.close()


def run(page: Page, module: Path | str, script: str) -> Any:
    """Run a function body with a module's exports at hand as `m`."""
    body = f"async () => {{ const m = await import('{ORIGIN}/{module}'); {script} }}"
    return page.evaluate(body)


def test_backoff_doubles_up_to_eight_seconds(page: Page) -> None:
    """Half a second first, eight at most, a quarter of it at random on top."""
    delays = run(page, "web/js/waiting.js", "return [0, 1, 2, 3, 4, 5, 9].map((n) => m.backoff_ms(n, () => 0));")
    assert delays == [500, 1000, 2000, 4000, 8000, 8000, 8000]
    assert run(page, "web/js/waiting.js", "return m.backoff_ms(0, () => 1);") == 625


def test_sleep_that_is_called_off_rejects_with_the_reason(page: Page) -> None:
    """Nobody waits for somebody who has gone."""
    script = """
      const closing = new AbortController();
      const sleeping = m.sleep(60000, closing.signal).then(() => "slept", (reason) => reason);
      closing.abort("enough");
      return sleeping;
    """
    assert run(page, "web/js/waiting.js", script) == "enough"


def test_messages_that_are_not_ours_are_ignored(page: Page) -> None:
    """Broken JSON, bytes and words of a newer server do no harm."""
    script = (
        """return ["{", "null", "[]", '{"type":"later"}', 7, '{"type":"pong","t":1}'].map((d) => m.readMessage(d));"""
    )
    assert run(page, "web/js/messages.js", script) == [None, None, None, None, None, {"type": "pong", "t": 1}]


STATS = """
  const report = (t, frames, decode, buffer, encoded, encode) => [
    { id: "T", type: "transport", timestamp: t, selectedCandidatePairId: "P" },
    { id: "X", type: "candidate-pair", timestamp: t, nominated: true, currentRoundTripTime: 9 },
    { id: "P", type: "candidate-pair", timestamp: t, currentRoundTripTime: 0.004 },
    { id: "C", type: "codec", timestamp: t, mimeType: "video/H264" },
    { id: "I", type: "inbound-rtp", kind: "video", timestamp: t, codecId: "C", framesDecoded: frames,
      totalDecodeTime: decode, jitterBufferDelay: buffer, jitterBufferEmittedCount: frames,
      bytesReceived: 1000 * frames },
    { id: "O", type: "outbound-rtp", kind: "video", timestamp: t, framesEncoded: encoded, totalEncodeTime: encode },
  ];
  const meter = new m.LatencyMeter();
"""


def test_latency_is_the_sum_of_its_parts_since_the_last_reading(page: Page) -> None:
    """Encode 5 + round trip 4 + server 40 + jitter buffer 10 + decode 2 ms, though the time before was slower."""
    script = f"""{STATS}
      meter.read(report(1000, 30, 3, 9, 30, 6), 40);
      return meter.read(report(2000, 60, 3.06, 9.3, 60, 6.15), 40);
    """
    reading = run(page, "web/js/latency.js", script)
    assert reading["latency_ms"] == pytest.approx(61)
    assert reading["fps"] == 30
    assert reading["received_kbps"] == 240
    assert reading["codec"] == "H264"


def test_latency_is_unknown_until_the_server_has_told_its_part(page: Page) -> None:
    """No figure is better than a wrong one."""
    reading = run(page, "web/js/latency.js", f"{STATS} return meter.read(report(1000, 30, 3, 9, 30, 6), null);")
    assert reading["latency_ms"] is None


def test_every_camera_error_of_the_specification_has_words(page: Page) -> None:
    """Media Capture and Streams, section 10.2.1."""
    script = """return ["NotAllowedError", "SecurityError", "NotFoundError", "OverconstrainedError", "NotReadableError",
      "AbortError", "TypeError"].map((name) => m.cameraFailure(new DOMException("no", name)).words.title);"""
    blocked, none, busy = "The camera is blocked", "No camera found", "The camera is busy"
    assert run(page, "web/js/failure.js", script) == [blocked, blocked, none, none, busy, busy, none]


def test_writing_on_a_backdrop_takes_the_tone_that_can_be_read(page: Page) -> None:
    """Dark writing on light colours, light writing on dark ones."""
    script = 'return ["#ffffff", "#dfe4f0", "#00b140", "#25273a", "#000000"].map(m.toneOf);'
    assert run(page, "web/js/backdrops.js", script) == ["light", "light", "light", "dark", "dark"]


def test_painted_counters_are_read_back(page: Page) -> None:
    """All the bits of the benchmark's strip, in a picture as it is sent."""
    script = """
      const canvas = document.createElement("canvas");
      [canvas.width, canvas.height] = [512, 512];
      const context = canvas.getContext("2d");
      const video = document.createElement("video");
      Object.defineProperty(video, "videoWidth", { value: 512 });
      const reader = new m.CounterReader();
      const draw = reader._context.drawImage;
      reader._context.drawImage = (_, ...rest) => draw.call(reader._context, canvas, ...rest);
      return [0, 1, 2, 1365, 2730, 4095, 4096, 5000].map((count) => {
        m.paintCounter(context, count, 512, 32);
        return reader.read(video, 16);
      });
    """
    assert run(page, "benchmarks/web/counter-strip.js", script) == [0, 1, 2, 1365, 2730, 4095, 0, 904]


def test_strip_without_contrast_is_not_read(page: Page) -> None:
    """A picture from before the connection settled has no counter."""
    script = """
      const reader = new m.CounterReader();
      reader._context.drawImage = () => {};
      return reader.read({ videoWidth: 512 }, 16);
    """
    assert run(page, "benchmarks/web/counter-strip.js", script) is None
