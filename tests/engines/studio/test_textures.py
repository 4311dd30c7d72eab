"""A file's textures."""

from __future__ import annotations

import pytest

from engines.errors import AvatarError
from engines.glb import parse_glb
from engines.studio.materials import Wrap
from engines.studio.textures import MAX_IMAGES, Texture, image_of, read_texture_table, read_textures, wrap_of
from tests.fakes.vrm import build_document, pack

_TABLE = (Texture(image=None), Texture(image=3, wrap=(Wrap.CLAMP, Wrap.REPEAT)))


def test_image_of_texture_that_is_not_there_is_none() -> None:
    """No texture, one past the end, and one without an image are all nothing."""
    assert [image_of(_TABLE, index) for index in (None, 0, 1, 2, -1)] == [None, None, 3, None, None]


def test_wrap_of_first_texture_that_is_there_counts() -> None:
    """Textures past the end are passed over; without any, textures repeat."""
    assert wrap_of(_TABLE, [None, 9, 1, 0]) == (Wrap.CLAMP, Wrap.REPEAT)
    assert wrap_of(_TABLE, [None, 9]) == (Wrap.REPEAT, Wrap.REPEAT)


def test_read_texture_table_takes_webp_and_unknown_wrapping() -> None:
    """WebP's extension names its own image; a wrapping that glTF does not know is its default."""
    document, binary = build_document()
    document["samplers"] = [{"wrapS": 12}]
    document["textures"] = [{"extensions": {"EXT_texture_webp": {"source": 0}}, "sampler": 0}, {}]
    table = read_texture_table(parse_glb(pack(document, binary), "a.vrm"))
    assert [texture.image for texture in table] == [0, None]
    assert table[0].wrap == (Wrap.REPEAT, Wrap.REPEAT)


def test_read_textures_are_scaled_down_to_the_bound() -> None:
    """A texture of 4 by 4 becomes one of 2 by 2, and stays as it is where it fits."""
    glb = parse_glb(pack(*build_document()), "a.vrm")
    assert [image.shape for image in read_textures(glb, 2)] == [(2, 2, 4)]
    assert [image.shape for image in read_textures(glb, 4)] == [(4, 4, 4)]


def test_read_textures_too_many_are_refused() -> None:
    """Each image takes memory, however often the file names the same bytes."""
    document, binary = build_document()
    document["images"] *= MAX_IMAGES + 1
    with pytest.raises(AvatarError, match="has 257 images, at most 256"):
        read_textures(parse_glb(pack(document, binary), "a.vrm"))
