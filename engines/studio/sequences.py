"""Random short sequences: poses that flow into each other, lids that blink, a mouth that talks."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from engines.controls import INDEX, VISEMES, ControlVector, clipped
from engines.framing import Framing
from engines.skeleton import Proportions
from engines.studio.collision import REFERENCE
from engines.studio.leg_poses import grounded
from engines.studio.sampling import sample_controls

F32 = npt.NDArray[np.float32]

#: Seconds from one pose to the next: a glance or a gesture at the quickest, a lean at the slowest.
PACE_S = (0.35, 1.2)
#: A blink shuts in a third of its time and opens in the rest.  Source: VanderWerf et al., "Eyelid movements:
#: behavioral studies of blinking in humans under different stimulus conditions", J. Neurophysiology 89 (2003).
BLINK_S = (0.15, 0.35)
BLINK_SHUTS = 0.35
BLINKS = 0.25
#: Syllables per second of running speech.
SYLLABLES_HZ = 5.0
TALKING = 0.4


def sample_sequence(
    rng: np.random.Generator,
    frames: int,
    fps: float,
    proportions: Proportions = REFERENCE,
    framing: Framing = "portrait",
) -> F32:
    """Return a random motion, float32 (frames, len(SPEC)).

    Args:
        rng: the only source of randomness.
        frames: how many.
        fps: frames per second.
        proportions: the figure on which collisions and the ground are checked.
        framing: as for :func:`engines.studio.sampling.sample_controls`.
    """
    times = np.arange(frames) / fps
    motion = _flow(rng, times, proportions, framing)
    if rng.random() < BLINKS:
        shut = _blink(times - rng.uniform(0, max(float(times[-1]), 1e-3)), float(rng.uniform(*BLINK_S)))
        for side in ("blink_left", "blink_right"):
            motion[:, INDEX[side]] = np.maximum(motion[:, INDEX[side]], shut)
    if rng.random() < TALKING:
        mouth = [INDEX[viseme] for viseme in VISEMES]
        motion[:, mouth] = _talk(rng, times)
    motion = clipped(motion)
    if framing == "full":
        motion = np.stack([clipped(grounded(vector, proportions)) for vector in motion])
    return np.asarray(motion, np.float32)


def _flow(
    rng: np.random.Generator, times: npt.NDArray[np.float64], proportions: Proportions, framing: Framing
) -> ControlVector:
    """Return minimum-jerk moves through random poses, starting somewhere in the first of them."""
    at = -float(rng.uniform(0, PACE_S[0]))
    poses, starts = [sample_controls(rng, proportions, framing)], [at]
    while at <= times[-1]:
        at += float(rng.uniform(*PACE_S))
        poses.append(sample_controls(rng, proportions, framing))
        starts.append(at)
    knots, keys = np.array(starts), np.stack(poses)
    before = np.clip(np.searchsorted(knots, times, side="right") - 1, 0, len(knots) - 2)
    share = np.clip((times - knots[before]) / (knots[before + 1] - knots[before]), 0, 1)
    eased = (share**3 * (10 - 15 * share + 6 * share**2))[:, None]
    return np.asarray(keys[before] * (1 - eased) + keys[before + 1] * eased, np.float32)


def _blink(times: npt.NDArray[np.float64], duration_s: float) -> F32:
    """Return how far the lids are shut, 0..1, at times since a blink began."""
    closing = times / (duration_s * BLINK_SHUTS)
    opening = (duration_s - times) / (duration_s * (1 - BLINK_SHUTS))
    return np.asarray(np.clip(np.minimum(closing, opening), 0, 1), np.float32)


def _talk(rng: np.random.Generator, times: npt.NDArray[np.float64]) -> F32:
    """Return viseme weights, (frames, 5): one syllable's vowel after the other."""
    count = int(np.ceil(times[-1] * SYLLABLES_HZ)) + 2
    vowels = rng.integers(len(VISEMES), size=count)
    loud = rng.uniform(0.3, 1.0, size=count)
    phase = times * SYLLABLES_HZ + rng.random()
    syllable = np.floor(phase).astype(int)
    open_ = np.sin(np.pi * (phase - syllable)) * loud[syllable]
    weights = np.zeros((len(times), len(VISEMES)), np.float32)
    weights[np.arange(len(times)), vowels[syllable]] = open_
    return weights
