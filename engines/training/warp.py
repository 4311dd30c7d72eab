"""The compositor's torch twin: differentiable, slow, and the oracle of `engines.compositor`.

Coordinates are 0..1 with pixel centres at (i + 0.5) / size everywhere, colours premultiplied RGBA in 0..1.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F  # noqa: N812 - the name everybody knows
from torch import Tensor

from engines.training.network import StudentOutput


def sample(images: Tensor, where: Tensor) -> Tensor:
    """Sample images (B, C, H, W) at places (B, 2, h, w) in 0..1, zero outside; return (B, C, h, w)."""
    grid = where.permute(0, 2, 3, 1) * 2 - 1
    return F.grid_sample(images, grid, mode="bilinear", padding_mode="zeros", align_corners=False)


def resize(maps: Tensor, size: int) -> Tensor:
    """Resize maps (B, C, h, w) bilinearly to (B, C, size, size)."""
    if maps.shape[-1] == size:
        return maps
    return F.interpolate(maps, size=(size, size), mode="bilinear", align_corners=False)


def warp_views(views: Tensor, where: Tensor, weights: Tensor, residual: Tensor, size: int) -> Tensor:
    """Return the blend of warped views and residual, (B, 4, size, size).

    Args:
        views: (B, V, 4, H, W).
        where: (B, V, 2, h, w), places in the views.
        weights: (B, V, h, w).
        residual: (B, 5, h, w), premultiplied RGBA and its share.
        size: pixels per side of the result.
    """
    batch, count = views.shape[:2]
    places = resize(where.flatten(1, 2), size).unflatten(1, (count, 2)).flatten(0, 1)  # (B V, 2, size, size)
    seen = sample(views.flatten(0, 1), places).unflatten(0, (batch, count))  # (B, V, 4, size, size)
    blended = (seen * resize(weights, size)[:, :, None]).sum(1)
    fill = resize(residual, size)
    picture: Tensor = blended * (1 - fill[:, 4:5]) + fill[:, :4] * fill[:, 4:5]
    return picture


def face_picture(out: StudentOutput, face_views: Tensor, face_base: Tensor, size: int) -> tuple[Tensor, Tensor]:
    """Return the face in its frame, (B, 4, size, size), and how much it replaces the body, (B, 1, size, size)."""
    fine = out.face_flow.shape[-1]
    where = resize(face_base, fine)[:, None] + out.face_flow
    face = warp_views(face_views, where, out.face_weights, out.face_residual[:, :5], size)
    return face, resize(out.face_residual[:, 5:6], size)


def frame_cells(size: int, device: torch.device) -> Tensor:
    """Return pixel centres in 0..1, (2, size, size), x first."""
    axis = (torch.arange(size, device=device) + 0.5) / size
    y, x = torch.meshgrid(axis, axis, indexing="ij")
    return torch.stack([x, y])


def over_body(body: Tensor, face: Tensor, face_share: Tensor, picture_to_face: Tensor) -> Tensor:
    """Return the whole picture with the face laid over the body, (B, 4, H, H).

    Args:
        body: (B, 4, H, H), from :func:`warp_views`.
        face: (B, 4, h, w) and
        face_share: (B, 1, h, w), from :func:`face_picture`.
        picture_to_face: (B, 2, 3).
    """
    size = body.shape[-1]
    cells = frame_cells(size, body.device).flatten(1)  # (2, size size)
    where = picture_to_face[:, :, :2] @ cells + picture_to_face[:, :, 2:]
    over = sample(torch.cat([face * face_share, face_share], 1), where.unflatten(2, (size, size)))
    return body * (1 - over[:, 4:5]) + over[:, :4]
