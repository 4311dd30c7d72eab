"""What expressions do beside moving vertices."""

from __future__ import annotations

import numpy as np
import pytest

from engines.studio.expression_traits import (
    ColourBind,
    Held,
    Override,
    Traits,
    UvBind,
    changed_materials,
    held_back,
)
from engines.studio.materials import Material, UvTransform


def _overriding(override: Override, *, is_binary: bool = False) -> dict[str, Traits]:
    return {"joy": Traits(is_binary=is_binary, overrides=((Held.BLINK, override),))}


def test_held_back_without_traits_changes_nothing() -> None:
    """Weights that no rule concerns stay, within 0 and 1; those of 0 go."""
    assert held_back({"joy": 0.5, "blink_left": 2.0, "aa": 0.0}, {}) == {"joy": 0.5, "blink_left": 1.0}


def test_held_back_block_hides_however_little_shows() -> None:
    """A blocking expression hides the blinks as soon as it shows at all."""
    weights = {"joy": 0.1, "blink_left": 1.0, "blink": 1.0, "aa": 1.0}
    assert held_back(weights, _overriding(Override.BLOCK)) == {"joy": 0.1, "aa": 1.0}


def test_held_back_blend_fades_linearly_and_adds_up() -> None:
    """Blending expressions fade the blinks by the sum of their weights."""
    traits = _overriding(Override.BLEND) | {"angry": Traits(overrides=((Held.BLINK, Override.BLEND),))}
    assert held_back({"joy": 0.25, "blink_right": 0.8}, traits)["blink_right"] == pytest.approx(0.6)
    assert held_back({"joy": 0.25, "angry": 0.5, "blink_right": 0.8}, traits)["blink_right"] == pytest.approx(0.2)


def test_held_back_binary_expression_overrides_by_what_it_shows() -> None:
    """Below half its weight a binary expression does not show, so that it holds nothing back."""
    traits = _overriding(Override.BLOCK, is_binary=True)
    assert held_back({"joy": 0.4, "blink_left": 0.7}, traits) == {"blink_left": 0.7}
    assert held_back({"joy": 0.6, "blink_left": 0.7}, traits) == {"joy": 1.0}


def test_held_back_binary_expression_is_suppressed_wholly() -> None:
    """What shows fully or not at all is hidden by any effect on it."""
    traits = _overriding(Override.BLEND) | {"blink_left": Traits(is_binary=True)}
    assert held_back({"joy": 0.1, "blink_left": 1.0}, traits) == {"joy": 0.1}


def test_held_back_own_kind_is_not_overridden() -> None:
    """A blink that overrides blinks is invalid and does nothing."""
    traits = {"blink": Traits(overrides=((Held.BLINK, Override.BLOCK),))}
    assert held_back({"blink": 1.0, "blink_left": 0.5}, traits) == {"blink": 1.0, "blink_left": 0.5}


def test_changed_materials_mixes_in_linear_light() -> None:
    """Half the weight is half the way in linear light; other materials stay the same objects."""
    materials = (Material(name="a"), Material(name="b", lit_colour=(1.0, 1.0, 1.0, 0.5)))
    traits = {"joy": Traits(colours=(ColourBind(material=1, field="lit_colour", target=(1.0, 0.0, 0.0, 1.0)),))}
    changed = changed_materials(materials, {"joy": 0.5, "aa": 1.0}, traits)
    assert changed[0] is materials[0]
    assert changed[1].lit_colour == pytest.approx((1.0, 0.5 ** (1 / 2.2), 0.5 ** (1 / 2.2), 0.75))


def test_uv_bind_matrix_replaces_the_transform_in_the_uvs() -> None:
    """At weight 0 the uvs stay; at 1 they lie as if the file had the target's transform."""
    base = UvTransform(offset=(0.1, 0.2), scale=(2.0, 1.0))
    target = UvTransform(offset=(0.5, 0.0), scale=(0.5, 1.0))
    bind = UvBind(material=0, target=target)
    uvs = np.array([[0.0, 0.0], [1.0, 0.5], [0.25, 1.0]], np.float32)
    stored = np.c_[base.apply(uvs), np.ones(3)]
    np.testing.assert_allclose(bind.matrix(base, 0.0), np.eye(3)[:2], atol=1e-6)
    np.testing.assert_allclose(stored @ bind.matrix(base, 1.0).T, target.apply(uvs), atol=1e-6)
