"""Exchanging textures between avatars of one layout."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from engines.errors import AvatarError
from engines.studio.avatar import Avatar
from engines.studio.swap import Slot, slots_between, swapped
from tests.fakes import painted as fake


def _other(boxes: Avatar) -> Avatar:
    avatar = fake.painted(boxes)
    return replace(avatar, name="other", textures=tuple(np.bitwise_not(texture) for texture in avatar.textures))


def test_avatars_of_one_layout_can_give_each_other_everything_they_name(boxes: Avatar) -> None:
    """Iris, face and clothes are named by the painted figure."""
    assert slots_between(fake.painted(boxes), _other(boxes)) == (Slot.IRIS, Slot.FACE, Slot.CLOTHES)


def test_swapped_iris_is_the_donors(boxes: Avatar) -> None:
    """Its texture comes along, its name and draw order do not; nothing else changes."""
    avatar, donor = fake.painted(boxes), _other(boxes)
    new = swapped(avatar, donor, Slot.IRIS)
    texture = new.materials[4].lit_texture
    assert texture is not None
    np.testing.assert_array_equal(new.textures[texture], donor.textures[fake.IRIS_TEXTURE])
    assert new.materials[4].name == avatar.materials[4].name
    assert new.materials[:4] == avatar.materials[:4]


def test_another_layout_is_refused(boxes: Avatar) -> None:
    """Irises elsewhere on the texture are not exchanged, and the message says what could be."""
    with pytest.raises(AvatarError, match="another layout; it can give face, clothes"):
        swapped(fake.painted(boxes), fake.painted(boxes, shared_iris=True), Slot.IRIS)


def test_the_four_faces_of_one_vroid_base_share_every_layout(real_avatar: Callable[[str], Avatar]) -> None:
    """Measured on the avatars' triangles: all slots between the four, the face between the two newer ones."""
    base = [real_avatar(name) for name in ("victoria_rubin", "vita", "vivi", "darkness_shibu")]
    for donor in base[1:]:
        assert slots_between(base[0], donor) == tuple(Slot)
    assert slots_between(real_avatar("alicechan"), real_avatar("unitykun")) == (Slot.FACE,)
    assert slots_between(real_avatar("gene"), base[0]) == ()
