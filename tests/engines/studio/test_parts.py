"""Parts: what each triangle is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from engines.errors import AvatarError
from engines.skeleton import BONE_INDEX
from engines.studio.avatar import Avatar
from engines.studio.part_names import Part
from engines.studio.parts import Parts, parts_of
from tests.fakes import painted as fake

REAL = ("alicechan", "darkness_shibu", "gene", "seedsan", "unitykun", "victoria_rubin", "vita", "vivi")


def _only(parts: Parts, box: int) -> Part:
    found = np.unique(parts.triangles[fake.triangles_of(box)])
    assert len(found) == 1
    return Part(int(found[0]))


def test_parts_of_named_materials_are_what_the_names_say(boxes: Avatar) -> None:
    """Hair, face, irises, mouth, top and glasses are found by name."""
    parts = parts_of(fake.painted(boxes))
    expected = {
        fake.HAIR: Part.HAIR,
        fake.FACE: Part.FACE_SKIN,
        fake.LEFT_EYE: Part.IRIS,
        fake.MOUTH: Part.MOUTH,
        fake.TOP: Part.CLOTHES,
        fake.GLASSES: Part.ACCESSORIES,
    }
    assert {box: _only(parts, box) for box in expected} == expected
    assert set(parts.sources) == {"name"}


def test_a_sleeve_painted_on_the_body_is_clothes_and_its_hand_is_a_hand(boxes: Avatar) -> None:
    """In one material of skin, colour tells cloth from skin and bones tell hands."""
    parts = parts_of(fake.painted(boxes))
    assert _only(parts, fake.LEFT_SLEEVE) is Part.CLOTHES
    assert _only(parts, fake.LEFT_HAND) is Part.HANDS


def test_parts_without_telling_names_come_from_geometry(boxes: Avatar) -> None:
    """What a blink moves is lashes, what the mouth moves is mouth, what stands on the head is hair."""
    painted = fake.painted(boxes)
    nameless = replace(painted, materials=tuple(replace(m, name=f"m{i}") for i, m in enumerate(painted.materials)))
    parts = parts_of(nameless)
    assert _only(parts, fake.LEFT_EYE) is Part.LASHES
    assert _only(parts, fake.MOUTH) is Part.MOUTH
    assert _only(parts, fake.HAIR) is Part.HAIR
    assert _only(parts, fake.FACE) is Part.FACE_SKIN
    assert set(parts.sources) == {"geometry"}


def test_what_the_user_says_holds(boxes: Avatar) -> None:
    """A material named by the user is all of what he says, in whichever way he writes it."""
    parts = parts_of(fake.painted(boxes), {"Glasses": "hair", "N00_Body_00_SKIN": Part.CLOTHES})
    assert _only(parts, fake.GLASSES) is Part.HAIR
    assert _only(parts, fake.LEFT_HAND) is Part.CLOTHES
    assert parts.sources.count("user") == 2


@pytest.mark.parametrize(
    ("user", "message"),
    [({"Nose": "hair"}, "has no material 'Nose'; it has Glasses"), ({"Glasses": "nose"}, "no part 'nose'; use one of")],
)
def test_a_wrong_word_of_the_user_is_refused_in_one_line(boxes: Avatar, user: dict[str, str], message: str) -> None:
    """The message says what there is instead."""
    with pytest.raises(AvatarError, match=message) as caught:
        parts_of(fake.painted(boxes), user)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("name", REAL)
def test_parts_of_a_real_avatar_lie_where_they_belong(name: str, real_avatar: Callable[[str], Avatar]) -> None:
    """Irises lie at the eyes, brows above them, the mouth below; hair is on the head, hands at the arms' ends."""
    avatar = real_avatar(name)
    parts = parts_of(avatar)
    centre, face = parts.surface.centre, avatar.proportions
    eyes = (face.left_eye + face.right_eye) / 2
    unit = float(np.linalg.norm(face.left_eye - face.right_eye))

    def middle(part: Part) -> np.ndarray[tuple[int], np.dtype[np.float32]]:
        assert (parts.triangles == part).any(), part
        return np.asarray(np.median(centre[parts.triangles == part], axis=0))

    assert np.linalg.norm(middle(Part.IRIS)[1:] - eyes[1:]) < 0.4 * unit
    assert eyes[1] < middle(Part.BROWS)[1] < eyes[1] + unit
    assert middle(Part.MOUTH)[1] < eyes[1] - 0.3 * unit
    assert middle(Part.HAIR)[1] > face.joints[BONE_INDEX["head"], 1] - 2 * unit
    hands = centre[parts.triangles == Part.HANDS]
    assert np.abs(hands[:, 0]).min() > 0.8 * abs(face.joints[BONE_INDEX["left_hand"], 0])
    assert (parts.triangles > 0).all()


@pytest.mark.parametrize("name", REAL)
def test_cheeks_of_a_real_avatar_are_light_and_warm(name: str, real_avatar: Callable[[str], Avatar]) -> None:
    """The colour that everything is compared with is that of skin, not of an eye or of hair."""
    lightness, a, b = parts_of(real_avatar(name)).skin
    assert lightness > 75
    assert a > 0
    assert b > 0
