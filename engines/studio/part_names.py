"""The parts of a character, and which of them a material's name promises.

Source of names: VRoid Studio's exports (`F00_000_00_EyeIris_00_EYE`), PMX files (Japanese, often romanised when
converted), UniVRM's and the VRM consortium's samples.
"""

from __future__ import annotations

import re
from enum import IntEnum


class Part(IntEnum):
    """What a triangle is; 0 is what a picture shows beside the character.  The numbers are stored in data sets."""

    NOTHING = 0
    HAIR = 1
    FACE_SKIN = 2
    EYE_WHITE = 3
    IRIS = 4
    HIGHLIGHT = 5
    LASHES = 6
    BROWS = 7
    MOUTH = 8
    BODY_SKIN = 9
    HANDS = 10
    CLOTHES = 11
    ACCESSORIES = 12


EYES = frozenset({Part.EYE_WHITE, Part.IRIS, Part.HIGHLIGHT})
SKIN = frozenset({Part.FACE_SKIN, Part.BODY_SKIN, Part.HANDS})

#: First match wins; against the name in small letters.  Kana and kanji match anywhere, Latin words at a border.
_RULES: tuple[tuple[str, Part], ...] = (
    (r"eyehighlight|high_?light|ハイライト|星目|ぐるぐる", Part.HIGHLIGHT),
    (r"eyeiris|iris|pupil|hitomi|瞳", Part.IRIS),
    (r"eyewhite|eye_white|sclera|shirome|白目", Part.EYE_WHITE),
    (r"eyelash|eyeline|eyeextra|matsuge|(?<![a-z])lash|睫|まつ毛|まつげ|アイライン", Part.LASHES),
    (r"facebrow|eyebrow|(?<![a-z])brow|mayu(?![a-z])|眉|まゆ", Part.BROWS),
    (r"facemouth|mouth|teeth|tooth|tongue|(?<![a-z])kuchi(?![a-z])|歯|舌|口", Part.MOUTH),
    (r"cheek|blush|頬|照れ|青ざめ", Part.FACE_SKIN),
    # VRoid ends a material's name with what it is made of, so that `Accessory_Tie_01_CLOTH` is cloth.
    (
        r"(?<![a-z])cloth(es|ing)?(?![a-z])|tops|bottoms|onepiece|shoes|skirt|shirt|pants|socks|wear(?!_metal)|huku|fuku",
        Part.CLOTHES,
    ),
    (r"服|スカート|トップス|ボトムス|アンダー|シャツ|パンツ|ズボン|靴|くつ|ブーツ|マフラー|袖", Part.CLOTHES),
    (r"accessor|glass|megane|ribbon|(?<![a-z])hat(?![a-z])|backpack|logo|metal|plastic|gear|robo", Part.ACCESSORIES),
    (r"メガネ|眼鏡|帽子|リボン|アクセ|飾|ピアス", Part.ACCESSORIES),
    (r"hair|ahoge|(?<![a-z])kami(?![a-z])|髪|アホ毛", Part.HAIR),
    (r"(?<![a-z])face(?![a-z])|(?<![a-z])kao(?![a-z])|顔|かお", Part.FACE_SKIN),
    (r"(?<![a-z])eyes?(?![a-z])|(?<![a-z])me(?![a-z])|目", Part.IRIS),
    (r"(?<![a-z])(body|skin|hada|karada)(?![a-z])|肌|体|手", Part.BODY_SKIN),
)
_COMPILED = tuple((re.compile(pattern), part) for pattern, part in _RULES)


#: From here on the names are those of materials that often hold several parts.
_FIRST_MIXED = len(_RULES) - 3


def part_of_name(name: str) -> tuple[Part | None, bool]:
    """Return which part a material's name promises, None where it promises nothing, and whether others hide in it."""
    small = name.lower()
    for number, (pattern, part) in enumerate(_COMPILED):
        if pattern.search(small):
            return part, number >= _FIRST_MIXED
    return None, True
