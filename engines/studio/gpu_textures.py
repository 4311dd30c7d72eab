"""Textures in GPU memory, shared by avatars that share their pictures."""

from __future__ import annotations

import weakref

import moderngl
import numpy as np
import numpy.typing as npt

from engines.studio.materials import Wrap

U8 = npt.NDArray[np.uint8]
Plain = tuple[int, int, int, int] | None

#: The nearest mipmap: pictures are supersampled, and llvmpipe takes twice as long for two.
_FILTER = (moderngl.LINEAR_MIPMAP_NEAREST, moderngl.LINEAR)


class Textures:
    """Keeps a texture for as long as its picture lives."""

    def __init__(self, context: moderngl.Context) -> None:
        self._context = context
        self._kept: dict[int, tuple[moderngl.Texture, Plain]] = {}
        self._releases: list[weakref.finalize[[int], U8]] = []
        self._samplers: dict[tuple[Wrap, Wrap], moderngl.Sampler] = {}
        self.white = context.texture((1, 1), 4, bytes([255] * 4))

    def get(self, picture: U8) -> tuple[moderngl.Texture, Plain]:
        """Return a picture's texture, and the one colour that the picture has, None if it has several.

        Args:
            picture: uint8, (H, W, 4).
        """
        key = id(picture)
        if key not in self._kept:
            first = picture[0, 0]
            plain = tuple(first.tolist()) if (picture == first).all() else None
            size = (picture.shape[1], picture.shape[0])
            texture = self._context.texture(size, 4, np.ascontiguousarray(picture).tobytes())
            texture.build_mipmaps()
            texture.filter = _FILTER
            self._kept[key] = (texture, plain)
            release = weakref.finalize(picture, self._forget, key)
            release.atexit = False
            self._releases = [other for other in self._releases if other.alive] + [release]
        return self._kept[key]

    def sampler(self, wrap: tuple[Wrap, Wrap]) -> moderngl.Sampler | None:
        """Return what reads textures with these borders; None for textures that repeat.

        OpenGL could mirror, the library that we use cannot: mirrored textures repeat.
        """
        if Wrap.CLAMP not in wrap:
            return None
        if wrap not in self._samplers:
            u, v = (side is not Wrap.CLAMP for side in wrap)
            self._samplers[wrap] = self._context.sampler(repeat_x=u, repeat_y=v, filter=_FILTER)
        return self._samplers[wrap]

    def release(self) -> None:
        """Release all of them."""
        for release in self._releases:
            release()  # once at most: those of forgotten pictures have been called already
        self._releases.clear()

    def _forget(self, key: int) -> None:
        with self._context:
            self._kept.pop(key)[0].release()
