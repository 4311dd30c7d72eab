"""Joy, anger, sorrow and surprise from what brows, eyes and mouth do at once.

No shape alone makes an expression: who talks raises a brow, and who listens lets the corners of the mouth hang.  So
each expression is a product of what must be there, and stays 0 while one part is missing.
"""

from __future__ import annotations

from dataclasses import dataclass

from realtime.retargeting.ramp import ramp

#: The avatars' joy shuts the eyes and takes over the mouth (`engines/expression.py`): only a laugh gets more than this.
_JOY_SMILE, _JOY_LAUGH = 0.5, 0.85
#: The greatest weight of the others, so that lids and mouth stay the user's.
_MOST = 0.8
#: Weights, or measures relative to the face at rest, at which each part begins and is complete.  Source: the faces of
#: `benchmarks/face_warps.py` through the face network, and the sign clips, in which nothing but `want` (a frown) and
#: `eat` (a laugh) makes an expression.
_BROWS_UP, _EYES_OR_JAW = (0.10, 0.50), (0.25, 0.65)
_BROWS_DOWN, _NARROWED = (0.15, 0.50), (0.03, 0.12)
_INNER_UP, _CORNERS_DOWN = (0.007, 0.014), (0.012, 0.040)
_SMILE, _LAUGH_JAW, _SQUINT = (0.55, 0.95), (0.15, 0.50), (0.08, 0.30)
_WIDE = (0.08, 0.30)
#: Eyes less open than the first over their width begin to be slits, at the second they are.
_SLIT_FROM, _SLIT = 0.25, 0.17
#: Turned so far from the camera, brows say too little about anger and sorrow: yaw and pitch, degrees.
_TURNED_DEG, _BOWED_DEG = (22.0, 38.0), (18.0, 30.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Shapes:
    """What the parts of a face do, relative to the face at rest.

    Args:
        brow: -1 lowered, +1 raised, mean of both.
        inner_brow: how much the brows' inner ends rise above their outer halves, over the distance of the eye corners.
        opening: of the eyes, over the usual one; 1 is at rest.
        slit: opening of the eyes over their width, whatever is usual.
        smile: 0..1.
        jaw: 0..1, how far the mouth is open.
        corner_lift: of the corners of the mouth, over the distance of the eye corners.
        yaw_deg: the head's towards the camera.
        pitch_deg: the same.
    """

    brow: float
    inner_brow: float
    opening: float
    slit: float
    smile: float
    jaw: float
    corner_lift: float
    yaw_deg: float
    pitch_deg: float


def emotions(shapes: Shapes) -> dict[str, float]:
    """Return the weights of joy, angry, sorrow and surprised; where two compete, the stronger takes more."""
    no_smile = 1 - ramp(shapes.smile, 0.15, 0.45)
    jaw_shut = 1 - ramp(shapes.jaw, 0.2, 0.5)
    frontal = (1 - ramp(abs(shapes.yaw_deg), *_TURNED_DEG)) * (1 - ramp(abs(shapes.pitch_deg), *_BOWED_DEG))
    smiling = ramp(shapes.smile, *_SMILE)
    angry = ramp(-shapes.brow, *_BROWS_DOWN) * ramp(1 - shapes.opening, *_NARROWED) * no_smile * jaw_shut
    sorrow = ramp(shapes.inner_brow, *_INNER_UP) * ramp(-shapes.corner_lift, *_CORNERS_DOWN) * no_smile
    wide_or_open = ramp(0.6 * ramp(shapes.opening - 1, *_WIDE) + 0.7 * shapes.jaw, *_EYES_OR_JAW)
    # Joy shuts the eyes of avatars: who grins with open eyes gets half of it and no laugh.
    laughing_eyes = max(ramp(1 - shapes.opening, *_SQUINT), 1 - ramp(shapes.slit, _SLIT, _SLIT_FROM))
    evidence = {
        "joy": smiling * (0.5 + 0.5 * laughing_eyes) * _JOY_SMILE
        + smiling * laughing_eyes * ramp(shapes.jaw, *_LAUGH_JAW) * (_JOY_LAUGH - _JOY_SMILE),
        "angry": angry * frontal * _MOST,
        "sorrow": sorrow * frontal * _MOST,
        "surprised": ramp(shapes.brow, *_BROWS_UP) * wide_or_open * no_smile * _MOST,
    }
    total = sum(evidence.values())
    return {name: value * value / total if total > 0 else 0.0 for name, value in evidence.items()}
