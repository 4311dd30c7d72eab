"""The teacher's sizes, and how they are written down beside weights."""

from __future__ import annotations

from dataclasses import asdict, dataclass, fields
from typing import Any, Literal, get_args

from engines.errors import WeightsError

#: What pictures show: one of the canonical framings, or any view between them and inside of them.
Shown = Literal["portrait", "full", "any"]

#: Resolutions start at this many pixels per side (StyleGAN2's constant input).
FIRST_PX = 4
#: A picture's channels: red, green, blue and alpha, premultiplied, each -1..1.
PICTURE_CHANNELS = 4
#: Structure maps are drawn at no more than this; what they show is smooth, so finer layers get them enlarged.
MAX_STRUCTURE_PX = 128


@dataclass(frozen=True, slots=True, kw_only=True)
class TeacherConfig:
    """How large the teacher is and what it draws.

    Args:
        framing: which of the canonical cameras the pictures were taken with; `any`: both.
        resolution: pixels per side in the end, a power of two, at least 8.
        z_dim: length of the latent z.
        w_dim: length of a style w.
        mapping_layers: fully connected layers from z and palette to w (StyleGAN2: 8).
        channel_base: channels of a layer are `channel_base / its resolution`, at most `channel_max`
            (StyleGAN2's configuration F: 32768 and 512, its E: 16384 and 512).
        channel_max: most channels of a layer.
        structure_width: channels that structure maps are embedded in before they are concatenated at a resolution.
        group: pictures that the mini-batch statistics are taken over.
    """

    framing: Shown = "portrait"
    resolution: int = 512
    z_dim: int = 256
    w_dim: int = 256
    mapping_layers: int = 8
    channel_base: int = 16384
    channel_max: int = 320
    structure_width: int = 16
    group: int = 4

    def __post_init__(self) -> None:
        if self.resolution < 2 * FIRST_PX or self.resolution & (self.resolution - 1):
            raise ValueError(f"resolution: got {self.resolution}, expected a power of two from {2 * FIRST_PX} on")
        if self.framing not in get_args(Shown):
            raise ValueError(f"framing: got {self.framing!r}, expected one of {', '.join(get_args(Shown))}")

    @property
    def resolutions(self) -> tuple[int, ...]:
        """Resolutions of the layers, from FIRST_PX to `resolution`."""
        return tuple(1 << bits for bits in range(FIRST_PX.bit_length() - 1, self.resolution.bit_length()))

    @property
    def num_ws(self) -> int:
        """How many styles a picture takes: one per convolution, and one for the last picture layer."""
        return 2 * len(self.resolutions)

    def channels(self, resolution: int) -> int:
        """Return how many channels features of a resolution have."""
        return min(self.channel_base // resolution, self.channel_max)

    def structure_px(self, resolution: int) -> int:
        """Return the cells per side of the structure maps that pictures of a resolution are drawn from."""
        return min(resolution, MAX_STRUCTURE_PX)

    def to_json(self) -> dict[str, Any]:
        """Return the config as JSON values."""
        return asdict(self)

    @classmethod
    def from_json(cls, values: dict[str, Any]) -> TeacherConfig:
        """Return the config that :meth:`to_json` wrote.

        Raises:
            WeightsError: it was written by another version.
        """
        known = {field.name for field in fields(cls)}
        if set(values) != known:
            odd = ", ".join(sorted(set(values) ^ known))
            raise WeightsError(f"the teacher's config differs in {odd}; use the version of the program that wrote it")
        return cls(**values)
