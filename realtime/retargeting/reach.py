"""Carries an arm over to a figure whose arms are longer for its shoulders, so that hands meet where they met.

Characters' arms are 1.3 times as long as people's, measured in half shoulder widths.  With a person's joint angles the
hands of a clap would cross, and a hand at the mouth would end up in the hair.  So an arm that is bent inwards keeps the
place of its wrist before the body, one that is bent upwards its place beside the face, and one that is stretched or
points outwards keeps its angles.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from realtime.retargeting.limb import Side, perpendicular, unit
from realtime.retargeting.ramp import ramp

F64 = npt.NDArray[np.float64]

#: Upper arm and forearm of characters in half shoulder widths.  Source: medians of the shipped characters.
_CHARACTER = (2.0, 1.98)
#: Shares of its full length from which on an arm begins to count as stretched out, and does: hanging arms are bent by
#: up to 50 degrees.
_BENT, _STRETCHED = 0.65, 0.9
#: The wrist's place beside its own shoulder, in half shoulder widths, > 0 outwards: where angles begin to count, and
#: where only they do.
_INSIDE, _OUTSIDE = -0.3, 0.6
#: From this far below the mouth on, and wholly from its height on, places are taken relative to the face.
_BELOW_MOUTH = 0.6
#: A character's mouth, from between the shoulders, and how high its eyes are above it.  Source: as above.
_MOUTH: F64 = np.array([0.0, 1.07, 0.82])
_EYES_ABOVE_MOUTH = 0.70


@dataclass(frozen=True, slots=True, kw_only=True)
class FacePlace:
    """Where a person's face is, in half shoulder widths, in the frame of the chest.

    Args:
        mouth: float64 (3,), from between the shoulders; x is the subject's left.
        eyes_above_mouth: the distance from mouth to eyes.
    """

    mouth: F64
    eyes_above_mouth: float


#: Where it is where no face is seen.  Source: medians over four people of the sign clips.
USUAL_FACE = FacePlace(mouth=np.array([0.0, 1.0, 0.6]), eyes_above_mouth=0.42)


def carried_over(side: Side, upper: F64, fore: F64, face: FacePlace = USUAL_FACE) -> tuple[F64, F64]:
    """Return the directions of upper arm and forearm with which a character does what a person did.

    Args:
        side: which arm, the subject's.
        upper: float64 (3,), from shoulder to elbow in half shoulder widths, in the frame of the chest, as a left arm.
        fore: float64 (3,), from elbow to wrist.
        face: where the person's face is.

    Returns:
        Two unit vectors, float64 (3,) each.
    """
    wrist, length = upper + fore, float(np.linalg.norm(upper) + np.linalg.norm(fore))
    distance = float(np.linalg.norm(wrist))
    if distance < 1e-6:
        return unit(upper), unit(fore)
    stretched = ramp(distance / length, _BENT, _STRETCHED)
    near = ramp(float(wrist[1]), float(face.mouth[1]) - _BELOW_MOUTH, float(face.mouth[1]))
    outside = ramp(float(wrist[0]), _INSIDE, _OUTSIDE) * (1 - near)
    angles = max(stretched, outside)
    wanted = angles * wrist * (sum(_CHARACTER) / length) + (1 - angles) * _place(side, wrist, face, near)
    distance = max(float(np.linalg.norm(wanted)), 1e-6)
    along = wanted / distance
    elbow = unit(perpendicular(upper, along))  # which way the elbow goes stays as it was
    first, second = _CHARACTER
    # The law of cosines for the angle at the shoulder.
    cosine = float(np.clip((first**2 + distance**2 - second**2) / (2 * first * distance), -1.0, 1.0))
    new_upper = cosine * along + float(np.sqrt(1 - cosine**2)) * elbow
    return unit(new_upper), unit(wanted - first * new_upper)


def _place(side: Side, wrist: F64, face: FacePlace, near: float) -> F64:
    """Return where a wrist before a person is before a character, from the same shoulder."""
    shoulder = np.array([1.0, 0.0, 0.0])
    aside = np.array([float(face.mouth[0]) * (1.0 if side == "left" else -1.0), 0.0, 0.0])
    from_mouth = wrist + shoulder - aside - face.mouth * [0.0, 1.0, 1.0]
    larger = _EYES_ABOVE_MOUTH / max(face.eyes_above_mouth, 0.1)
    beside_face = aside + _MOUTH + from_mouth * [larger, larger, 1.0] - shoulder
    return np.asarray(wrist + near * (beside_face - wrist), np.float64)
