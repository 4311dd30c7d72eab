"""Carries an arm over to a figure whose arms are longer for its shoulders, so that hands meet where they met.

Characters' arms are 1.4 times as long as people's, measured in half shoulder widths.  With a person's joint angles the
hands of a clap would cross, and a hand at the mouth would end up in the hair.  So an arm that is bent inwards keeps the
place of its wrist before the body, and one that is stretched or points outwards keeps its angles.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from realtime.retargeting.limb import perpendicular, ramp, unit

F64 = npt.NDArray[np.float64]

#: Upper arm and forearm in half shoulder widths, of people and of characters.  Source: medians of the tracker's world
#: points on ten sign clips (four people), and of the shipped characters.
_PERSON = (1.43, 1.38)
_CHARACTER = (2.0, 1.98)
#: From this share of its full length on an arm counts as being stretched out.
_BENT = 0.65
#: The wrist's place beside its own shoulder, in half shoulder widths, > 0 outwards: where angles begin to count, and
#: where only they do.
_INSIDE, _OUTSIDE = -0.3, 0.6


def carried_over(upper: F64, fore: F64) -> tuple[F64, F64]:
    """Return the directions of upper arm and forearm with which a character does what a person did.

    Args:
        upper: float64 (3,), unit, from shoulder to elbow, in the frame of the chest, as a left arm.
        fore: float64 (3,), unit, from elbow to wrist.

    Returns:
        Two unit vectors, float64 (3,) each.
    """
    wrist = _PERSON[0] * upper + _PERSON[1] * fore
    distance = float(np.linalg.norm(wrist))
    if distance < 1e-6:
        return upper, fore
    stretched = ramp(distance / sum(_PERSON), _BENT, 1.0)
    outside = ramp(float(wrist[0]), _INSIDE, _OUTSIDE)
    longer = sum(_CHARACTER) / sum(_PERSON)
    wanted = distance * (1.0 + (longer - 1.0) * max(stretched, outside))
    along = wrist / distance
    elbow = unit(perpendicular(upper, along))  # which way the elbow goes stays as it was
    first, second = _CHARACTER
    # The law of cosines for the angle at the shoulder.
    cosine = (first**2 + wanted**2 - second**2) / (2 * first * wanted)
    cosine = float(np.clip(cosine, -1.0, 1.0))
    new_upper = cosine * along + float(np.sqrt(1 - cosine**2)) * elbow
    return unit(new_upper), unit(wanted * along - first * new_upper)
