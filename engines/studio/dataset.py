"""Makes the training set: avatars in random poses with what the student learns from.

One folder per character holds numpy arrays with one row per picture, written in place and therefore
resumable: rows already rendered are kept.  ``python -m engines.studio.dataset --help`` says how to make one.
"""

from __future__ import annotations

import argparse
import json
import logging
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt

from engines import controls
from engines.character import Character, card_from_avatar, save_character
from engines.errors import DatasetError
from engines.framing import face_camera, portrait_camera
from engines.sheet import premultiplied
from engines.skeleton import BONE_INDEX, forward_kinematics
from engines.structure import FACE_GRID
from engines.studio.avatar import load_avatar
from engines.studio.renderer import Renderer
from engines.studio.sampling import sample_controls
from engines.studio.sheets import make_sheet
from engines.studio.truth import FaceTruth

logger = logging.getLogger(__name__)

#: Pictures are rendered at 512 and stored at 256; the face frame is stored at 128.
RENDER_PX = 512
PICTURE_PX = 256
FACE_PX = 128

FIELDS: dict[str, tuple[tuple[int, ...], str]] = {
    "controls": ((len(controls.SPEC),), "<f4"),
    "picture": ((PICTURE_PX, PICTURE_PX, 4), "|u1"),  # premultiplied RGBA
    "face": ((FACE_PX, FACE_PX, 4), "|u1"),  # premultiplied RGBA
    "face_triangle": ((FACE_GRID, FACE_GRID), "<i4"),  # -1 where there is no surface
    "face_barycentric": ((FACE_GRID, FACE_GRID, 2), "<f2"),
}


def open_fields(folder: Path, count: int | None = None) -> dict[str, npt.NDArray[np.generic]]:
    """Open a character's arrays: for reading, or, given a count, for writing (made or continued).

    Raises:
        DatasetError: the folder holds another number of rows or another control spec.
    """
    meta_path = folder / "dataset.json"
    if count is not None and not meta_path.exists():
        folder.mkdir(parents=True, exist_ok=True)
        meta_path.write_text(json.dumps({"spec_hash": controls.spec_hash(), "count": count, "done": 0}))
    if not meta_path.exists():
        raise DatasetError(f"{folder}: no dataset.json; make the set with `python -m engines.studio.dataset`")
    meta = json.loads(meta_path.read_text())
    if meta["spec_hash"] != controls.spec_hash():
        raise DatasetError(
            f"{folder}: made for control spec {meta['spec_hash']}, this is {controls.spec_hash()}; make it anew"
        )
    rows = int(meta["count"])
    if count is not None and rows != count:
        raise DatasetError(f"{folder}: holds {rows} rows, asked for {count}; choose another folder")
    arrays: dict[str, npt.NDArray[np.generic]] = {}
    for name, (shape, dtype) in FIELDS.items():
        path = folder / f"{name}.npy"
        if path.exists():
            arrays[name] = np.load(path, mmap_mode="r" if count is None else "r+")
        else:
            arrays[name] = np.lib.format.open_memmap(path, "w+", np.dtype(dtype), (rows, *shape))
    return arrays


def done_rows(folder: Path) -> int:
    """Return how many rows of a character's arrays are rendered."""
    return int(json.loads((folder / "dataset.json").read_text())["done"])


def make(renderer: Renderer, avatar_path: Path, folder: Path, count: int, seed: int) -> None:
    """Render an avatar's character (sheet, proportions) and `count` pictures of it into a folder."""
    avatar = load_avatar(avatar_path)
    arrays = open_fields(folder, count)
    if not (folder / "character").exists():
        sheet = make_sheet(renderer, avatar)
        card = card_from_avatar(avatar_path.stem, avatar)
        character = Character(card=card, proportions=avatar.proportions, sheet=sheet, w=np.zeros(0, np.float32))
        save_character(folder / "character", character)
        FaceTruth.of(renderer, avatar).save(folder / "face_truth.npz")
    camera = portrait_camera(avatar.proportions)
    done = done_rows(folder)
    for row in range(done, count):
        rng = np.random.default_rng((seed, row))
        vector = sample_controls(rng)
        whole = premultiplied(renderer.render(avatar, vector, camera, RENDER_PX, supersample=1))
        head = forward_kinematics(vector, avatar.proportions)[BONE_INDEX["head"]]
        face = face_camera(avatar.proportions, head)
        triangle, barycentric = renderer.render_ids(avatar, vector, face, FACE_GRID)
        arrays["controls"][row] = vector
        arrays["picture"][row] = cv2.resize(whole, (PICTURE_PX, PICTURE_PX), interpolation=cv2.INTER_AREA)
        arrays["face"][row] = _crop(whole, camera, face)
        arrays["face_triangle"][row] = triangle
        arrays["face_barycentric"][row] = barycentric
        if row % 50 == 49 or row == count - 1:
            for array in arrays.values():
                array.flush()  # type: ignore[attr-defined]
            meta = {"spec_hash": controls.spec_hash(), "count": count, "done": row + 1, "seed": seed}
            (folder / "dataset.json").write_text(json.dumps(meta))
            logger.info("%s: %d of %d", avatar_path.stem, row + 1, count)


def _crop(
    whole: npt.NDArray[np.uint8], camera: npt.NDArray[np.float32], face: npt.NDArray[np.float32]
) -> npt.NDArray[np.uint8]:
    """Cut the face frame out of a picture, FACE_PX per side."""
    linear = camera[:, :2] @ np.linalg.inv(face[:, :2])
    shift = camera[:, 2] - linear @ face[:, 2]
    centres = (np.arange(FACE_PX, dtype=np.float32) + 0.5) / FACE_PX
    cells = np.stack(np.meshgrid(centres, centres), axis=-1)
    pixels = ((cells @ linear.T + shift) * len(whole) - 0.5).astype(np.float32)
    return np.asarray(cv2.remap(whole, pixels, None, cv2.INTER_LINEAR), np.uint8)


def main() -> None:
    """Make a data set from avatars."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("avatars", nargs="+", type=Path, help="VRM files")
    parser.add_argument("--out", type=Path, required=True, help="folder of the set")
    parser.add_argument("--count", type=int, default=1500, help="pictures per avatar")
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    renderer = Renderer()
    for path in arguments.avatars:
        make(renderer, path, arguments.out / path.stem, arguments.count, arguments.seed)


if __name__ == "__main__":
    main()
