"""Random arms and hands in front of a camera: hanging, raised, at the chin, before face and body."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from engines.controls import FINGERS, SIDES
from engines.studio.arm import arm_controls

Values = dict[str, float]
Place = tuple[float, float, float]

#: Share of arms that hang.
HANGING_ARMS = 0.45


def hands(rng: np.random.Generator) -> Values:
    """Return both wrists and all fingers: relaxed, open, fists, victory, pointing, anything."""
    values: Values = {}
    for side in SIDES:
        values[f"{side}_wrist_flexion"] = float(rng.normal(0, 14))
        values[f"{side}_wrist_deviation"] = float(rng.normal(3, 8))
        kind = rng.random()
        for index, finger in enumerate(FINGERS):
            if kind < 0.45:  # relaxed
                curl = 0.2 + rng.normal(0, 0.08)
            elif kind < 0.65:  # open
                curl = rng.uniform(0, 0.1)
            elif kind < 0.8:  # fist, more or less
                curl = rng.uniform(0.75, 1.0)
            elif kind < 0.88:  # victory
                curl = rng.uniform(0, 0.1) if index in {1, 2} else rng.uniform(0.8, 1)
            elif kind < 0.94:  # pointing
                curl = rng.uniform(0, 0.1) if index == 1 else rng.uniform(0.7, 1)
            else:
                curl = rng.uniform(0, 1)
            values[f"{side}_{finger}_curl"] = float(curl)
    return values


def _elbow_hint(rng: np.random.Generator) -> npt.NDArray[np.float64]:
    """Return where an elbow swings of itself: down, out, a little back."""
    return np.asarray(np.array([0.6, -1.0, -0.2]) + rng.normal(0, (0.35, 0.25, 0.2)))


def _reaching(rng: np.random.Generator, side: str, low: Place, high: Place, palm: npt.ArrayLike) -> Values:
    """Return an arm whose wrist is somewhere in a box and whose palm looks roughly to `palm`."""
    towards = np.asarray(palm, np.float64) + rng.normal(0, 0.35, 3)
    values = dict(arm_controls(side, rng.uniform(low, high), _elbow_hint(rng), towards))
    values[f"{side}_shoulder_raise"] = float(rng.normal(3, 4))
    return values


def hanging(rng: np.random.Generator, side: str) -> Values:
    """Return an arm that hangs at the side."""
    return {
        f"{side}_shoulder_raise": float(rng.normal(0, 4)),
        f"{side}_upper_arm_x": float(rng.normal(0, 10)),
        f"{side}_upper_arm_y": float(rng.normal(0, 8)),
        f"{side}_upper_arm_z": float(np.clip(rng.normal(-71, 7), -82, -50)),
        f"{side}_elbow": float(np.abs(rng.normal(8, 12))),
        f"{side}_forearm_twist": float(rng.normal(0, 15)),
    }


def _raised(rng: np.random.Generator, side: str) -> Values:
    return _reaching(rng, side, (0.05, 0.2, 0.1), (1.0, 1.3, 0.8), (0, 0, 1))


def _in_front(rng: np.random.Generator, side: str) -> Values:
    palms = ((-0.5, 0, -1), (0, 0, 1), (-1, 0, 0), (0, -1, 0), (0, 1, 0))
    return _reaching(rng, side, (-0.9, -0.9, 0.6), (0.3, 0.9, 1.5), palms[rng.integers(len(palms))])


def _out(rng: np.random.Generator, side: str) -> Values:
    return _reaching(rng, side, (0.8, -1.4, -0.3), (1.9, 1.2, 0.9), rng.normal(0, 1, 3))


def _chin(rng: np.random.Generator, side: str) -> Values:
    return _reaching(rng, side, (-0.65, 0.05, 0.6), (-0.25, 0.4, 0.95), (-0.6, 0.2, -1))


def _up(rng: np.random.Generator, side: str) -> Values:
    return _reaching(rng, side, (-0.4, 1.2, -0.2), (0.8, 1.9, 0.4), rng.normal(0, 1, 3))


def _crossed(rng: np.random.Generator, side: str) -> Values:
    return _reaching(rng, side, (-1.0, -1.0, 0.55), (-0.5, -0.6, 0.85), (0, 0, -1))


_POSES: tuple[tuple[float, Callable[[np.random.Generator, str], Values]], ...] = (
    (0.38, _raised),
    (0.30, _in_front),
    (0.14, _out),
    (0.12, _chin),
    (0.06, _up),
)


def arms(rng: np.random.Generator) -> Values:
    """Return both arms, each hanging or doing what hands do before a camera."""
    if rng.random() < 0.04:
        return _crossed(rng, "left") | _crossed(rng, "right")
    values: Values = {}
    shares = np.array([share for share, _ in _POSES])
    pose = _POSES[rng.choice(len(_POSES), p=shares / shares.sum())][1]
    for side in SIDES:
        # Both arms often do the same.
        if rng.random() < 0.5:
            pose = _POSES[rng.choice(len(_POSES), p=shares / shares.sum())][1]
        values |= hanging(rng, side) if rng.random() < HANGING_ARMS else pose(rng, side)
    return values
