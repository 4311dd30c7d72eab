"""Makes `engines/pretrained/sample_inputs.npz` anew, when maps, controls or styles have changed."""

from __future__ import annotations

import numpy as np

from engines.character import PRETRAINED, load_character
from engines.controls import controls, normalised
from engines.framing import Framing
from engines.sample_inputs import FILE, write_samples
from engines.structure import CharacterStructure

#: Who does what: faces and bodies, near and far, at rest and turned.
POSES: tuple[tuple[str, Framing, dict[str, float]], ...] = (
    ("gene", "portrait", {}),
    ("vivi", "portrait", {"head_yaw": 28, "head_roll": -8, "gaze_yaw": 15, "aa": 0.6, "left_upper_arm_z": -30}),
    ("vita", "portrait", {"blink_left": 1.0, "smile": 0.7, "head_pitch": 10, "torso_yaw": -20}),
    ("gene", "full", {"right_upper_arm_z": 40, "joy": 0.8, "head_yaw": -15}),
)


def main() -> None:
    """Write the file and say how large it is."""
    maps, conditions, styles = [], [], []
    for name, framing, pose in POSES:
        character = load_character(PRETRAINED / "characters" / name)
        vector = controls(pose)
        prepared = CharacterStructure(character.proportions, character.figure, character.sheet)
        maps.append(prepared.structure(vector, framing, 512).maps)
        conditions.append(normalised(vector))
        styles.append(character.w)
    size = write_samples(FILE, np.stack(maps), np.stack(conditions), np.stack(styles))
    print(f"{FILE}: {len(maps)} pictures, {size / 1024:.0f} kB")


if __name__ == "__main__":
    main()
