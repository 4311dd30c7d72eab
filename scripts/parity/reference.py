"""Pictures by three-vrm, in a headless Chromium that draws in software."""

from __future__ import annotations

import base64
import json
import mimetypes
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Literal, get_args

import numpy as np
import numpy.typing as npt
from PIL import Image
from playwright.sync_api import Page, Route

from benchmarks.chromium import chromium
from engines.glb import read_glb
from engines.studio.avatar import Avatar
from engines.studio.renderer import LIGHT, resolve
from engines.studio.rig import read_rig
from scripts.parity.shots import LEFT_OUT, Shot
from scripts.parity.three_pose import bone_quaternions, camera_bounds, three_expressions

U8 = npt.NDArray[np.uint8]

Feature = Literal["matcap", "rim", "normal", "emission", "outline"]
FEATURES: tuple[Feature, ...] = get_args(Feature)

HERE = Path(__file__).parent
SIZE_PX = 512
SUPERSAMPLE = 2
#: Two seconds at 60 Hz: springs come to rest.
SPRING_STEPS = 120
_FLAGS = ("--use-angle=swiftshader", "--use-gl=angle", "--enable-unsafe-swiftshader", "--ignore-gpu-blocklist")
#: The page's own address; every request is answered from disk, none leaves the machine.
_SITE = "http://parity.invalid/"


class ThreeVrm:
    """A page that draws with three-vrm; made by :func:`three_vrm`."""

    def __init__(self, page: Page, without: Sequence[Feature]) -> None:
        self._page = page
        self._without = without
        self._loaded: Path | None = None
        self.expressions: list[str] = []

    def draw(self, path: Path, avatar: Avatar, shot: Shot, *, springs: bool = True) -> U8:
        """Return the picture, uint8 (SIZE_PX, SIZE_PX, 4), straight-alpha RGBA.

        Args:
            path: the avatar's file.
            avatar: the same, loaded.
            shot: what to show.
            springs: whether hair and cloth have come to rest under gravity; else they follow their bones.
        """
        glb = read_glb(path)
        if path != self._loaded:
            meshes = glb.json["meshes"]
            left_out = [
                index
                for index, node in enumerate(glb.json["nodes"])
                if "mesh" in node
                and {node.get("name"), meshes[node["mesh"]].get("name")} & LEFT_OUT.get(path.stem, frozenset())
            ]
            url = f"{_SITE}avatar/{path.name}"
            self._page.unroute("**/avatar/*")
            self._page.route("**/avatar/*", lambda route: route.fulfill(path=path))
            self.expressions = self._page.evaluate(
                "arguments => load(...arguments)", [url, left_out, list(self._without)]
            )
            self._loaded = path
        size = SIZE_PX * SUPERSAMPLE
        text = self._page.evaluate(
            "shot => draw(shot)",
            {
                "bones": bone_quaternions(glb, read_rig(glb), shot.vector, avatar.proportions),
                "expressions": three_expressions(shot.vector),
                "camera": camera_bounds(shot.matrix(avatar.proportions)),
                "light": LIGHT.tolist(),
                "size": size,
                "springSteps": SPRING_STEPS if springs else 0,
            },
        )
        samples = np.frombuffer(base64.b64decode(text), np.uint8).reshape(size, size, 4)
        return resolve(samples[::-1], SUPERSAMPLE)


@contextmanager
def three_vrm(without: Sequence[Feature] = ()) -> Iterator[ThreeVrm]:
    """Run three-vrm in a headless Chromium.

    Args:
        without: what its materials go without, to see what that is worth.

    Raises:
        RuntimeError: three-vrm is not installed here, or no Chromium runs.
    """
    if not (HERE / "node_modules" / "@pixiv" / "three-vrm").exists():
        raise RuntimeError(f"three-vrm is not here; run `npm ci` in {HERE.name}/ beside this script")

    def answer(route: Route) -> None:
        path = HERE / route.request.url.removeprefix(_SITE)
        if route.request.url.startswith(_SITE) and path.is_file():
            route.fulfill(path=path, content_type=mimetypes.guess_type(path.name)[0] or "application/octet-stream")
        else:
            route.abort()

    with chromium(*_FLAGS) as browser:
        page = browser.new_page()
        page.on("console", lambda message: print(f"  page: {message.text}") if message.type == "error" else None)
        page.on("pageerror", lambda error: print(f"  page: {error}"))
        page.route("**/*", answer)
        page.goto(f"{_SITE}page.html")
        page.wait_for_function("window.ready === true")
        yield ThreeVrm(page, without)


def version() -> str:
    """Return which versions are pinned, for captions."""
    pinned = json.loads((HERE / "package.json").read_text())["devDependencies"]
    return f"three-vrm {pinned['@pixiv/three-vrm']}, three {pinned['three']}"


def picture_path(folder: Path, avatar: str, shot: Shot) -> Path:
    """Return where an avatar's picture of a shot is kept."""
    return folder / f"{avatar}_{shot.name}.png"


def read_picture(path: Path) -> U8:
    """Return a kept picture, uint8 (H, W, 4), straight-alpha RGBA."""
    with Image.open(path) as image:
        return np.array(image.convert("RGBA"), np.uint8)
