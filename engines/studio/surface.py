"""What an avatar's triangles look like and belong to: sampled texture colours, bones, connected pieces."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components

from engines.studio.avatar import Avatar
from engines.studio.colour import to_lab
from engines.studio.materials import AlphaMode

F32 = npt.NDArray[np.float32]
I32 = npt.NDArray[np.int32]

#: Where a triangle's texture is looked at: its middle, and a point towards each corner.
SAMPLES = np.array(
    [[1 / 3, 1 / 3, 1 / 3], [0.7, 0.15, 0.15], [0.15, 0.7, 0.15], [0.15, 0.15, 0.7]],
    np.float32,
)
#: Vertices at one place to this part of a metre are one: exporters split them at texture seams.
_WELD_M = 1e-5


@dataclass(frozen=True, slots=True, kw_only=True)
class Surface:
    """An avatar's triangles, looked at one by one.

    Args:
        material: int32, (T,), index into the avatar's materials.
        lab: float32, (T, S, 3), CIELAB of lit texture times lit colour at :data:`SAMPLES`.
        alpha: float32, (T, S), 0..1 as drawn: 0 where the material cuts the texel out.
        bone: int32, (T, 3), the canonical bone that each corner follows most.
        centre: float32, (T, 3), metres, T-pose.
        area: float32, (T,), square metres.
        piece: int32, (T,), triangles with one number hang together and have one material.
    """

    material: I32
    lab: F32
    alpha: F32
    bone: I32
    centre: F32
    area: F32
    piece: I32

    @property
    def colour(self) -> F32:
        """Each triangle's mean colour, CIELAB, (T, 3), weighted by what is drawn."""
        weight = np.maximum(self.alpha, 1e-3)[..., None]
        return np.asarray((self.lab * weight).sum(axis=1) / weight.sum(axis=1), np.float32)


def surface_of(avatar: Avatar) -> Surface:
    """Return what an avatar's triangles look like."""
    corners = avatar.positions[avatar.triangles]  # (T, 3, 3)
    normal = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    material = material_of_triangles(avatar)
    lab, alpha = sample_colours(avatar, material)
    return Surface(
        material=material,
        lab=lab,
        alpha=alpha,
        bone=_bones(avatar)[avatar.triangles],
        centre=corners.mean(axis=1, dtype=np.float32),
        area=np.asarray(np.linalg.norm(normal, axis=1) / 2, np.float32),
        piece=_pieces(avatar, material),
    )


def material_of_triangles(avatar: Avatar) -> I32:
    """Return each triangle's material, int32 (T,)."""
    material = np.zeros(len(avatar.triangles), np.int32)
    for draw in avatar.draws:
        material[draw.first : draw.first + draw.count] = draw.material
    return material


def _bones(avatar: Avatar) -> I32:
    """Return the canonical bone that each vertex follows most, (N,)."""
    return np.asarray(avatar.joints.bone[avatar.joint_ids[:, 0]], np.int32)


def sample_colours(avatar: Avatar, material: I32) -> tuple[F32, F32]:
    """Return lit texture times lit colour, CIELAB (T, S, 3), and alpha as drawn, (T, S), at :data:`SAMPLES`."""
    rgba = np.ones((len(material), len(SAMPLES), 4), np.float32)
    uv = np.einsum("sk,tkc->tsc", SAMPLES, avatar.uvs[avatar.triangles])
    for index, properties in enumerate(avatar.materials):
        chosen = np.nonzero(material == index)[0]
        if not len(chosen):
            continue
        if properties.lit_texture is not None:
            image = avatar.textures[properties.lit_texture]
            height, width = image.shape[:2]
            column = np.floor(uv[chosen, :, 0] * width).astype(np.int64) % width
            row = np.floor(uv[chosen, :, 1] * height).astype(np.int64) % height
            rgba[chosen] = image[row, column].astype(np.float32) / 255
        rgba[chosen] *= np.array(properties.lit_colour, np.float32)
        if properties.alpha_mode is AlphaMode.OPAQUE:
            rgba[chosen, :, 3] = 1.0
        elif properties.alpha_mode is AlphaMode.CUTOUT:
            rgba[chosen, :, 3] = rgba[chosen, :, 3] >= properties.alpha_cutoff
    return to_lab(np.clip(rgba[..., :3], 0.0, 1.0)), np.ascontiguousarray(rgba[..., 3])


def _pieces(avatar: Avatar, material: I32) -> I32:
    """Return a number per set of triangles that hang together; vertices of one place and material count as one."""
    if not len(material):
        return np.zeros(0, np.int32)
    place = np.round(avatar.positions / _WELD_M).astype(np.int64)
    _, welded = np.unique(place, axis=0, return_inverse=True)
    count = int(welded.max()) + 1
    # One vertex of two materials is two: a face and the lashes on it do not hang together.
    corner = welded.reshape(-1)[avatar.triangles] + material[:, None].astype(np.int64) * count
    _, compact = np.unique(corner, return_inverse=True)
    compact = compact.reshape(-1, 3)
    size = int(compact.max()) + 1
    rows = np.concatenate([compact[:, 0], compact[:, 1]])
    columns = np.concatenate([compact[:, 1], compact[:, 2]])
    graph = coo_matrix((np.ones(len(rows), np.int8), (rows, columns)), shape=(size, size))
    _, label = connected_components(graph, directed=False)
    return np.asarray(label[compact[:, 0]], np.int32)
