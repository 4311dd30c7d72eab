"""The student: a small StyleGAN2-style network that corrects the geometric base of a picture.

Per picture it predicts, at :data:`engines.structure.GRID` cells per side, how to warp the character's key
views into the pose: a correction to the base flow into each view, how much each view counts, and a residual
colour for what no view shows.  A second branch does the same for the face, in the face frame.  Pictures are
made from these by `engines.compositor` (and by its torch twin in `engines.training.warp`).

Modulated convolutions follow StyleGAN2 (Karras et al. 2020, section 2.2), with the demodulation of
MobileStyleGAN (Belousov 2021, section 3.3): it does not depend on the style, so it folds into the weights at
export and no FP16 engine ever computes it.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import torch
import torch.nn.functional as F  # noqa: N812 - the name everybody knows
from torch import Tensor, nn

from engines import controls
from engines.sheet import FACE_VIEWS, POSE_VIEWS
from engines.structure import BODY_CHANNELS, FACE_CHANNELS, FACE_GRID, MAX_DISTANCE_CELLS

#: Corrections to the flow are small: the network's unit is this part of the picture (or face frame).
FLOW_UNIT = 0.05
#: How much a view's logit gains where geometry says that it shows the point.
VISIBLE_LOGIT = 4.0
#: Nothing is drawn further than this from a cell where geometry drew a point.
SUPPORT_CELLS = 3.0
#: The channels of the body's structure maps that say which view shows the cell (see `BODY_CHANNELS`).
_VISIBLE = slice(BODY_CHANNELS - 5 * len(POSE_VIEWS), BODY_CHANNELS - 4 * len(POSE_VIEWS))

_EYE = ("gaze_yaw", "gaze_pitch", *controls.EXPRESSIONS)
#: Face regions in the face frame (x, y, radius, all 0..1) and the controls that act there.  The subject's left
#: is picture right.  Places follow from the frame's definition in `engines.framing.face_plane`.
REGIONS: tuple[tuple[float, float, float, tuple[str, ...]], ...] = (
    (0.685, 0.37, 0.13, ("blink_left", *_EYE)),
    (0.315, 0.37, 0.13, ("blink_right", *_EYE)),
    (0.685, 0.20, 0.12, ("brow_left", *controls.EXPRESSIONS)),
    (0.315, 0.20, 0.12, ("brow_right", *controls.EXPRESSIONS)),
    (0.5, 0.70, 0.16, (*controls.VISEMES, "smile", *controls.EXPRESSIONS)),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class StudentConfig:
    """The student's sizes.

    Args:
        w_dim: length of a character's style.
        body_widths: channels of the body branch at GRID/2, /4, /8.
        face_widths: channels of the face branch at FACE_GRID, /2, /4.
    """

    w_dim: int = 64
    body_widths: tuple[int, int, int] = (48, 64, 96)
    face_widths: tuple[int, int, int] = (40, 56, 80)

    def to_json(self) -> dict[str, object]:
        """Return the config as JSON values."""
        return {key: list(value) if isinstance(value, tuple) else value for key, value in asdict(self).items()}

    @classmethod
    def from_json(cls, values: dict[str, Any]) -> StudentConfig:
        """Return the config that :meth:`to_json` wrote."""
        settings: dict[str, Any] = {k: tuple(v) if isinstance(v, list) else v for k, v in values.items()}
        return cls(**settings)


class ModulatedConv(nn.Module):
    """A 3x3 convolution whose input channels are scaled by the style, with fixed demodulation."""

    def __init__(self, in_channels: int, out_channels: int, style_dim: int, stride: int = 1) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.randn(out_channels, in_channels, 3, 3))
        self.gain = nn.Parameter(torch.ones(out_channels))
        self.bias = nn.Parameter(torch.zeros(out_channels))
        self.affine = nn.Linear(style_dim, in_channels)
        nn.init.normal_(self.affine.weight, std=0.3 / style_dim**0.5)
        nn.init.ones_(self.affine.bias)
        self.stride = stride

    def folded(self) -> Tensor:
        """Return the demodulated weight, (out, in, 3, 3): unit norm per output channel, times its gain."""
        norm = self.weight.square().sum(dim=(1, 2, 3), keepdim=True).add(1e-8).rsqrt()
        return self.weight * norm * self.gain.view(-1, 1, 1, 1)

    def forward(self, x: Tensor, style: Tensor) -> Tensor:
        """Apply to x (B, in, H, W) with style (B, style_dim); return (B, out, H/stride, W/stride)."""
        scale = self.affine(style)[:, :, None, None]  # (B, in, 1, 1)
        weight = self.folded().to(x.dtype)
        x = F.conv2d(x * scale.to(x.dtype), weight, self.bias.to(x.dtype), self.stride, padding=1)
        return F.leaky_relu(x, 0.2) * 2**0.5


class Branch(nn.Module):
    """A three-level U of modulated convolutions whose output has twice the resolution of its first level."""

    def __init__(
        self, in_channels: int, out_channels: int, widths: tuple[int, int, int], style_dim: int, stride: int
    ) -> None:
        super().__init__()
        a, b, c = widths
        self.stem = ModulatedConv(in_channels, a, style_dim, stride)
        self.down1 = ModulatedConv(a, b, style_dim, 2)
        self.mid1 = ModulatedConv(b, b, style_dim)
        self.down2 = ModulatedConv(b, c, style_dim, 2)
        self.mid2 = ModulatedConv(c, c, style_dim)
        self.mid3 = ModulatedConv(c, c, style_dim)
        self.up1 = ModulatedConv(c + b, b, style_dim)
        self.mid4 = ModulatedConv(b, b, style_dim)
        self.up2 = ModulatedConv(b + a, a, style_dim)
        self.mid5 = ModulatedConv(a, a, style_dim)
        self.out = nn.Conv2d(a, out_channels * 4, 3, padding=1)
        nn.init.normal_(self.out.weight, std=0.2 / (a * 9) ** 0.5)
        if self.out.bias is not None:
            nn.init.zeros_(self.out.bias)

    def forward(self, x: Tensor, style: Tensor) -> Tensor:
        """Return (B, out_channels, 2H, 2W), with H the height after the stem's stride."""
        x0 = self.stem(x, style)  # (B, a, H, W)
        x1 = self.mid1(self.down1(x0, style), style)  # (B, b, H/2, W/2)
        x2 = self.mid3(self.mid2(self.down2(x1, style), style), style)  # (B, c, H/4, W/4)
        x2 = F.interpolate(x2, scale_factor=2.0, mode="nearest")
        x1 = self.mid4(self.up1(torch.cat([x2, x1], 1), style), style)
        x1 = F.interpolate(x1, scale_factor=2.0, mode="nearest")
        x0 = self.mid5(self.up2(torch.cat([x1, x0], 1), style), style)
        return F.pixel_shuffle(self.out(x0), 2)


@dataclass(frozen=True, slots=True)
class StudentOutput:
    """What the student predicts, all float32.

    Args:
        flow: (B, V, 2, GRID, GRID), to be added to the base flow; x and y in 0..1 of the pose views.
        weights: (B, V, GRID, GRID), sum to 1 over views on the figure and to 0 away from it.
        residual: (B, 5, GRID, GRID): premultiplied RGBA 0..1, and how much it replaces the warped views.
        face_flow: (B, E, 2, 2 FACE_GRID, 2 FACE_GRID), to be added to the face's base flow.
        face_weights: (B, E, 2 FACE_GRID, 2 FACE_GRID), sum to 1.
        face_residual: (B, 6, 2 FACE_GRID, 2 FACE_GRID): as `residual`, and how much the face replaces the body.
    """

    flow: Tensor
    weights: Tensor
    residual: Tensor
    face_flow: Tensor
    face_weights: Tensor
    face_residual: Tensor


class Student(nn.Module):
    """Body and face branch with a common style."""

    region_controls: Tensor
    regions: Tensor
    window: Tensor

    def __init__(self, config: StudentConfig) -> None:
        super().__init__()
        self.config = config
        views, faces = len(POSE_VIEWS), len(FACE_VIEWS)
        self.mapping = nn.Sequential(
            nn.Linear(config.w_dim + len(controls.PORTRAIT_NAMES), 96),
            nn.LeakyReLU(0.2),
            nn.Linear(96, 96),
            nn.LeakyReLU(0.2),
        )
        self.body = Branch(BODY_CHANNELS, views * 3 + 5, config.body_widths, 96, stride=2)
        names = [name for *_, acting in REGIONS for name in acting]
        self.face = Branch(FACE_CHANNELS + 4 * faces + len(names), faces * 3 + 6, config.face_widths, 96, stride=1)
        self.face_prior = nn.Linear(len(controls.FACE_NAMES), faces)
        index = [controls.PORTRAIT_NAMES.index(name) for name in names]
        self.register_buffer("region_controls", torch.tensor(index), persistent=False)
        self.register_buffer("regions", _region_maps(), persistent=False)
        self.register_buffer("window", _window(2 * FACE_GRID), persistent=False)
        self._face_controls = [controls.PORTRAIT_NAMES.index(name) for name in controls.FACE_NAMES]

    def forward(self, body: Tensor, face: Tensor, face_views: Tensor, condition: Tensor, w: Tensor) -> StudentOutput:
        """Predict how to make a batch of pictures.

        Args:
            body: (B, BODY_CHANNELS, GRID, GRID), see `engines.structure`.
            face: (B, FACE_CHANNELS, FACE_GRID, FACE_GRID).
            face_views: (B, 4 E, FACE_GRID, FACE_GRID), the face views, premultiplied RGBA in 0..1.
            condition: (B, len(PORTRAIT_NAMES)), normalised controls.
            w: (B, w_dim), the characters' styles.
        """
        assert body.shape[1] == BODY_CHANNELS, f"body: got {body.shape[1]} channels, expected {BODY_CHANNELS}"
        style = self.mapping(torch.cat([w, condition], dim=1))  # (B, 96)
        views, faces = len(POSE_VIEWS), len(FACE_VIEWS)
        out = self.body(body, style).float()  # (B, 3 V + 5, GRID, GRID)
        flow, logits, colour, share = torch.split(out, [2 * views, views, 4, 1], dim=1)
        logits = logits + VISIBLE_LOGIT * body[:, _VISIBLE].float()
        support = (SUPPORT_CELLS - MAX_DISTANCE_CELLS * body[:, 1:2].float()).clamp(0.0, 1.0)
        acting = condition[:, self.region_controls][:, :, None, None] * self.regions  # (B, R, FACE_GRID, FACE_GRID)
        face_out = self.face(torch.cat([face, face_views, acting.to(face.dtype)], 1), style).float()
        parts = torch.split(face_out, [2 * faces, faces, 4, 1, 1], dim=1)
        face_flow, face_logits, face_colour, face_fill, face_share = parts
        prior = self.face_prior(condition[:, self._face_controls]).float()[:, :, None, None]
        return StudentOutput(
            flow=flow.unflatten(1, (views, 2)) * FLOW_UNIT,
            weights=torch.softmax(logits, 1) * support,
            residual=torch.cat([torch.sigmoid(colour) * support, torch.sigmoid(share - 3.0)], 1),
            face_flow=face_flow.unflatten(1, (faces, 2)) * FLOW_UNIT,
            face_weights=torch.softmax(face_logits + prior, 1),
            face_residual=torch.cat(
                [torch.sigmoid(face_colour), torch.sigmoid(face_fill - 3.0), torch.sigmoid(face_share) * self.window], 1
            ),
        )


def _window(size: int) -> Tensor:
    """Return 1 inside the face frame, falling to 0 over its outermost twelfth, (1, 1, size, size)."""
    axis = (torch.arange(size) + 0.5) / size
    edge = (torch.minimum(axis, 1 - axis) * 12.0).clamp(max=1.0)
    return (edge[:, None] * edge[None, :])[None, None]


def _region_maps() -> Tensor:
    """Return a soft disc per region and acting control, (R, FACE_GRID, FACE_GRID)."""
    axis = (torch.arange(FACE_GRID) + 0.5) / FACE_GRID
    maps = []
    for x, y, radius, acting in REGIONS:
        distance = ((axis[None, :] - x) ** 2 + (axis[:, None] - y) ** 2).sqrt() / radius
        maps += [torch.sigmoid((1.3 - distance) * 6.0)] * len(acting)
    return torch.stack(maps)
