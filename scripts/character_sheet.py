"""Draws the shipped characters in a few poses, and a blink in steps: `python -m scripts.character_sheet OUT`."""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import Image

from engines import controls
from engines.condition import Condition
from engines.engine import Engine
from engines.loading import load_engine
from engines.studio.arm import arm_controls
from realtime.compositing import over_colour

BACKGROUND = (219, 225, 237)
#: A hand beside the head, palm to the viewer.
RAISED = dict(arm_controls("right", (0.55, 0.75, 0.5), (0.4, -1.0, 0.1), (0.0, 0.0, 1.0)))

POSES: tuple[dict[str, float], ...] = (
    {},
    {"head_yaw": 30, "gaze_yaw": -12},
    {"head_yaw": -30, "head_pitch": -10, "aa": 0.8},
    {"head_pitch": 16, "head_roll": 12, "smile": 0.8},
    {"blink_left": 1.0, "smile": 0.6, "head_roll": -8},
    {"joy": 1.0, "torso_roll": 8},
    {"aa": 0.4, "head_yaw": -10, **RAISED},
)
BLINKS = (0.0, 0.25, 0.5, 0.75, 1.0)


def draw(engine: Engine, name: str, values: dict[str, float]) -> npt.NDArray[np.uint8]:
    """Return a character in a pose over the background, uint8 (512, 512, 3)."""
    picture = engine.generate(Condition(character=name, controls=controls.controls(values)))
    return over_colour(picture, BACKGROUND)


def main() -> None:
    """Write `characters.png` and `blink.png` into a folder."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("out", type=Path)
    parser.add_argument("--weights", type=Path, help="folder of weights (default: the shipped ones)")
    arguments = parser.parse_args()
    engine = load_engine(folder=arguments.weights)
    rows = [np.hstack([draw(engine, name, pose)[::2, ::2] for pose in POSES]) for name in engine.characters]
    arguments.out.mkdir(parents=True, exist_ok=True)
    Image.fromarray(np.vstack(rows)).save(arguments.out / "characters.png")
    blinks = [
        np.hstack([draw(engine, name, {"blink_left": b, "blink_right": b})[40:296, 128:384] for b in BLINKS])
        for name in engine.characters
    ]
    Image.fromarray(np.vstack(blinks)).save(arguments.out / "blink.png")


if __name__ == "__main__":
    main()
