"""Takes pictures of the page for documents and for looking at it.

    python -m scripts.screenshots --out DIR [--url URL] [--clip FILE] [--at S ...] [--size NAME ...] [--scheme NAME ...]

Without --url it starts a server of its own.  The camera shows the clip in a loop, so a moment in --at (seconds after
the character appeared) is a moment of the clip.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Literal

from playwright.sync_api import Browser

from benchmarks.chromium import chromium, fake_camera
from benchmarks.footage import person, read_clip, write_mjpeg
from benchmarks.server_process import free_port, server

SIZES = {"desktop": (1440, 900), "laptop": (1280, 720), "tablet": (820, 1180), "phone": (390, 844)}
Scheme = Literal["light", "dark"]
SCHEMES: tuple[Scheme, ...] = ("light", "dark")
#: Chromium names a clip that is the camera by its path, which nobody's camera is called.
_NAME_THE_CAMERA = """document.querySelectorAll('select option').forEach(option => {
  if (option.textContent.includes('/')) option.textContent = 'Webcam';
})"""
#: Longest clip that is shown, frames.
LONGEST = 300


def main() -> int:
    """Take the pictures and print their paths."""
    options = _arguments()
    options.out.mkdir(parents=True, exist_ok=True)
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        pictures = read_clip(options.clip, LONGEST) if options.clip else person(90)
        clip = write_mjpeg(folder / "camera.mjpeg", pictures)
        if options.url:
            address = options.url
        else:
            port = free_port()
            environment = {"ANIMIRROR_SERVER__PORT": str(port)}
            address = stack.enter_context(server("realtime", ["serve"], environment, port))
        browser = stack.enter_context(chromium(*fake_camera(clip)))
        for size in options.size:
            for scheme in options.scheme:
                for path in take(browser, address, options, size, scheme):
                    print(path)
    return 0


def take(browser: Browser, address: str, options: argparse.Namespace, size: str, scheme: Scheme) -> list[Path]:
    """Take the pictures of one size in one colour scheme and return where they are."""
    width, height = SIZES[size]
    context = browser.new_context(
        viewport={"width": width, "height": height},
        color_scheme=scheme,
        permissions=["camera"],
        is_mobile=size == "phone",
        has_touch=size == "phone",
    )
    paths: list[Path] = []

    def shoot(name: str) -> None:
        paths.append(options.out / f"{size}-{scheme}-{name}.png")
        page.evaluate(_NAME_THE_CAMERA)
        page.screenshot(path=paths[-1])

    try:
        page = context.new_page()
        page.goto(address)
        page.locator("[data-cast] input").first.wait_for(state="attached")
        page.wait_for_load_state("networkidle")
        if options.character:
            page.locator(f'[data-cast] label:has(input[value="{options.character}"])').click()
        shoot("start")
        page.get_by_role("button", name="Start camera").click()
        page.locator("[data-studio][data-picture]").wait_for(timeout=60_000)
        passed_s = 0.0
        for at_s in sorted(options.at):
            page.wait_for_timeout(1000 * (at_s - passed_s))
            passed_s = at_s
            shoot(f"live-{at_s:g}s")
    finally:
        context.close()
    return paths


def _arguments(arguments: Sequence[str] | None = None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, required=True, help="folder for the pictures")
    parser.add_argument("--url", help="take them of this running server")
    parser.add_argument("--clip", type=Path, help="video that is the camera")
    parser.add_argument("--character", help="name of the character; default: the page's own choice")
    parser.add_argument(
        "--at", type=float, nargs="+", default=[4.0], help="moments, seconds after the character appeared"
    )
    parser.add_argument("--size", nargs="+", choices=SIZES, default=["desktop", "phone"], help="screens")
    parser.add_argument("--scheme", nargs="+", choices=SCHEMES, default=list(SCHEMES), help="colour schemes")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main())
