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
from engines.studio.dataset_plan import SPLITS
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
def draw(student: Student, w: Tensor, sample: dict[str, Tensor], sheet: CharacterTensors, size: int) -> U8:
    """Return one picture of a data set's row, premultiplied RGBA uint8 (size, size, 4).

    Args:
        student: the network.
        w: (w_dim,), the character's style.
        sample: the row.
        sheet: of the one character.
        size: pixels per side.
    """
    batch = {name: value[None] for name, value in sample.items()}
    out = student(batch["body"], batch["face"], sheet.face_inputs, batch["condition"], w[None])
    body = warp.warp_views(sheet.pose_views, batch["base"] + out.flow, out.weights, out.residual, size)
    face, share = warp.face_picture(out, sheet.face_views, batch["face_base"], sheet.face_views.shape[-1])
    whole = warp.over_body(body, face, share, batch["picture_to_face"])[0]
    picture = np.ascontiguousarray((whole.clamp(0, 1) * 255 + 0.5).permute(1, 2, 0).numpy().astype(np.uint8))
    return premultiplied(finished(picture))


def _full_size(data: PoseDataset, index: int) -> CharacterTensors:
    return CharacterTensors.of([data.characters[index]], POSE_VIEW_PX, FACE_VIEW_PX)


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
    """Return PSNR and SSIM, of the whole picture and of the face, per character and overall ("all").

    Args:
        student: the network.
        w: (characters, w_dim), the styles in the order of `data.names`.
        data: a held-out split.
        limit_per_character: so many pictures of each, at most.
    """
    rows: dict[str, list[list[float]]] = {}
    for index, name in enumerate(data.names):
        chosen = data.rows_of(index)[:limit_per_character]
        sheet = _full_size(data, index) if chosen else None
        for row in chosen:
            assert sheet is not None
            sample = data[row]
            got = over_background(_averaged(draw(student, w[index], sample, sheet, DRAWN_PX)))
            expected = over_background(sample["picture"].permute(1, 2, 0).numpy())
            box = affine.box_of_unit_square(sample["picture_to_face"].numpy(), EVALUATION_PX)
            figures = [*compare(got, expected), *compare(got[box], expected[box])]
            rows.setdefault(name, []).append(figures)
    rows["all"] = [row for several in list(rows.values()) for row in several]
    names = ("psnr", "ssim", "face_psnr", "face_ssim")
    return {
        key: {name: round(float(value), 4) for name, value in zip(names, np.mean(several, axis=0), strict=True)}
        for key, several in rows.items()
    }


def contact_sheet(
    student: Student, w: Tensor, data: PoseDataset, path: Path, columns: int = 4, lines: int = 12
) -> None:
    """Write truth and generated pictures side by side: a line of pairs for each of the first characters."""
    drawn: list[U8] = []
    for index in range(len(data.names)):
        chosen = data.rows_of(index)[:columns]
        if not chosen or len(drawn) == lines:
            continue
        sheet = _full_size(data, index)
        cells = [np.full((EVALUATION_PX, EVALUATION_PX, 3), BACKGROUND, np.uint8)] * (2 * columns)
        for column, row in enumerate(chosen):
            sample = data[row]
            cells[2 * column] = over_background(sample["picture"].permute(1, 2, 0).numpy())
            cells[2 * column + 1] = over_background(_averaged(draw(student, w[index], sample, sheet, DRAWN_PX)))
        drawn.append(np.hstack(cells))
    Image.fromarray(np.vstack(drawn)).save(path)


def main() -> None:
    """Measure a checkpoint on rows it never saw, per character and overall."""
    from engines.training.export import student_from_checkpoint

    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("checkpoint", type=Path)
    parser.add_argument("data", type=Path, help="folder of the data set")
    parser.add_argument("--split", choices=SPLITS[1:], default="held_out_poses", help="default held_out_poses")
    parser.add_argument("--limit", type=int, default=100, help="pictures per character")
    parser.add_argument("--out", type=Path, required=True, help="JSON file for the figures")
    parser.add_argument("--sheet", type=Path, help="PNG file for a contact sheet, truth left, generated right")
    arguments = parser.parse_args()
    student, styles, step = student_from_checkpoint(arguments.checkpoint)
    data = PoseDataset(arguments.data, arguments.split)
    mean = torch.stack(list(styles.values())).mean(0)
    w = torch.stack([styles.get(name, mean) for name in data.names])
    figures = evaluate(student, w, data, arguments.limit)
    result = {
        "split": arguments.split,
        "pictures_per_character": arguments.limit,
        "size_px": EVALUATION_PX,
        "step": step,
        "held_out": figures,
    }
    arguments.out.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
    if arguments.sheet:
        contact_sheet(student, w, data, arguments.sheet)
    print(json.dumps(figures["all"]))  # noqa: T201 - a command's answer


if __name__ == "__main__":
    main()
