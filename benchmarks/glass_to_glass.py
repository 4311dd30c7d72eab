"""How long a picture takes from the page to the server and back onto the page, in a real browser.

    python -m benchmarks.glass_to_glass [--seconds N] [--rounds N] [--engine NAME]

A page of its own paints a frame counter as black and white blocks over moving footage of a person and sends it by
WebRTC: (a) to a bare aiortc echo, (b) to our server, which copies the blocks from the camera frame into the picture
that answers it (`pipeline.marker_px`).  The page reads the counter back out of what it receives.  Both take turns in
the same run; what we add is the difference of their medians.  The camera's and the screen's own delays are in neither.
"""

from __future__ import annotations

import argparse
import statistics
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import httpx
from playwright.sync_api import Browser, Page, Route

from benchmarks.chromium import chromium
from benchmarks.footage import jpeg, person
from benchmarks.report import glass_to_glass_table
from benchmarks.rows import Row, Spread, provenance, write_rows
from benchmarks.server_process import free_port, server

WEB = Path(__file__).parent / "web"
#: The page's address; nothing listens there, its files are handed to the browser by `_serve_page`.
ORIGIN = "http://localhost/glass"
#: How many footage pictures the page plays forth and back.
PICTURES = 60
FPS = 30
#: The painted strip is twice as high as the copied one: a browser that is short of time sends at half size.
MARKER_PX = 32
STRIP_PX = 2 * MARKER_PX
#: Row in which the answer is read: the middle of the copied strip.
ROW_PX = MARKER_PX // 2
#: Without it Chromium hides its addresses behind names that only multicast DNS knows.
PLAIN_ADDRESSES = "--disable-features=WebRtcHideLocalIpsWithMdns"
TYPES = {".html": "text/html", ".js": "text/javascript", ".jpg": "image/jpeg"}


def main() -> int:
    """Measure, write the rows, print the table."""
    options = _arguments()
    rows: list[Row] = []
    origin = provenance()  # before anything of ours loads the machine
    with ExitStack() as stack:
        echo = stack.enter_context(_echo())
        ours = options.url or stack.enter_context(_ours(options.engine))
        info = httpx.get(f"{ours}/api/info", timeout=10).raise_for_status().json()
        browser = stack.enter_context(chromium(PLAIN_ADDRESSES))
        pictures = [jpeg(picture) for picture in person(PICTURES)]
        for round_ in range(options.rounds):
            for target, address in (("echo", echo), ("animirror", ours)):
                result = measure(browser, address, scaled=target == "echo", seconds=options.seconds, pictures=pictures)
                row = _row(target, round_, result) | origin | {"chromium": browser.version}
                rows.append(row | ({"engine": info["engine"]} if target == "animirror" else {}))
                print(_line(row), file=sys.stderr)
    path = write_rows("glass_to_glass", rows)
    print(glass_to_glass_table(rows))
    added_ms = _median(rows, "animirror") - _median(rows, "echo")
    print(f"\nadded over the echo: {added_ms:.0f} ms (medians).  Rows: {path}")
    return 0


def measure(browser: Browser, address: str, *, scaled: bool, seconds: float, pictures: list[bytes]) -> dict[str, Any]:
    """Run the page once against a server.

    Args:
        browser: a Chromium.
        address: the server's; the offer goes to its /api/sessions.
        scaled: whether the answer is the sent picture, perhaps at another size (the echo), or another picture.
        seconds: how long to measure after the warm-up.
        pictures: JPEG files that the page plays.

    Returns:
        What `measure` in `web/glass-to-glass.js` returns.
    """
    sessions: list[str] = []

    def signal(_: str, offer: str) -> str:
        headers = {"Content-Type": "application/sdp"}
        answer = httpx.post(f"{address}/api/sessions", content=offer, headers=headers, timeout=30).raise_for_status()
        if location := answer.headers.get("Location"):
            sessions.append(location)
        return answer.text

    page = browser.new_page()
    try:
        page.expose_function("animirrorSignal", signal)
        _serve_page(page, pictures)
        page.goto(f"{ORIGIN}/index.html")
        result: dict[str, Any] = page.evaluate(
            "options => measure(options)",
            {
                "target": address,
                "warmup_s": WARMUP_S,
                "seconds": seconds,
                "fps": FPS,
                "strip_px": STRIP_PX,
                "row_px": ROW_PX,
                "scaled": scaled,
                "pictures": len(pictures),
            },
        )
        return result
    finally:
        page.close()
        for location in sessions:
            httpx.delete(httpx.URL(address).join(location), timeout=10)


#: Bit rates ramp up and encoders settle in this time, s.
WARMUP_S = 5


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=12, help="how long each round measures, s")
    parser.add_argument("--rounds", type=int, default=3, help="how often echo and server take turns")
    parser.add_argument("--engine", default="auto", help="backend of our server")
    parser.add_argument(
        "--url", help="measure this running server (with pipeline.marker_px = 32) instead of starting one"
    )
    return parser.parse_args()


@contextmanager
def _echo() -> Iterator[str]:
    port = free_port()
    with server("benchmarks.echo_server", ["--port", str(port)], {}, port) as address:
        yield address


@contextmanager
def _ours(engine: str) -> Iterator[str]:
    port = free_port()
    environment = {
        "ANIMIRROR_SERVER__PORT": str(port),
        "ANIMIRROR_ENGINE__BACKEND": engine,
        "ANIMIRROR_PIPELINE__MARKER_PX": str(MARKER_PX),
    }
    with server("realtime", ["serve"], environment, port) as address:
        yield address


def _serve_page(page: Page, pictures: list[bytes]) -> None:
    def fulfil(route: Route) -> None:
        name = route.request.url.removeprefix(f"{ORIGIN}/")
        suffix = Path(name).suffix
        if name.startswith("picture/"):
            body = pictures[int(Path(name).stem)]
        elif (WEB / name).is_file():
            body = (WEB / name).read_bytes()
        else:
            route.fulfill(status=404)
            return
        route.fulfill(body=body, content_type=TYPES.get(suffix, "application/octet-stream"))

    page.route("http://localhost/**", fulfil)


def _row(target: str, round_: int, result: dict[str, Any]) -> Row:
    times_ms: list[float] = result["latencies_ms"]
    return {
        "benchmark": "glass_to_glass",
        "target": target,
        "round": round_,
        "warmup_s": WARMUP_S,
        "seconds": round(result["seconds"], 2),
        **Spread.of(times_ms).as_row(),
        "fps_sent": round(result["sent"] / result["seconds"], 1),
        "fps_out": round(len(times_ms) / result["seconds"], 1),
        "dropped": max(0, result["sent"] - len(times_ms)),
        "unreadable": result["unreadable"],
        "codec": result["codec"],
        "sent_px": "x".join(str(side) for side in result["sent_size"]),
        "received_px": "x".join(str(side) for side in result["received_size"]),
    }


def _line(row: Row) -> str:
    figures = " ".join(
        f"{name} {row[name]:.0f}" for name in ("p50_ms", "p95_ms", "p99_ms", "fps_out", "dropped", "unreadable")
    )
    return (
        f"{row['target']:>10} round {row['round']}: {figures} {row['codec']} {row['sent_px']} -> {row['received_px']}"
    )


def _median(rows: list[Row], target: str) -> float:
    return statistics.median(float(row["p50_ms"]) for row in rows if row["target"] == target)


if __name__ == "__main__":
    raise SystemExit(main())
