"""Materials."""

from __future__ import annotations

import numpy as np

from engines.studio.materials import AlphaMode, Material, UvTransform


def test_uv_transform_turns_scales_and_shifts_in_this_order() -> None:
    """A quarter of a turn takes u to minus v, which points down."""
    uvs = np.array([[1.0, 0.0], [0.0, 1.0]], np.float32)
    moved = UvTransform(offset=(0.5, 0.25), rotation=np.pi / 2, scale=(2.0, 1.0)).apply(uvs)
    np.testing.assert_allclose(moved, [[0.5, -0.75], [2.5, 0.25]], atol=1e-6)


def test_uv_transform_neutral_one_changes_nothing() -> None:
    """The very array comes back."""
    uvs = np.zeros((3, 2), np.float32)
    assert UvTransform().apply(uvs) is uvs


def test_material_with_alpha_0_is_invisible_unless_opaque() -> None:
    """An opaque material's alpha does not count."""
    clear = (1.0, 1.0, 1.0, 0.0)
    assert Material(name="a", lit_colour=clear, alpha_mode=AlphaMode.BLEND).invisible
    assert not Material(name="a", lit_colour=clear).invisible
