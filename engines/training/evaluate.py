"""How good the student is: held-out pictures against their renders.

``python -m engines.training.evaluate --help`` measures a checkpoint.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt
import torch
from PIL import Image
from skimage.metrics import peak_signal_noise_ratio, structural_similarity
from torch import Tensor

from engines import affine
from engines.compositor import finished
from engines.sheet import FACE_VIEW_PX, POSE_VIEW_PX, premultiplied
from engines.training import warp
from engines.training.data import CharacterTensors, PoseDataset
from engines.training.network import Student

U8 = npt.NDArray[np.uint8]

#: Pictures are compared over this background, RGB.
BACKGROUND = (219, 225, 237)
#: Size at which the figures are taken: pictures are drawn at 512, as users see them, and averaged down.
EVALUATION_PX = 256
DRAWN_PX = 512


def over_background(image: U8) -> U8:
    """Return premultiplied RGBA (H, W, 4) over :data:`BACKGROUND`, uint8 (H, W, 3)."""
    rest = 255 - image[..., 3:].astype(np.float32)
    return np.asarray(np.clip(image[..., :3] + rest / 255 * np.array(BACKGROUND) + 0.5, 0, 255), np.uint8)


@torch.no_grad()
def draw(student: Student, w: Tensor, sample: dict[str, Tensor], sheets: CharacterTensors, size: int) -> U8:
    """Return one picture of a data set's row, premultiplied RGBA uint8 (size, size, 4)."""
    index = int(sample["character"])
    batch = {name: value[None] for name, value in sample.items()}
    out = student(batch["body"], batch["face"], sheets.face_inputs[index][None], batch["condition"], w[index][None])
    views = sheets.pose_views[index][None]
    body = warp.warp_views(views, batch["base"] + out.flow, out.weights, out.residual, size)
    face_views = sheets.face_views[index][None]
    face, share = warp.face_picture(out, face_views, batch["face_base"], face_views.shape[-1])
    whole = warp.over_body(body, face, share, batch["picture_to_face"])[0]
    picture = np.ascontiguousarray((whole.clamp(0, 1) * 255 + 0.5).permute(1, 2, 0).numpy().astype(np.uint8))
    return premultiplied(finished(picture))


def _full_size(data: PoseDataset) -> CharacterTensors:
    return CharacterTensors.of(data.characters, POSE_VIEW_PX, FACE_VIEW_PX)


def _averaged(picture: U8) -> U8:
    size = (EVALUATION_PX, EVALUATION_PX)
    return np.asarray(cv2.resize(picture, size, interpolation=cv2.INTER_AREA), np.uint8)


def compare(got: U8, expected: U8) -> tuple[float, float]:
    """Return PSNR in dB and SSIM of two RGB pictures."""
    return (
        float(peak_signal_noise_ratio(expected, got)),
        float(structural_similarity(expected, got, channel_axis=2)),
    )


def evaluate(
    student: Student, w: Tensor, data: PoseDataset, limit_per_character: int = 100
) -> dict[str, dict[str, float]]:
    """Return PSNR and SSIM, of the whole picture and of the face, per character and overall ("all")."""
    sheets = _full_size(data)
    per_character = len(data) // len(data.characters)
    rows: dict[str, list[list[float]]] = {}
    for index, character in enumerate(data.characters):
        for offset in range(min(limit_per_character, per_character)):
            sample = data[index * per_character + offset]
            got = over_background(_averaged(draw(student, w, sample, sheets, DRAWN_PX)))
            expected = over_background(sample["picture"].permute(1, 2, 0).numpy())
            box = affine.box_of_unit_square(sample["picture_to_face"].numpy(), EVALUATION_PX)
            figures = [*compare(got, expected), *compare(got[box], expected[box])]
            rows.setdefault(character.card.name, []).append(figures)
    rows["all"] = [row for several in list(rows.values()) for row in several]
    names = ("psnr", "ssim", "face_psnr", "face_ssim")
    return {
        key: {name: round(float(value), 4) for name, value in zip(names, np.mean(several, axis=0), strict=True)}
        for key, several in rows.items()
    }


def contact_sheet(student: Student, w: Tensor, data: PoseDataset, path: Path, columns: int = 4) -> None:
    """Write truth and generated pictures side by side, a few rows per character."""
    sheets = _full_size(data)
    per_character = len(data) // len(data.characters)
    lines = []
    for index in range(len(data.characters)):
        cells = []
        for column in range(columns):
            sample = data[index * per_character + column]
            expected = over_background(sample["picture"].permute(1, 2, 0).numpy())
            cells += [expected, over_background(_averaged(draw(student, w, sample, sheets, DRAWN_PX)))]
        lines.append(np.hstack(cells))
    Image.fromarray(np.vstack(lines)).save(path)


def main() -> None:
    """Measure a checkpoint on rows it never saw, per character and overall."""
    from engines.training.export import student_from_checkpoint

    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("checkpoint", type=Path)
    parser.add_argument("folders", nargs="+", type=Path, help="data-set folders; their last rows are used")
    parser.add_argument("--limit", type=int, default=100, help="pictures per character")
    parser.add_argument("--out", type=Path, required=True, help="JSON file for the figures")
    parser.add_argument("--sheet", type=Path, help="PNG file for a contact sheet, truth left, generated right")
    arguments = parser.parse_args()
    student, styles, step = student_from_checkpoint(arguments.checkpoint)
    data = PoseDataset(arguments.folders, held_out=True)
    mean = torch.stack(list(styles.values())).mean(0)
    w = torch.stack([styles.get(character.card.name, mean) for character in data.characters])
    figures = evaluate(student, w, data, arguments.limit)
    result = {"pictures_per_character": arguments.limit, "size_px": EVALUATION_PX, "step": step, "held_out": figures}
    arguments.out.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
    if arguments.sheet:
        contact_sheet(student, w, data, arguments.sheet)
    print(json.dumps(figures["all"]))  # noqa: T201 - a command's answer


if __name__ == "__main__":
    main()
