"""Draws the parts of a data set: characters and shards.  One worker lives in each process and keeps what it loaded."""

from __future__ import annotations

import hashlib
import io
import json
import os
import shutil
import tarfile
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path

import numpy as np

from engines.character import Character, card_from_avatar, save_character
from engines.controls import INDEX, NAMES, NEUTRAL, PORTRAIT_NAMES, ControlVector
from engines.framing import camera_of
from engines.motion.clip import Clip, load_clip
from engines.studio.avatar import Avatar, load_avatar
from engines.studio.dataset_plan import SPLITS, DatasetOptions, ShardPlan
from engines.studio.hits import Drawing
from engines.studio.identity import Appearance, Cast, Identity
from engines.studio.labels import LABEL_PX, LabelledPicture, drawn, labelled
from engines.studio.posing import Posed, posed
from engines.studio.renderer import Renderer
from engines.studio.sample_files import encoded
from engines.studio.sampling import sample_controls
from engines.studio.sequences import sample_sequence
from engines.studio.sheets import make_sheet
from engines.studio.spring_simulation import SpringSimulation, settled
from engines.studio.truth import ViewTruth
from engines.studio.view_sets import view_set
from engines.studio.view_sheet import draw_views

#: Springs swing this many frames before a sequence begins, so that it does not start from rest.
_RUN_UP_FRAMES = 10
#: Sheets of hundreds of characters are not worth three seconds each of packing them tighter.
_SHEET_EFFORT = 2
_BODY = [INDEX[name] for name in NAMES if name not in PORTRAIT_NAMES]


class Worker:
    """Draws characters and shards of one data set.

    Args:
        options: of the set.
        identities: of the set, in order.
        folder: where it is.
    """

    def __init__(self, options: DatasetOptions, identities: tuple[Identity, ...], folder: Path) -> None:
        self._options, self._identities, self._folder = options, identities, folder
        self._cast = load_cast(options)
        self._renderer = Renderer()
        self._appearance: tuple[int, Appearance] | None = None
        self._clips: dict[Path, Clip] = {}

    def draw_truth(self, base: str) -> int:
        """Write where an avatar's vertices are in its key views, and the parts of its triangles; adds no pictures."""
        appearance = self._cast.apply(Identity(name=base, base=base))
        truth = ViewTruth.of(self._renderer, appearance.avatar, view_set(self._options.views))
        target = self._folder / "avatars" / base
        partial = _partial(target)
        truth.save(partial / "truth.npz")
        np.save(partial / "parts.npy", appearance.parts.triangles)
        partial.replace(target)
        return 0

    def draw_character(self, index: int) -> int:
        """Write an identity's sheet, proportions, palette and credit; adds no pictures."""
        appearance = self._appear(index)
        avatar, name = appearance.avatar, appearance.identity.name
        target = self._folder / "characters" / name
        partial = _partial(target)
        figure, sheet = make_sheet(self._renderer, avatar, appearance.parts)
        save_character(
            partial / "character",
            Character(
                card=card_from_avatar(name, avatar),
                proportions=avatar.proportions,
                figure=figure,
                sheet=sheet,
                w=np.zeros(0, np.float32),
            ),
            effort=_SHEET_EFFORT,
        )
        if self._options.views != "character":  # whose views the character's own sheet holds
            views = view_set(self._options.views)
            draw_views(self._renderer, avatar, views, appearance.parts.triangles).save(partial / "sheet")
        (partial / "identity.json").write_text(json.dumps(_plain_identity(appearance), indent=1) + "\n")
        partial.replace(target)
        return 0

    def draw_shard(self, shard: ShardPlan) -> int:
        """Write a shard and a note of what is in it; return the number of its pictures."""
        target = self._folder / f"{shard.name}.tar"
        partial = target.with_suffix(".tar.part")
        try:
            count = self._write(shard, partial)
            digest, size = _digest(partial), partial.stat().st_size
            partial.replace(target)
        finally:
            partial.unlink(missing_ok=True)
        found: dict[str, object] = {
            **asdict(shard),
            "character": self._identities[shard.character].name,
            "count": count,
            "bytes": size,
            "sha256": digest,
        }
        note = self._folder / f"{shard.name}.json.part"
        note.write_text(json.dumps(found, sort_keys=True) + "\n")
        note.replace(self._folder / f"{shard.name}.json")
        return count

    def _write(self, shard: ShardPlan, path: Path) -> int:
        count = 0
        with path.open("wb") as stream, tarfile.open(fileobj=stream, mode="w", format=tarfile.USTAR_FORMAT) as tar:
            for number, sample in enumerate(self._samples(shard)):
                for extension, data in encoded(sample).items():
                    info = tarfile.TarInfo(f"{number:06d}.{extension}")  # no date, no owner: the same bytes every time
                    info.size = len(data)
                    tar.addfile(info, io.BytesIO(data))
                count += 1
        return count

    def _appear(self, index: int) -> Appearance:
        if self._appearance is None or self._appearance[0] != index:
            self._appearance = index, self._cast.apply(self._identities[index])
        return self._appearance[1]

    def _samples(self, shard: ShardPlan) -> Iterator[LabelledPicture]:
        appearance = self._appear(shard.character)
        if shard.source == "poses":
            for number in range(shard.count):
                yield self._single(shard, appearance, number)
            return
        frames = self._options.sequence_frames
        for number in range(-(-shard.count // frames)):
            yield from self._sequence(shard, appearance, number, min(frames, shard.count - number * frames))

    def _single(self, shard: ShardPlan, appearance: Appearance, number: int) -> LabelledPicture:
        avatar = appearance.avatar
        vector = sample_controls(self._rng(shard, number), avatar.proportions, shard.framing)
        pose = posed(avatar, vector, settled(avatar, vector))
        parts, palette = appearance.parts.triangles, appearance.palette
        return labelled(avatar, parts, palette, pose, vector, self._drawn(shard, avatar, pose), framing=shard.framing)

    def _sequence(
        self, shard: ShardPlan, appearance: Appearance, number: int, frames: int
    ) -> Iterator[LabelledPicture]:
        avatar, fps = appearance.avatar, self._options.fps
        motion = self._motion(shard, self._rng(shard, number), _RUN_UP_FRAMES + frames + 1, appearance)
        springs = SpringSimulation(avatar)
        springs.reset(motion[0])
        poses = [posed(avatar, vector, springs.step(vector, 1 / fps)) for vector in motion][_RUN_UP_FRAMES:]
        drawings = [self._drawn(shard, avatar, pose) for pose in poses[:-1]]
        camera = camera_of(shard.framing, avatar.proportions)
        surfaces = [*(drawing.whole for drawing in drawings), self._renderer.hits(avatar, poses[-1], camera, LABEL_PX)]
        for frame, drawing in enumerate(drawings):
            yield labelled(
                avatar,
                appearance.parts.triangles,
                appearance.palette,
                poses[frame],
                motion[_RUN_UP_FRAMES + frame],
                drawing,
                framing=shard.framing,
                following=(poses[frame + 1], surfaces[frame + 1]),
                sequence=number,
                frame=frame,
            )

    def _drawn(self, shard: ShardPlan, avatar: Avatar, pose: Posed) -> Drawing:
        options = self._options
        return drawn(self._renderer, avatar, pose, shard.framing, options.size, options.supersample)

    def _rng(self, shard: ShardPlan, number: int) -> np.random.Generator:
        return np.random.default_rng((self._options.seed, SPLITS.index(shard.split), shard.number, number))

    def _motion(self, shard: ShardPlan, rng: np.random.Generator, frames: int, appearance: Appearance) -> ControlVector:
        """Return control vectors, (frames, len(SPEC)), from the shard's source."""
        fps = self._options.fps
        if shard.source == "sequences":
            return sample_sequence(rng, frames, fps, appearance.avatar.proportions, shard.framing)
        paths = self._options.clips
        if shard.source == "held_out_clip" and self._options.held_out_clip is not None:
            paths = (self._options.held_out_clip,)
        path = paths[int(rng.integers(len(paths)))]
        if path not in self._clips:
            self._clips[path] = load_clip(path).resampled(fps)
        controls = self._clips[path].controls
        start = int(rng.integers(max(len(controls) - frames, 0) + 1))
        chosen = controls[np.clip(np.arange(start, start + frames), 0, len(controls) - 1)].copy()
        if shard.framing == "portrait":
            chosen[:, _BODY] = NEUTRAL[_BODY]
        return chosen


def load_cast(options: DatasetOptions) -> Cast:
    """Return the avatars of a data set, loaded."""
    return Cast(load_avatar(path, i_have_the_rights=options.i_have_the_rights) for path in options.avatars)


def shard_is_there(folder: Path, name: str) -> bool:
    """Return whether a shard is complete: its note, which says how large it is, is written after it."""
    try:
        expected = json.loads((folder / f"{name}.json").read_text())["bytes"]
        return bool((folder / f"{name}.tar").stat().st_size == expected)
    except (FileNotFoundError, ValueError, KeyError, TypeError):
        return False


def _partial(target: Path) -> Path:
    """Return an empty folder that becomes `target` when it is complete."""
    partial = target.with_name(f".{target.name}.part")
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir(parents=True)
    return partial


def _digest(path: Path) -> str:
    """Return a file's SHA-256 after its bytes are on the disk."""
    digest = hashlib.sha256()
    with path.open("rb") as stream:
        os.fsync(stream.fileno())
        while block := stream.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()


def _plain_identity(appearance: Appearance) -> dict[str, object]:
    identity, palette = appearance.identity, appearance.palette
    return {
        "name": identity.name,
        "base": identity.base,
        "seed": identity.seed,
        "colours": {paint.name: list(lab) for paint, lab in identity.colours},
        "swaps": [{"slot": swap.slot.name, "donor": swap.donor} for swap in identity.swaps],
        "palette": [[round(float(value), 3) for value in lab] for lab in palette.lab],
        "present": palette.present.tolist(),
    }
