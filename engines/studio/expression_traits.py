"""What an expression does beside moving vertices: it changes materials, and holds other expressions back.

Avatars whose files say nothing of the kind, as those of VRM 0.x mostly do, show every control as it is.

Source: VRM 1.0 specification, `VRMC_vrm.expressions` (binds, isBinary, procedural override).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import Enum
from typing import Any

import numpy as np
import numpy.typing as npt

from engines.studio.materials import GAMMA, Colour, Material, UvTransform

F64 = npt.NDArray[np.float64]

_BINARY_FROM = 0.5


class Override(Enum):
    """What an expression does to others while it shows; the values are the file's words."""

    NONE = "none"
    BLOCK = "block"
    BLEND = "blend"


class Held(Enum):
    """Expressions that others hold back together: the stems of their names among our controls."""

    BLINK = ("blink",)
    LOOK_AT = ("look_left", "look_right", "look_up", "look_down")
    MOUTH = ("aa", "ih", "ou", "ee", "oh")

    def has(self, name: str) -> bool:
        """Return whether an expression is one of these."""
        return name in self.value or (self is Held.BLINK and name.startswith("blink"))


@dataclass(frozen=True, slots=True, kw_only=True)
class ColourBind:
    """Brings a colour of a material to `target` as the weight grows to 1: `field` is its name in `Material`."""

    material: int
    field: str
    target: Colour


@dataclass(frozen=True, slots=True, kw_only=True)
class UvBind:
    """Brings the uvs of a material's textures to `target` as the weight grows to 1."""

    material: int
    target: UvTransform

    def matrix(self, base: UvTransform, weight: float) -> F64:
        """Return what moves the avatar's uvs, which hold `base` already, float64 (2, 3)."""
        offset = tuple(a + (b - a) * weight for a, b in zip(base.offset, self.target.offset, strict=True))
        scale = tuple(a + (b - a) * weight for a, b in zip(base.scale, self.target.scale, strict=True))
        moved = _matrix(UvTransform(offset=offset, rotation=base.rotation, scale=scale))  # type: ignore[arg-type]
        return np.asarray((moved @ np.linalg.pinv(_matrix(base)))[:2])


@dataclass(frozen=True, slots=True, kw_only=True)
class Traits:
    """What an expression does beside moving vertices.

    Args:
        is_binary: it shows fully from half its weight on, and not at all below.
        overrides: what it does to blinks, gaze and visemes.
        colours: of materials.
        uvs: of materials.
    """

    is_binary: bool = False
    overrides: tuple[tuple[Held, Override], ...] = ()
    colours: tuple[ColourBind, ...] = ()
    uvs: tuple[UvBind, ...] = ()


def held_back(weights: Mapping[str, float], traits: Mapping[str, Traits]) -> dict[str, float]:
    """Return the weights that a file's own rules make of weights, 0..1, by expression; those of 0 are left out."""
    none = Traits()
    shown = {
        name: float(weight > _BINARY_FROM) if traits.get(name, none).is_binary else min(max(weight, 0.0), 1.0)
        for name, weight in weights.items()
    }
    result = dict(shown)
    for held in Held:
        effect = 0.0
        for name, weight in shown.items():
            override = dict(traits.get(name, none).overrides).get(held, Override.NONE)
            if weight > 0.0 and not held.has(name) and override is not Override.NONE:
                effect += 1.0 if override is Override.BLOCK else weight
        for name in shown:
            if held.has(name) and effect > 0.0:
                result[name] *= 0.0 if traits.get(name, none).is_binary else 1.0 - min(effect, 1.0)
    return {name: weight for name, weight in result.items() if weight > 0.0}


def changed_materials(
    materials: tuple[Material, ...], weights: Mapping[str, float], traits: Mapping[str, Traits]
) -> tuple[Material, ...]:
    """Return the materials with the colours that expressions of these weights give them."""
    colours: dict[tuple[int, str], F64] = {}
    for name, weight in weights.items():
        for bind in traits[name].colours if name in traits else ():
            base = _linear(getattr(materials[bind.material], bind.field))
            before = colours.get((bind.material, bind.field), base)
            colours[bind.material, bind.field] = before + (_linear(bind.target) - base) * weight
    changed = list(materials)
    for (material, field), colour in colours.items():
        encoded: dict[str, Any] = {field: _encoded(colour)}  # the field's name comes from the file
        changed[material] = replace(changed[material], **encoded)
    return tuple(changed)


def _linear(colour: Colour) -> F64:
    return np.array([*(max(value, 0.0) ** GAMMA for value in colour[:3]), colour[3]])


def _encoded(linear: F64) -> Colour:
    red, green, blue = (float(value) for value in np.maximum(linear[:3], 0.0) ** (1.0 / GAMMA))
    return red, green, blue, float(linear[3])


def _matrix(transform: UvTransform) -> F64:
    corners = transform.apply(np.array([[0.0, 0.0], [1.0, 0.0], [0.0, 1.0]], np.float32)).astype(np.float64)
    matrix = np.eye(3)
    matrix[:2, 0], matrix[:2, 1], matrix[:2, 2] = corners[1] - corners[0], corners[2] - corners[0], corners[0]
    return matrix
