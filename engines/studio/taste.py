"""Which colours go together: draws hair, irises, skin and clothes as an illustrator might, and says what is ugly.

Colours are drawn in lightness, chroma and hue of CIELAB.  Ranges and rules were set by eye over sheets of some
hundred characters.
"""

from __future__ import annotations

from collections.abc import Collection

import numpy as np
import numpy.typing as npt

from engines.studio.colour import Lab, difference, lab_of_lch
from engines.studio.paint import Paint

F32 = npt.NDArray[np.float32]
Range = tuple[float, float]

#: Share, lightness, chroma, hue in degrees.
_HAIR: dict[str, tuple[float, Range, Range, Range]] = {
    "black": (1.6, (11, 19), (0, 6), (240, 300)),
    "dark brown": (1.2, (20, 31), (9, 18), (45, 65)),
    "brown": (1.2, (34, 48), (17, 29), (48, 66)),
    "auburn": (0.8, (30, 42), (28, 42), (36, 48)),
    "honey": (0.8, (58, 70), (42, 58), (62, 74)),
    "blond": (1.4, (72, 84), (26, 46), (76, 90)),
    "platinum": (0.8, (84, 90), (6, 15), (82, 98)),
    "silver": (1.0, (66, 84), (0, 6), (240, 290)),
    "white": (0.7, (89, 92), (0, 3), (0, 360)),
    "pink": (1.1, (66, 80), (24, 42), (350, 372)),
    "rose": (0.6, (46, 58), (36, 52), (352, 370)),
    "red": (1.0, (32, 45), (46, 62), (22, 36)),
    "purple": (0.8, (30, 54), (28, 48), (302, 322)),
    "lavender": (0.7, (68, 80), (16, 30), (296, 314)),
    "navy": (0.7, (18, 30), (14, 30), (272, 290)),
    "blue": (1.0, (38, 58), (30, 46), (258, 282)),
    "sky": (0.8, (68, 82), (18, 32), (228, 258)),
    "teal": (0.8, (46, 68), (24, 38), (186, 214)),
    "green": (0.7, (40, 62), (22, 40), (142, 166)),
    "mint": (0.6, (78, 87), (16, 26), (158, 182)),
}
_IRIS: dict[str, tuple[float, Range, Range, Range]] = {
    "blue": (1.4, (42, 58), (38, 54), (256, 284)),
    "sky": (0.9, (62, 74), (30, 42), (225, 252)),
    "teal": (0.9, (52, 66), (32, 44), (182, 208)),
    "green": (1.2, (50, 66), (40, 60), (134, 160)),
    "amber": (1.2, (60, 72), (54, 72), (68, 84)),
    "brown": (1.0, (34, 46), (26, 40), (50, 66)),
    "red": (1.0, (40, 52), (52, 68), (20, 36)),
    "pink": (0.6, (54, 66), (44, 58), (352, 368)),
    "violet": (1.1, (38, 54), (44, 60), (300, 318)),
    "grey": (0.4, (48, 64), (4, 10), (230, 280)),
}
#: Garment styles: lightness, chroma.
_CLOTH: dict[str, tuple[float, Range, Range]] = {
    "vivid": (1.2, (42, 60), (34, 52)),
    "deep": (1.2, (18, 32), (12, 30)),
    "soft": (1.0, (58, 74), (14, 30)),
    "pastel": (1.0, (80, 89), (8, 20)),
    "black": (0.7, (12, 20), (0, 5)),
    "grey": (0.5, (38, 70), (0, 5)),
    "white": (0.9, (90, 95), (0, 4)),
}
#: Hue of a second garment against the first: alike, beside it, opposite, a third round.
_HARMONIES = (0.0, 25.0, -25.0, 180.0, 150.0, 120.0, -120.0)
#: Skin from fair to deep: (place, lightness, chroma, hue).
#: Source: between the ends of measured skin (K. Xiao et al., "Characterising the variations in ethnic skin colours",
#: Skin Research and Technology 23, 2017), lighter and less yellow at the fair end, as it is drawn.
_SKIN = np.array(
    [
        (0.0, 91.5, 12, 50),
        (0.2, 88, 16, 56),
        (0.45, 76, 24, 63),
        (0.65, 62, 29, 62),
        (0.85, 49, 27, 56),
        (1.0, 41, 22, 52),
    ]
)
_SKIN_HUE_SPREAD_DEG = 3.5
#: Draws of the place on that line: mostly fair, as the genre is, and deep often enough to be learnt.
_SKIN_SHAPE = (0.85, 1.45)
ODD_EYES = 0.07
#: Least CIEDE2000 differences; below them a picture loses its drawing.
_APART: tuple[tuple[Paint, Paint, float], ...] = (
    (Paint.HAIR, Paint.SKIN, 22.0),
    (Paint.IRIS_LEFT, Paint.SKIN, 20.0),
    (Paint.IRIS_RIGHT, Paint.SKIN, 20.0),
    (Paint.TOP, Paint.SKIN, 18.0),
    (Paint.BOTTOM, Paint.SKIN, 14.0),
    (Paint.TOP, Paint.HAIR, 11.0),
    (Paint.TOP, Paint.EXTRA, 14.0),
    (Paint.NECKWEAR, Paint.EXTRA, 16.0),
    (Paint.NECKWEAR, Paint.TOP, 16.0),
)
#: Cloth of these hues at middling lightness looks like mud.
_MUD = ((80.0, 128.0), (14.0, 64.0), 11.0)
_TRIES = 60


def sample_colours(rng: np.random.Generator, present: Collection[Paint], own: dict[Paint, F32]) -> dict[Paint, Lab]:
    """Return new main colours that go together.

    Args:
        rng: the only source of randomness.
        present: what the character has.
        own: its present colours, CIELAB (3,): what is not drawn anew must go with the rest too.
    """
    for _ in range(_TRIES):
        drawn = _draw(rng, present)
        whole = {**own, **{paint: np.asarray(lab, np.float32) for paint, lab in drawn.items()}}
        if not ugly(whole):
            return drawn
    return drawn


def ugly(colours: dict[Paint, F32]) -> str:
    """Return why colours do not go together, or an empty text where they do."""
    rules = [rule for rule in _APART if rule[0] in colours and rule[1] in colours]
    if rules:
        one = np.stack([colours[rule[0]] for rule in rules])
        other = np.stack([colours[rule[1]] for rule in rules])
        for (first, second, least), apart in zip(rules, difference(one, other), strict=True):
            if apart < least:
                return f"{first.name.lower()} is too near to {second.name.lower()}"
    hues, lights, chroma = _MUD
    for paint in (Paint.TOP, Paint.BOTTOM, Paint.EXTRA, Paint.NECKWEAR):
        if paint in colours:
            lightness, a, b = colours[paint].tolist()
            hue = float(np.degrees(np.arctan2(b, a)) % 360)
            if hues[0] < hue < hues[1] and lights[0] < lightness < lights[1] and np.hypot(a, b) > chroma:
                return f"{paint.name.lower()} is mud-coloured"
    return ""


def sample_skin(rng: np.random.Generator) -> Lab:
    """Return a skin colour, from fair to deep brown."""
    place = float(rng.beta(*_SKIN_SHAPE))
    lightness, chroma, hue = (float(np.interp(place, _SKIN[:, 0], _SKIN[:, column])) for column in (1, 2, 3))
    return lab_of_lch(lightness, chroma * rng.uniform(0.9, 1.1), hue + rng.normal(0, _SKIN_HUE_SPREAD_DEG))


def _draw(rng: np.random.Generator, present: Collection[Paint]) -> dict[Paint, Lab]:
    hair = _of_family(rng, _HAIR)
    colours = {Paint.HAIR: hair, Paint.SKIN: sample_skin(rng), **_lines(rng, hair)}
    iris = _of_family(rng, _IRIS)
    colours[Paint.IRIS_LEFT] = iris
    colours[Paint.IRIS_RIGHT] = _of_family(rng, _IRIS) if rng.random() < ODD_EYES else iris
    colours |= _clothes(rng)
    return {paint: lab for paint, lab in colours.items() if paint in present}


def _lines(rng: np.random.Generator, hair: Lab) -> dict[Paint, Lab]:
    """Return brows a little darker than the hair, and dark lashes with a breath of its hue."""
    lightness, a, b = hair
    darker = lightness - rng.uniform(6, 16) * min(1.0, lightness / 50)
    chroma = max(float(np.hypot(a, b)), 1e-3)
    share = min(14.0, chroma) / chroma
    return {Paint.BROWS: (darker, a * 0.9, b * 0.9), Paint.LASHES: (rng.uniform(13, 22), a * share, b * share)}


def _clothes(rng: np.random.Generator) -> dict[Paint, Lab]:
    hue = rng.uniform(0, 360)
    garments = {}
    for paint in (Paint.TOP, Paint.EXTRA, Paint.BOTTOM, Paint.SHOES, Paint.NECKWEAR):
        styles = {name: share for name, (share, *_) in _CLOTH.items()}
        if paint is Paint.BOTTOM:
            styles |= {"deep": 2.0, "black": 1.5, "vivid": 0.5, "pastel": 0.4}
        if paint is Paint.NECKWEAR:
            styles |= {"deep": 2.0, "vivid": 2.0, "soft": 0.6, "grey": 0.1, "white": 0.2}
        if paint is Paint.SHOES:
            styles |= {"deep": 2.0, "black": 2.0, "vivid": 0.3, "pastel": 0.2}
        style = _choose(rng, styles)
        _, lightness, chroma = _CLOTH[style]
        turn = 0.0 if paint is Paint.TOP else float(rng.choice(_HARMONIES))
        garments[paint] = lab_of_lch(rng.uniform(*lightness), rng.uniform(*chroma), hue + turn + rng.normal(0, 6))
    return garments


def _of_family(rng: np.random.Generator, families: dict[str, tuple[float, Range, Range, Range]]) -> Lab:
    name = _choose(rng, {name: share for name, (share, *_) in families.items()})
    _, lightness, chroma, hue = families[name]
    return lab_of_lch(rng.uniform(*lightness), rng.uniform(*chroma), rng.uniform(*hue))


def _choose(rng: np.random.Generator, shares: dict[str, float]) -> str:
    names = list(shares)
    weight = np.array([shares[name] for name in names])
    return names[int(rng.choice(len(names), p=weight / weight.sum()))]
