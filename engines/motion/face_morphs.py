"""Named face morphs, MikuMikuDance's, VRM's and ARKit's, as controls of the face.

MikuMikuDance's names are those that most models share, and those of Gene's motions.  A morph adds to several controls,
and what adds up beyond a control's range is cut.  Morphs of colour (blush, pallor), of pupils and of accessories have
no control.  Weights were set by what each morph shows on the faces we have: MikuMikuDance fixes names, not looks.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from engines.controls import VISEMES
from engines.motion.vmd import decoded

F64 = npt.NDArray[np.float64]

_BLINK = {"blink_left": 1.0, "blink_right": 1.0}
_BROWS_UP = {"brow_left": 1.0, "brow_right": 1.0}


def _both(name: str, weight: float) -> dict[str, float]:
    return {f"{name}_left": weight, f"{name}_right": weight}


_MORPHS: dict[str, dict[str, float]] = {
    # eyes
    "まばたき": _BLINK,
    "笑い": {"joy": 1.0},
    "ウィンク": {"blink_left": 1.0, "smile": 0.2},
    "ウィンク右": {"blink_right": 1.0, "smile": 0.2},
    "ウィンク2": {"blink_left": 1.0},
    "ウィンク2右": {"blink_right": 1.0},
    "まば左": {"blink_left": 1.0},
    "まば右": {"blink_right": 1.0},
    "なごみ": _BLINK,
    "はぅ": _BLINK | _both("brow", -0.5),
    "びっくり": {"surprised": 0.8},
    "見開き": {"surprised": 0.6},
    "驚き": {"surprised": 0.6},
    "なぬ!": {"surprised": 0.5},
    "じと目": _both("blink", 0.4),
    # brows
    "真面目": _both("brow", -0.4),
    "困る": {"sorrow": 0.7},
    "困り": {"sorrow": 0.3},
    "困り左": {"sorrow": 0.25},
    "困り右": {"sorrow": 0.25},
    "にこり": _both("brow", 0.3),
    "怒り": {"angry": 0.9} | _both("brow", -0.2),
    "怒り左": {"brow_left": -0.6, "angry": 0.25},
    "怒り右": {"brow_right": -0.6, "angry": 0.25},
    "悲しい": {"sorrow": 0.8},
    "上": _BROWS_UP,
    "下": _both("brow", -1.0),
    # mouth
    "あ": {"aa": 1.0},
    "い": {"ih": 1.0},
    "う": {"ou": 1.0},
    "え": {"ee": 1.0},
    "お": {"oh": 1.0},
    "あ2": {"aa": 0.7},
    "ああ": {"aa": 1.0},
    "いい": {"ih": 1.0},
    "えー": {"ee": 0.9},
    "おお~": {"oh": 1.0},
    "あーれー": {"aa": 0.8, "oh": 0.3},
    "叫び": {"aa": 1.0},
    "ワ": {"aa": 0.7, "smile": 0.7},
    "▲": {"aa": 0.5},
    "∧": {"sorrow": 0.25},
    "ω": {"smile": 0.4},
    "ω□": {"smile": 0.4, "aa": 0.6},
    "はんっ!": {"smile": 0.4, "ih": 0.2},
    "えへへ": {"smile": 0.6},
    "にやり": {"smile": 0.7},
    "にやり2": {"smile": 0.7},
    "にたり": {"smile": 0.7},
    "にっこり": {"smile": 1.0},
    "口わらい": {"smile": 0.8},
    "口角上げ": {"smile": 0.6},
    "口角下げ": {"sorrow": 0.3},
    "てへぺろ": {"smile": 0.6},
    # whole faces
    "笑顔(総": {"joy": 1.0},
    "怒り(総": {"angry": 1.0},
    "悲しい(総": {"sorrow": 1.0},
    "困り顔(総": {"sorrow": 0.7},
    "驚き(総": {"surprised": 1.0},
    "キメ顔(総": {"smile": 0.6} | _both("brow", -0.3),
    "じと目(総": _both("blink", 0.4),
    "とじ目(総": _BLINK,
    "にっこり口(総": {"smile": 1.0},
    # Gene's own
    "eye_close_geo_L": {"blink_left": 1.0},
    "eye_close_geo_R": {"blink_right": 1.0},
    "eye_wink_geo_L": {"blink_left": 1.0},
    "eye_wink_geo_R": {"blink_right": 1.0},
    "mouth_a_geo_C": {"aa": 1.0},
    "mouth_i_geo_C": {"ih": 1.0},
    "mouth_u_geo_C": {"ou": 1.0},
    "mouth_e_geo_C": {"ee": 1.0},
    "mouth_o_geo_C": {"oh": 1.0},
    "mouth_smile_geo": {"smile": 1.0},
    # VRM's presets
    **{name: {name: 1.0} for name in (*VISEMES, "angry", "surprised")},
    "happy": {"joy": 1.0},
    "sad": {"sorrow": 1.0},
    "relaxed": {"smile": 0.7},
    "blink": _BLINK,
    "blinkLeft": {"blink_left": 1.0},
    "blinkRight": {"blink_right": 1.0},
    # ARKit's, as motion capture writes them
    "eyeBlink": _BLINK,
    "eyeBlinkLeft": {"blink_left": 1.0},
    "eyeBlinkRight": {"blink_right": 1.0},
    "eyeWide": {"surprised": 0.6},
    "jawOpen": {"aa": 1.0},
    "mouthFunnel": {"oh": 0.7},
    "mouthPucker": {"ou": 1.0},
    "mouthSmile": {"smile": 1.0},
    "mouthSmileLeft": {"smile": 0.5},
    "mouthSmileRight": {"smile": 0.5},
    "browDown": _both("brow", -1.0),
    "browDownLeft": {"brow_left": -1.0},
    "browDownRight": {"brow_right": -1.0},
    "browInnerUp": _both("brow", 0.5),
    "browOuterUp": _both("brow", 0.7),
    "browOuterUpLeft": {"brow_left": 0.7},
    "browOuterUpRight": {"brow_right": 0.7},
}


def _as_written(name: str) -> str:
    """Return a morph's name as a file can hold it: 15 bytes of Shift-JIS, normalised."""
    return decoded(name.encode("cp932", errors="replace")[:15])


_WRITTEN = {_as_written(name): values for name, values in _MORPHS.items()}


def face_controls(weights: Mapping[str, F64]) -> dict[str, F64]:
    """Return the controls that morphs move, name -> (T,), not yet cut to their ranges.

    Args:
        weights: morph name -> its weight over time, (T,); unknown names are left out.
    """
    values: dict[str, F64] = {}
    for morph, weight in weights.items():
        for control, share in _WRITTEN.get(_as_written(morph), {}).items():
            values[control] = values.get(control, np.zeros(len(weight))) + share * weight
    return values
