"""What a data set will hold, worked out before anything is drawn: shards, their characters, splits and seeds.

The plan follows from the options alone, so a set that was interrupted is continued with the very same pictures, by
any number of workers.

Splits never share what they are named for: `held_out_poses` has its own seeds, `held_out_motion` a clip that no other
split reads, `held_out_identity` characters that appear nowhere else (a whole avatar, where one is named).
"""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Literal, get_args

from engines.errors import DatasetError
from engines.framing import FRAMINGS, Framing
from engines.studio.view_sets import VIEW_SETS

Split = Literal["train", "held_out_poses", "held_out_motion", "held_out_identity"]
SPLITS: tuple[Split, ...] = get_args(Split)
Source = Literal["poses", "sequences", "clips", "held_out_clip"]
#: Steps around the circle that spread any number of points evenly.
_GOLDEN, _SILVER = 0.6180339887, 0.4142135624
#: Part of the pictures that each held-out split has beside the training set.
HELD_OUT_PART = 0.02
#: Part of the identities, beside the avatars as they are, that only `held_out_identity` shows; at least one of two.
HELD_OUT_IDENTITIES = 0.1


@dataclass(frozen=True, slots=True, kw_only=True)
class DatasetOptions:
    """What to make.

    Args:
        avatars: VRM files.
        count: pictures in the training split; the held-out ones have :data:`HELD_OUT_PART` of that each.
        identities: how many characters, the avatars themselves included; at least one per avatar.
        clips: motion files that sequences are also taken from.
        held_out_clip: a motion file that only `held_out_motion` reads; None leaves that split out.
        held_out_avatar: name of an avatar that only `held_out_identity` shows; None holds out identities only.
        framings: canonical cameras, taking turns by shard.
        shard: pictures per shard at most; a shard shows one character, and all characters have as many shards.
        sequences: part of the shards that hold sequences.
        sequence_frames: pictures per sequence.
        fps: of sequences.
        size: pixels per side of the pictures.
        supersample: samples per pixel along each side.
        views: the characters' key views, built-in sheets only.
        seed: what all randomness follows from.
        i_have_the_rights: go on with avatars whose terms forbid modification.
    """

    avatars: tuple[Path, ...]
    count: int = 50_000
    identities: int = 200
    clips: tuple[Path, ...] = ()
    held_out_clip: Path | None = None
    held_out_avatar: str | None = None
    framings: tuple[Framing, ...] = ("portrait",)
    shard: int = 200
    sequences: float = 0.25
    sequence_frames: int = 8
    fps: float = 30.0
    size: int = 512
    supersample: int = 2
    views: str = "character"
    seed: int = 0
    i_have_the_rights: bool = False

    def __post_init__(self) -> None:
        names = [path.stem for path in self.avatars]
        checks = (
            (bool(names), "no avatar; name at least one .vrm file"),
            (len(set(names)) == len(names), "two avatars have one file name; rename one"),
            (self.count > 0, f"count {self.count}: expected at least 1"),
            (self.identities >= len(names), f"identities {self.identities}: expected at least one per avatar"),
            (bool(self.framings) and set(self.framings) <= set(FRAMINGS), f"framings: expected some of {FRAMINGS}"),
            (self.shard > 0, f"shard {self.shard}: expected at least 1"),
            (self.sequence_frames > 0, f"sequence frames {self.sequence_frames}: expected at least 1"),
            (0.0 <= self.sequences <= 1.0, f"sequences {self.sequences:g}: expected 0 to 1"),
            (1.0 <= self.fps <= 240.0, f"fps {self.fps:g}: expected 1 to 240"),
            (64 <= self.size <= 2048, f"size {self.size}: expected 64 to 2048"),
            (1 <= self.supersample <= 4, f"supersample {self.supersample}: expected 1 to 4"),
            (self.views in VIEW_SETS, f"views {self.views!r}: expected one of {', '.join(VIEW_SETS)}"),
            (self.held_out_avatar in (None, *names), f"held-out avatar {self.held_out_avatar!r}: not among {names}"),
            (self.held_out_avatar is None or len(names) > 1, "the only avatar cannot be held out"),
            (self.held_out_clip not in self.clips, "the held-out clip is among the other clips; take it out"),
        )
        for good, message in checks:
            if not good:
                raise DatasetError(message)

    def stored(self) -> dict[str, object]:
        """Return the options as a manifest keeps them: file names without their folders."""
        plain = asdict(self)
        plain["avatars"] = [path.name for path in self.avatars]
        plain["clips"] = [path.name for path in self.clips]
        plain["held_out_clip"] = self.held_out_clip.name if self.held_out_clip else None
        plain["framings"] = list(self.framings)
        del plain["i_have_the_rights"]
        return plain


@dataclass(frozen=True, slots=True, kw_only=True)
class ShardPlan:
    """One tar file of pictures of one character.

    Args:
        name: the file's, without its ending.
        split: what it is for.
        number: its number in its split; with the split it seeds everything random in it.
        character: index of its identity.
        framing: its camera.
        count: pictures in it.
        source: where the poses come from.
    """

    name: str
    split: Split
    number: int
    character: int
    framing: Framing
    count: int
    source: Source


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """All shards, and which identities may appear where.

    Args:
        shards: in order of their names.
        train_characters: indices of the identities of the other splits.
        held_out_characters: indices of the identities of `held_out_identity`.
    """

    shards: tuple[ShardPlan, ...]
    train_characters: tuple[int, ...] = field(default=())
    held_out_characters: tuple[int, ...] = field(default=())


def plan(options: DatasetOptions) -> Plan:
    """Return what the options ask for.

    Identity `i` is of avatar ``i % len(avatars)``; the first of each avatar is the avatar as it is.
    """
    bases = [path.stem for path in options.avatars]
    held_out: list[int] = []
    spare = options.identities - len(bases)  # the avatars as they are are for training
    aside_identities = math.ceil(spare * HELD_OUT_IDENTITIES) if spare > 1 else 0
    for index in range(options.identities):
        of_held_out_avatar = bases[index % len(bases)] == options.held_out_avatar
        last = index >= options.identities - aside_identities
        if of_held_out_avatar or last:
            held_out.append(index)
    train = [index for index in range(options.identities) if index not in held_out]
    aside = max(1, round(options.count * HELD_OUT_PART))
    shards = [*_shards(options, "train", options.count, train), *_shards(options, "held_out_poses", aside, train)]
    if options.held_out_clip is not None:
        shards += _shards(options, "held_out_motion", aside, train)
    if held_out:
        shards += _shards(options, "held_out_identity", aside, held_out)
    return Plan(shards=tuple(shards), train_characters=tuple(train), held_out_characters=tuple(held_out))


def _shards(options: DatasetOptions, split: Split, count: int, characters: list[int]) -> list[ShardPlan]:
    # Rounds in which every character has a shard; a set too small for one round shows as many as it has pictures.
    rounds = -(-count // (options.shard * len(characters)))
    number = min(count, rounds * len(characters))
    ends = [count * (index + 1) // number for index in range(number)]
    shards = []
    for index, (start, end) in enumerate(zip([0, *ends], ends, strict=False)):
        turn, character = divmod(index, len(characters))
        shards.append(
            ShardPlan(
                name=f"{split}-{index:06d}",
                split=split,
                number=index,
                character=characters[character],
                framing=options.framings[(turn + character) % len(options.framings)],
                count=end - start,
                source=_source(options, split, turn, character),
            )
        )
    return shards


def _source(options: DatasetOptions, split: Split, turn: int, character: int) -> Source:
    """Return where a shard's poses come from: the wanted part moves, evenly over characters and over their turns."""
    if split == "held_out_motion":
        return "held_out_clip"
    place = (turn * _GOLDEN + character * _SILVER) % 1.0
    if split == "held_out_poses" or place >= options.sequences:
        return "poses"
    return "clips" if options.clips and place >= options.sequences / 2 else "sequences"
