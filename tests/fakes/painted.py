"""The figure of boxes with names and painted textures, for what looks at colours."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import numpy.typing as npt

from engines.studio.avatar import Avatar
from engines.studio.materials import AlphaMode, Material
from engines.studio.mesh import Draw

U8 = npt.NDArray[np.uint8]

#: sRGB, 0-255.
BROWN, RED, SKIN, BLUE, IRIS = (120, 72, 40), (190, 40, 50), (250, 215, 195), (40, 80, 190), (40, 90, 170)
BLACK, WHITE = (8, 8, 10), (255, 255, 255)
#: Box in the order of the fake's triangles -> material.
_MATERIAL_OF_BOX = (0, 1, 2, 3, 3, 3, 3, 3, 3, 4, 4, 5, 6)
_VERTICES, _TRIANGLES = 24, 12
#: What the boxes are; of the arms, the hands show skin and the rest a sleeve painted on it.
TOP, FACE, HAIR, LEFT_SLEEVE, LEFT_HAND, LEFT_EYE, RIGHT_EYE, MOUTH, GLASSES = 0, 1, 2, 3, 5, 9, 10, 11, 12
#: Texture of hair (right half) and top (left half), of the face, of the body, of both irises.
SHARED, FACE_TEXTURE, BODY_TEXTURE, IRIS_TEXTURE = 0, 1, 2, 3
_SIZE = 64


def painted(boxes: Avatar, *, shared_iris: bool = False) -> Avatar:
    """Return the figure of boxes, painted.

    Args:
        boxes: the fixture.
        shared_iris: both eyes show one part of the texture.
    """
    white = (1.0, 1.0, 1.0, 1.0)
    shade = (0.9, 0.8, 0.85, 1.0)
    kept = {"lit_colour": white, "shade_colour": shade, "alpha_mode": AlphaMode.OPAQUE}
    materials = (
        Material(name="N00_Tops_01_CLOTH", lit_texture=SHARED, shade_texture=SHARED, **kept),  # type: ignore[arg-type]
        Material(name="N00_Face_00_SKIN", lit_texture=FACE_TEXTURE, shade_texture=FACE_TEXTURE, **kept),  # type: ignore[arg-type]
        Material(name="N00_Hair_00_HAIR", lit_texture=SHARED, shade_texture=SHARED, **kept),  # type: ignore[arg-type]
        Material(name="N00_Body_00_SKIN", lit_texture=BODY_TEXTURE, shade_texture=BODY_TEXTURE, **kept),  # type: ignore[arg-type]
        Material(name="N00_EyeIris_00_EYE", lit_texture=IRIS_TEXTURE, shade_texture=IRIS_TEXTURE, **kept),  # type: ignore[arg-type]
        Material(name="N00_FaceMouth_00_FACE", lit_colour=(0.7, 0.1, 0.1, 1.0)),
        Material(name="Glasses", lit_colour=(0.1, 0.1, 0.1, 1.0)),
    )
    draws = tuple(
        Draw(material=material, first=box * _TRIANGLES, count=_TRIANGLES)
        for box, material in enumerate(_MATERIAL_OF_BOX)
    )
    iris = _halves(IRIS, IRIS)
    iris[:16], iris[48:] = (*BLACK, 255), (*WHITE, 255)  # pupil above, highlight below
    textures = (_halves(RED, BROWN), _halves(SKIN, SKIN), _halves(SKIN, BLUE), iris)
    uvs = boxes.uvs.copy()
    right_half = {HAIR, 3, 4, 6, 7} | (set() if shared_iris else {RIGHT_EYE})
    for box in range(len(_MATERIAL_OF_BOX)):
        rows = slice(box * _VERTICES, (box + 1) * _VERTICES)
        # Half a texture each, with room at the border between the halves.
        uvs[rows, 0] = uvs[rows, 0] * 0.36 + (0.57 if box in right_half else 0.07)
    return replace(boxes, name="painted", materials=materials, draws=draws, textures=textures, uvs=uvs)


def triangles_of(box: int) -> slice:
    """Return a box's triangles."""
    return slice(box * _TRIANGLES, (box + 1) * _TRIANGLES)


def _halves(left: tuple[int, int, int], right: tuple[int, int, int]) -> U8:
    """Return a texture of two colours with a gentle gradient from dark (top) to light, as shading is painted."""
    image = np.full((_SIZE, _SIZE, 4), 255, np.uint8)
    shade = np.linspace(0.9, 1.0, _SIZE)[:, None, None]
    image[:, : _SIZE // 2, :3] = np.round(np.array(left) * shade)
    image[:, _SIZE // 2 :, :3] = np.round(np.array(right) * shade)
    return image
