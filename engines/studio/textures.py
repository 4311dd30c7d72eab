"""A file's textures: which image each shows, how it goes on beyond its border, and the images themselves."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image

from engines.errors import AvatarError
from engines.glb import Glb
from engines.studio.materials import Wrap

U8 = npt.NDArray[np.uint8]

#: Larger textures are halved until they fit: the sharpest picture made of them is 1024 wide.
MAX_TEXTURE_PX = 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Texture:
    """One of a file's textures: an image's index, None where it names none, and what lies beyond its borders."""

    image: int | None
    wrap: tuple[Wrap, Wrap] = (Wrap.REPEAT, Wrap.REPEAT)


def read_texture_table(glb: Glb) -> tuple[Texture, ...]:
    """Return the file's textures in the order that its materials index them.

    Raises:
        AvatarError: a texture is compressed with Basis Universal and has no other image.
    """
    samplers = glb.json.get("samplers", [])
    table = []
    for index, texture in enumerate(glb.json.get("textures", [])):
        extensions = texture.get("extensions", {})
        image = texture.get("source", extensions.get("EXT_texture_webp", {}).get("source"))
        if image is None and "KHR_texture_basisu" in extensions:
            raise AvatarError(
                f"{glb.name}: texture {index} is compressed with Basis Universal (KHR_texture_basisu), expected PNG, "
                "JPEG or WebP; export it without texture compression"
            )
        sampler = samplers[texture["sampler"]] if "sampler" in texture else {}
        wrap = _wrap(sampler.get("wrapS")), _wrap(sampler.get("wrapT"))
        table.append(Texture(image=None if image is None else int(image), wrap=wrap))
    return tuple(table)


def read_textures(glb: Glb, max_px: int = MAX_TEXTURE_PX) -> tuple[U8, ...]:
    """Return the file's images, each uint8 (H, W, 4) with straight alpha, top row first, as stored."""
    textures = []
    for index in range(len(glb.json.get("images", []))):
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
