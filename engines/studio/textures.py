"""A file's textures: which image each shows, how it goes on beyond its border, and the images themselves."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image

from engines.errors import AvatarError
from engines.glb import Glb
from engines.studio.json_fields import below, integer, mapping, objects, sequence
from engines.studio.materials import Wrap

U8 = npt.NDArray[np.uint8]

#: Larger textures are halved until they fit: the sharpest picture made of them is 1024 wide.
MAX_TEXTURE_PX = 1024
#: Far above what avatars have: those of ours have 6 to 26.
MAX_IMAGES = 256


@dataclass(frozen=True, slots=True, kw_only=True)
class Texture:
    """One of a file's textures: an image's index, None where it names none, and what lies beyond its borders."""

    image: int | None
    wrap: tuple[Wrap, Wrap] = (Wrap.REPEAT, Wrap.REPEAT)


def read_texture_table(glb: Glb) -> tuple[Texture, ...]:
    """Return the file's textures in the order that its materials index them.

    Raises:
        AvatarError: a texture points outside the file, or is compressed with Basis Universal and has no other image.
    """
    samplers = objects(glb.json.get("samplers"), "samplers")
    images = len(sequence(glb.json.get("images"), "images"))
    table = []
    for index, texture in enumerate(objects(glb.json.get("textures"), "textures")):
        what = f"texture {index}"
        extensions = mapping(texture.get("extensions"), what)
        webp = mapping(extensions.get("EXT_texture_webp"), what)
        image = texture.get("source", webp.get("source"))
        if image is None and "KHR_texture_basisu" in extensions:
            raise AvatarError(
                f"{glb.name}: {what} is compressed with Basis Universal (KHR_texture_basisu), expected PNG, "
                "JPEG or WebP; export it without texture compression"
            )
        sampler: dict[str, Any] = {}
        if "sampler" in texture:
            sampler = samplers[below(texture["sampler"], len(samplers), f"{what}, sampler")]
        wrap = _wrap(sampler.get("wrapS")), _wrap(sampler.get("wrapT"))
        table.append(Texture(image=None if image is None else below(image, images, f"{what}, source"), wrap=wrap))
    return tuple(table)


def image_of(table: tuple[Texture, ...], index: Any) -> int | None:
    """Return the image of a texture that a material names; None where it names none, or one that is not there."""
    if index is None:
        return None
    texture = integer(index, "a material's texture")
    return table[texture].image if 0 <= texture < len(table) else None


def wrap_of(table: tuple[Texture, ...], indices: Iterable[Any]) -> tuple[Wrap, Wrap]:
    """Return how the first of the textures that are there goes on beyond its borders."""
    for index in indices:
        if index is not None and 0 <= integer(index, "a material's texture") < len(table):
            return table[int(index)].wrap
    return Wrap.REPEAT, Wrap.REPEAT


def read_textures(glb: Glb, max_px: int = MAX_TEXTURE_PX) -> tuple[U8, ...]:
    """Return the file's images, each uint8 (H, W, 4) with straight alpha, top row first, as stored.

    Raises:
        AvatarError: there are too many, or one is too large or cannot be read.
    """
    count = len(sequence(glb.json.get("images"), "images"))
    if count > MAX_IMAGES:
        raise AvatarError(f"{glb.name}: has {count} images, at most {MAX_IMAGES} are read; join them and export again")
    textures = []
    for index in range(count):
        image = glb.image(index)
        scale = max(image.size) / max_px
        if scale > 1:
            size = (max(1, round(image.width / scale)), max(1, round(image.height / scale)))
            image = image.resize(size, Image.Resampling.BOX)
        textures.append(np.array(image, np.uint8))
    return tuple(textures)


def _wrap(value: Any) -> Wrap:
    try:
        return Wrap(value)
    except ValueError:
        return Wrap.REPEAT  # glTF's default
