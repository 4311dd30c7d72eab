"""What the student is trained to do, term by term."""

from __future__ import annotations

import torch
import torch.nn.functional as F  # noqa: N812 - the name everybody knows
from torch import Tensor

from engines.training.network import REGIONS, StudentOutput
from engines.training.warp import sample

#: Eyes, brows and mouth are small and looked at most: their pixels weigh this much more (THA4 uses 20).
REGION_WEIGHT = 6.0
#: Share of gradients in the picture terms.
EDGE_SHARE = 0.5
#: Share of the squared term, without which an L1 loss settles on the commonest colour.
SQUARE_SHARE = 2.0


def picture_loss(got: Tensor, expected: Tensor, weight: Tensor | None = None) -> Tensor:
    """Return the mean difference of two pictures (B, 4, H, W), plain, squared and of their gradients."""
    difference = got - expected
    pixel = difference.abs() + SQUARE_SHARE * difference.square()
    if weight is not None:
        pixel = pixel * weight
        across = (difference[..., :, 1:] - difference[..., :, :-1]).abs() * weight[..., :, 1:]
        down = (difference[..., 1:, :] - difference[..., :-1, :]).abs() * weight[..., 1:, :]
        return pixel.mean() + EDGE_SHARE * (across.mean() + down.mean())
    across = (difference[..., :, 1:] - difference[..., :, :-1]).abs()
    down = (difference[..., 1:, :] - difference[..., :-1, :]).abs()
    return pixel.mean() + EDGE_SHARE * (across.mean() + down.mean())


def face_weight(size: int) -> Tensor:
    """Return the weight of each pixel of the face frame, (1, 1, size, size)."""
    axis = (torch.arange(size) + 0.5) / size
    total = torch.zeros(size, size)
    for x, y, radius, _ in REGIONS:
        distance = ((axis[None, :] - x) ** 2 + (axis[:, None] - y) ** 2).sqrt() / radius
        total = torch.maximum(total, torch.sigmoid((1.2 - distance) * 6.0))
    return (1 + (REGION_WEIGHT - 1) * total)[None, None]


def flow_loss(out: StudentOutput, face_base: Tensor, places: Tensor, seen: Tensor) -> tuple[Tensor, Tensor]:
    """Return how far the face's flow is from the truth where a view shows the cell, and the views' loss.

    Args:
        out: the prediction.
        face_base: (B, 2, FACE_GRID, FACE_GRID).
        places: (B, E, 2, FACE_GRID, FACE_GRID), true places in the face views.
        seen: bool, (B, E, FACE_GRID, FACE_GRID), which views show the cell.

    Returns:
        Mean distance in parts of the face frame, and mean -log of the weight on views that show the cell, both
        weighted by :func:`face_weight`.
    """
    coarse = places.shape[-1]
    flow = F.avg_pool2d(out.face_flow.flatten(1, 2), 2).unflatten(1, (-1, 2))  # (B, E, 2, coarse, coarse)
    weights = F.avg_pool2d(out.face_weights, 2)
    distance = (face_base[:, None] + flow - places).abs().sum(2)
    important = face_weight(coarse).to(places.device)
    mask = seen.float() * important
    flow_term = (distance * mask).sum() / mask.sum().clamp(min=1)
    any_seen = seen.any(1).float() * important[:, 0]
    right = (weights * seen).sum(1).clamp(min=1e-4).log()
    view_term = -(right * any_seen).sum() / any_seen.sum().clamp(min=1)
    assert flow.shape[-1] == coarse
    return flow_term, view_term


def face_composite(face: Tensor, share: Tensor, body: Tensor, picture_to_face: Tensor) -> Tensor:
    """Return the finished picture as seen in the face frame, (B, 4, h, h).

    Args:
        face: (B, 4, h, h), the face branch's picture.
        share: (B, 1, h, h), how much it replaces the body.
        body: (B, 4, H, W), the body branch's whole picture.
        picture_to_face: (B, 2, 3).
    """
    size = face.shape[-1]
    axis = (torch.arange(size, device=face.device) + 0.5) / size
    y, x = torch.meshgrid(axis, axis, indexing="ij")
    cells = torch.stack([x, y]).flatten(1) - picture_to_face[:, :, 2:]  # (B, 2, size size)
    where = torch.linalg.solve(picture_to_face[:, :, :2], cells)
    under = sample(body, where.unflatten(2, (size, size)))
    return under * (1 - share) + face * share
