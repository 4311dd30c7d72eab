"""Data sets: the same bytes however they are made, resumed after anything, and never mixed."""

from __future__ import annotations

import json
import os
import resource
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import replace
from hashlib import sha256
from pathlib import Path

import numpy as np
import pytest

from engines.errors import DatasetError
from engines.motion.clip import Clip, save_clip
from engines.studio.avatar import load_avatar
from engines.studio.dataset import choose_identities, make_dataset
from engines.studio.dataset_plan import DatasetOptions, plan
from engines.studio.identity import Cast
from engines.studio.renderer import Renderer
from engines.studio.sequences import sample_sequence
from tests.fakes.vrm import build_vrm

#: What a child process runs: make the set whose options and folder it is told.
CHILD = """
import signal
signal.signal(signal.SIGINT, signal.default_int_handler)  # what runs behind a shell's & ignores it
import sys
from pathlib import Path
from engines.studio.dataset import make_dataset
from tests.engines.studio.test_dataset import small_set
if __name__ == "__main__":
    make_dataset(small_set(Path(sys.argv[1])), Path(sys.argv[2]), workers=int(sys.argv[3]))
"""


def small_set(sources: Path) -> DatasetOptions:
    """Return the options of a set with every split, of the files that `sources` holds."""
    return DatasetOptions(
        avatars=(sources / "boxes.vrm", sources / "others.vrm"),
        count=16,
        identities=2,
        clips=(sources / "walk.json",),
        held_out_clip=sources / "dance.json",
        held_out_avatar="others",
        framings=("portrait", "full"),
        shard=4,
        sequences=0.8,
        sequence_frames=2,
        size=64,
        seed=5,
    )


@pytest.fixture(scope="session")
def sources(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Write two synthetic avatars and two clips and return their folder."""
    folder = tmp_path_factory.mktemp("sources")
    for name in ("boxes", "others"):
        (folder / f"{name}.vrm").write_bytes(build_vrm())
    for number, name in enumerate(("walk", "dance")):
        motion = sample_sequence(np.random.default_rng(number), 40, 30.0)
        save_clip(Clip(name=name, fps=30.0, controls=motion), folder / f"{name}.json")
    return folder


@pytest.fixture(scope="session")
def made(sources: Path, renderer: Renderer, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make the small set with two processes and return its folder."""
    assert renderer.device
    folder = tmp_path_factory.mktemp("made") / "set"
    make_dataset(small_set(sources), folder, workers=2)
    return folder


def digests(folder: Path) -> dict[str, str]:
    """Return the hash of every file in a folder, by its path."""
    return {
        str(path.relative_to(folder)): sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def start(sources: Path, folder: Path, workers: int) -> subprocess.Popen[bytes]:
    """Start a process that makes the small set."""
    script = folder.parent / "child.py"
    script.write_text(CHILD)
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[3])}
    command = [sys.executable, str(script), str(sources), str(folder), str(workers)]
    return subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, start_new_session=True)


def wait_for_shards(process: subprocess.Popen[bytes], folder: Path, count: int) -> None:
    """Wait until a set has some shards."""
    for _ in range(1200):
        if len(list(folder.glob("*.tar"))) >= count:
            return
        assert process.poll() is None, process.communicate()[1].decode()
        time.sleep(0.05)
    raise AssertionError("no shards after a minute")


def children_of(process: subprocess.Popen[bytes]) -> list[int]:
    """Return the ids of a process's children that draw."""
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            parent = int((entry / "stat").read_text().rsplit(")", 1)[1].split()[1])
            if parent == process.pid and b"spawn_main" in (entry / "cmdline").read_bytes():
                found.append(int(entry.name))
        except (OSError, IndexError):
            continue  # it has just ended
    return found


@pytest.mark.slow
def test_one_process_makes_the_same_bytes_as_two(sources: Path, made: Path, tmp_path: Path) -> None:
    """Neither the number of processes nor the order in which shards are drawn shows in any file."""
    make_dataset(small_set(sources), tmp_path / "set", workers=1)
    assert digests(tmp_path / "set") == digests(made)


@pytest.mark.slow
def test_killed_set_is_finished_with_the_same_bytes(sources: Path, made: Path, tmp_path: Path) -> None:
    """Killed in the middle, its drawing processes end too, and the next run draws only what is missing."""
    folder = tmp_path / "set"
    process = start(sources, folder, workers=2)
    wait_for_shards(process, folder, 2)
    children = children_of(process)
    process.kill()
    process.communicate()
    assert children
    for _ in range(100):
        if not any(Path(f"/proc/{child}/cmdline").exists() for child in children):
            break
        time.sleep(0.05)
    else:
        raise AssertionError("drawing processes outlive their parent")
    kept = {path: path.stat().st_mtime_ns for path in folder.glob("*.json") if path.name != "manifest.json"}
    assert 2 <= len(kept) < len(plan(small_set(sources)).shards)
    assert not json.loads((folder / "manifest.json").read_text())["complete"]
    counts: list[tuple[int, int]] = []
    make_dataset(small_set(sources), folder, workers=1, progress=lambda done, total: counts.append((done, total)))
    assert counts[0][0] == sum(json.loads(path.read_text())["count"] for path in kept)
    assert counts[-1][0] == counts[-1][1]
    assert {path: path.stat().st_mtime_ns for path in kept} == kept
    assert digests(folder) == digests(made)


@pytest.mark.slow
def test_interrupted_set_leaves_nothing_half_done(sources: Path, made: Path, tmp_path: Path) -> None:
    """Ctrl-C ends everything at once and leaves complete files only."""
    folder = tmp_path / "set"
    process = start(sources, folder, workers=1)
    wait_for_shards(process, folder, 1)
    os.killpg(process.pid, signal.SIGINT)
    _, errors = process.communicate(timeout=20)
    assert process.returncode != 0
    assert b"KeyboardInterrupt" in errors
    expected = digests(made)
    left = digests(folder)
    left.pop("manifest.json")
    assert left.items() <= expected.items()


@pytest.mark.slow
def test_dead_drawing_process_is_replaced(sources: Path, made: Path, tmp_path: Path) -> None:
    """The set comes out the same when the system kills one of its processes."""
    folder = tmp_path / "set"
    process = start(sources, folder, workers=2)
    wait_for_shards(process, folder, 1)
    os.kill(children_of(process)[0], signal.SIGKILL)
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 0, errors.decode()
    assert digests(folder) == digests(made)


@pytest.mark.slow
def test_second_maker_of_one_folder_is_refused(sources: Path, tmp_path: Path) -> None:
    """Two runs never write into one set."""
    folder = tmp_path / "set"
    process = start(sources, folder, workers=1)
    try:
        wait_for_shards(process, folder, 1)
        with pytest.raises(DatasetError, match="another process is making a set here"):
            make_dataset(small_set(sources), folder)
    finally:
        process.kill()
        process.communicate()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"count": 20}, r"made with option count 16, asked for 20; choose another folder"),
        ({"seed": 6}, r"made with option seed 5, asked for 6"),
        ({"clips": ()}, r"made with option clips \['walk.json'\], asked for \[\]"),
    ],
)
def test_set_begun_with_other_options_is_refused(
    sources: Path, made: Path, change: dict[str, object], message: str
) -> None:
    """The message says which option differs, and nothing is touched."""
    before = digests(made)
    with pytest.raises(DatasetError, match=message):
        make_dataset(replace(small_set(sources), **change), made)  # type: ignore[arg-type]
    assert digests(made) == before


def test_set_begun_with_another_version_of_a_file_is_refused(sources: Path, made: Path, tmp_path: Path) -> None:
    """An avatar of the same name with other bytes is another avatar."""
    shutil.copytree(sources, tmp_path / "sources")
    (tmp_path / "sources" / "boxes.vrm").write_bytes(build_vrm() + b"\0\0\0\0")
    with pytest.raises(DatasetError, match=r"made with source boxes\.vrm '\w+', asked for"):
        make_dataset(small_set(tmp_path / "sources"), made)


def test_folder_that_cannot_be_written_is_one_line(sources: Path, tmp_path: Path) -> None:
    """A file in the way is named, with the system's reason."""
    (tmp_path / "file").write_text("")
    with pytest.raises(DatasetError, match=r"file/set: cannot be written \(Not a directory\)"):
        make_dataset(small_set(sources), tmp_path / "file" / "set")


@pytest.mark.slow
def test_full_disk_is_one_line_and_the_set_goes_on_later(sources: Path, made: Path, tmp_path: Path) -> None:
    """What does not fit stops the run with the system's reason; with room again the set is finished."""
    folder = tmp_path / "set"
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, before[1]))  # less than any shard
    try:
        with pytest.raises(DatasetError, match=r"cannot be written \(File too large\); mend that and start again"):
            make_dataset(small_set(sources), folder)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert not list(folder.glob("*.tar")) + list(folder.rglob("*.part"))
    make_dataset(small_set(sources), folder)
    assert digests(folder) == digests(made)


def test_held_out_clip_under_another_name_is_refused(sources: Path, tmp_path: Path) -> None:
    """A copy of a training clip is not held out."""
    shutil.copytree(sources, tmp_path / "sources")
    shutil.copy(sources / "walk.json", tmp_path / "sources" / "dance.json")
    with pytest.raises(DatasetError, match=r"dance\.json: is walk\.json once more"):
        make_dataset(small_set(tmp_path / "sources"), tmp_path / "set")


def test_manifest_says_what_the_set_is_made_of(made: Path) -> None:
    """Spec, options, counts, characters and credits are there; every shard has its hash."""
    manifest = json.loads((made / "manifest.json").read_text())
    assert manifest["complete"]
    assert manifest["counts"]["splits"] == {
        "train": 16,
        "held_out_poses": 1,
        "held_out_motion": 1,
        "held_out_identity": 1,
    }
    assert sum(manifest["counts"]["avatars"].values()) == 19
    assert manifest["characters"] == {"train": ["boxes"], "held_out_identity": ["others"]}
    assert {row["avatar"] for row in manifest["credits"]} == {"boxes", "others"}
    assert {"author", "licence"} <= set(manifest["credits"][0])
    for shard in manifest["shards"]:
        content = (made / f"{shard['name']}.tar").read_bytes()
        assert sha256(content).hexdigest() == shard["sha256"]
        assert len(content) == shard["bytes"]


def test_identities_take_nothing_from_the_held_out_avatar(sources: Path) -> None:
    """No training identity wears a texture of the avatar that is held out."""
    avatars = [load_avatar(sources / f"{name}.vrm") for name in ("boxes", "others")]
    options = replace(small_set(sources), identities=8)
    chosen = choose_identities(Cast(avatars), options)
    assert len(chosen) == 8
    assert all(swap.donor != "others" for one in chosen if one.base == "boxes" for swap in one.swaps)
