"""The plan of a data set: how much of what, and splits that never share what they are named for."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import replace
from pathlib import Path

import pytest

from engines.errors import DatasetError
from engines.studio.dataset_plan import SPLITS, DatasetOptions, ShardPlan, plan

LARGE = DatasetOptions(
    avatars=tuple(Path(f"{name}.vrm") for name in "abcdefgh"),
    clips=(Path("walk.bvh"), Path("wave.bvh")),
    held_out_clip=Path("dance.bvh"),
    held_out_avatar="h",
    framings=("portrait", "full"),
)


def by_split(options: DatasetOptions) -> dict[str, list[ShardPlan]]:
    """Return a plan's shards, by split."""
    found: dict[str, list[ShardPlan]] = defaultdict(list)
    for shard in plan(options).shards:
        found[shard.split].append(shard)
    return found


def test_counts_are_those_asked_for() -> None:
    """The training split has the pictures asked for, each held-out split a fiftieth of that."""
    counts = {split: sum(shard.count for shard in shards) for split, shards in by_split(LARGE).items()}
    assert counts == {"train": 50_000, "held_out_poses": 1000, "held_out_motion": 1000, "held_out_identity": 1000}
    assert len({shard.name for shard in plan(LARGE).shards}) == len(plan(LARGE).shards)


def test_held_out_characters_appear_in_no_other_split() -> None:
    """The held-out avatar's identities and a tenth of the others are shown for evaluation only."""
    splits = by_split(LARGE)
    held_out = {shard.character for shard in splits["held_out_identity"]}
    others = {shard.character for split in SPLITS[:3] for shard in splits[split]}
    assert not held_out & others
    assert {index for index in range(LARGE.identities) if index % 8 == 7} <= held_out
    assert held_out == set(plan(LARGE).held_out_characters)
    assert others <= set(plan(LARGE).train_characters)
    assert set(range(7)) <= others  # the avatars as they are


def test_few_identities_still_hold_one_out() -> None:
    """Of two further identities one is for evaluation; a single one is for training."""
    for identities, held_out in ((8, ()), (9, ()), (10, (9,)), (18, (17,)), (19, (17, 18))):
        assert plan(replace(LARGE, identities=identities, held_out_avatar=None)).held_out_characters == held_out


def test_only_held_out_motion_reads_the_held_out_clip() -> None:
    """Its shards read nothing else, and no other shard reads it."""
    for split, shards in by_split(LARGE).items():
        sources = {shard.source for shard in shards}
        assert ("held_out_clip" in sources) == (split == "held_out_motion")
        if split == "held_out_motion":
            assert sources == {"held_out_clip"}


def test_every_character_has_every_framing_and_source() -> None:
    """No character always stands in one framing, and none is only ever still or only ever moving."""
    for identities in (100, 180, 200):  # remainders of which once went in step with the sources
        options = replace(LARGE, identities=identities, held_out_avatar=None, count=400_000)
        framings: dict[int, set[str]] = defaultdict(set)
        sources: dict[int, Counter[bool]] = defaultdict(Counter)
        for shard in by_split(options)["train"]:
            framings[shard.character].add(shard.framing)
            sources[shard.character][shard.source == "poses"] += 1
        assert all(len(found) == 2 for found in framings.values())
        assert all(0.4 < found[True] / sum(found.values()) < 0.95 for found in sources.values())


def test_sequences_have_the_part_asked_for() -> None:
    """A quarter of the shards moves, half of these by clips."""
    shards = by_split(LARGE)["train"]
    count = Counter(shard.source for shard in shards)
    assert count["clips"] + count["sequences"] == pytest.approx(len(shards) / 4, rel=0.1)
    assert count["clips"] == pytest.approx(count["sequences"], rel=0.2)


def test_characters_share_the_pictures_evenly() -> None:
    """Whether a set is large or small, every character has about as many pictures, in shards that are not too large."""
    for count in (300, 10_000, 50_000):
        shards = by_split(replace(LARGE, count=count))["train"]
        pictures: Counter[int] = Counter()
        for shard in shards:
            pictures[shard.character] += shard.count
            assert 1 <= shard.count <= LARGE.shard
        assert set(pictures) == set(plan(LARGE).train_characters)
        assert max(pictures.values()) - min(pictures.values()) <= 2


def test_plan_follows_from_the_options_alone() -> None:
    """Asked again, it is the same."""
    assert plan(LARGE) == plan(replace(LARGE))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"avatars": ()}, "no avatar"),
        ({"avatars": (Path("a/x.vrm"), Path("b/x.vrm"))}, "two avatars have one file name"),
        ({"count": 0}, "count 0: expected at least 1"),
        ({"identities": 3}, "identities 3: expected at least one per avatar"),
        ({"framings": ("landscape",)}, "framings: expected some of"),
        ({"sequence_frames": 0}, "sequence frames 0: expected at least 1"),
        ({"sequences": 1.5}, r"sequences 1\.5: expected 0 to 1"),
        ({"size": 8}, "size 8: expected 64 to 2048"),
        ({"views": "nothing"}, "views 'nothing': expected one of character"),
        ({"held_out_avatar": "z"}, "held-out avatar 'z': not among"),
        ({"avatars": (Path("h.vrm"),)}, "the only avatar cannot be held out"),
        ({"held_out_clip": Path("walk.bvh")}, "the held-out clip is among the other clips"),
    ],
)
def test_impossible_options_are_refused(change: dict[str, object], message: str) -> None:
    """Each says what was expected."""
    with pytest.raises(DatasetError, match=message):
        replace(LARGE, **change)  # type: ignore[arg-type]
