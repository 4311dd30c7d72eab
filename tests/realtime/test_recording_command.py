"""`animirror track` and `animirror export`: what they write, and what they say of what they cannot."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from engines.controls import INDEX
from engines.motion.clip import load_clip
from engines.skeleton import euler_from_rotation
from realtime.command import FAILED, OK, main
from realtime.control_group import Group
from realtime.observation import PersonObservation
from realtime.recording.recording_file import read_recording, save_recording
from realtime.retargeting.face_geometry import solve_head
from tests.fakes.footage import moved, portrait
from tests.fakes.recordings import turning


@pytest.fixture(scope="module")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make a folder of pictures of a person who tips the head, one of them damaged."""
    folder = tmp_path_factory.mktemp("pictures")
    for at in range(12):
        picture = moved(portrait(), roll_deg=at)
        Image.fromarray(picture).save(folder / f"{at}.png")
    (folder / "5.png").write_bytes(b"damaged")
    return folder


@pytest.fixture(scope="module")
def recording(pictures: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Record the pictures with the real tracker."""
    out = tmp_path_factory.mktemp("recording") / "person.json"
    assert main(["track", str(pictures), str(out), "--fps", "10"]) == OK
    return out


def _roll(person: PersonObservation) -> float:
    assert person.face is not None
    head = solve_head(person.face, person.image_size)
    assert head is not None
    return float(euler_from_rotation(head.rotation)[2])


def test_tracked_person_has_observations_and_controls(recording: Path) -> None:
    """Times are those that were asked for, the damaged picture is missing, and the head tips."""
    read = read_recording(recording)
    assert [moment.time_s for moment in read.moments] == pytest.approx([at / 10 for at in range(12) if at != 5])
    assert read.skipped == 1 and read.header.fps == 10 and read.header.image_size == (512, 512)
    assert read.header.tracker["name"] == "mediapipe" and read.person_ids == (1,)
    tipped = [_roll(moment.people[0]) for moment in (read.moments[0], read.moments[-1])]
    assert tipped[1] - tipped[0] == pytest.approx(11, abs=4)
    assert set(read.moments[-1].controls) == {1} and read.moments[-1].controls[1].confidence[Group.HEAD] > 0.5
    assert read.moments[3].people[0].face is not None and read.moments[3].people[0].pose is not None


def test_masks_are_written_for_each_frame(pictures: Path, tmp_path: Path) -> None:
    """White where the person is, as large as the picture."""
    arguments = ["track", str(pictures / "0.png"), str(tmp_path / "a.json"), "--masks", str(tmp_path / "masks")]
    assert main(arguments) == OK
    (file,) = (tmp_path / "masks").rglob("*.png")
    mask = np.asarray(Image.open(file))
    assert mask.shape == (512, 512) and mask.dtype == np.uint8
    assert mask[150:250, 180:260].mean() > 200 and mask[:60, :60].mean() < 60


@pytest.mark.parametrize("kind", ["openpose", "coco-wholebody"])
def test_real_person_survives_another_format(recording: Path, tmp_path: Path, kind: str) -> None:
    """Export and import of the portrait: the head tips as far, and looks the same way within a few degrees."""
    out = tmp_path / ("poses" if kind == "openpose" else "poses.json")
    assert main(["export", str(recording), str(out), "--format", kind]) == OK
    assert main(["track", str(out), str(tmp_path / "back.json.gz")]) == OK
    before, after = read_recording(recording), read_recording(tmp_path / "back.json.gz")
    assert [moment.time_s for moment in after.moments] == [moment.time_s for moment in before.moments]
    assert after.header.tracker["name"] == kind and after.person_ids == before.person_ids
    for name, tolerance in (("head_roll", 4.0), ("head_pitch", 8.0), ("blink_left", 0.3), ("aa", 0.2)):
        first, second = (
            np.array([moment.controls[1].raw[INDEX[name]] for moment in one.moments]) for one in (before, after)
        )
        assert np.abs(second - first).mean() < tolerance, name


def test_controls_become_a_clip_that_the_studio_reads(tmp_path: Path) -> None:
    """At any rate."""
    save_recording(turning(30), tmp_path / "a.json")
    clip = tmp_path / "clip.json"
    assert main(["export", str(tmp_path / "a.json"), str(clip), "--format", "controls", "--fps", "60"]) == OK
    assert load_clip(clip).fps == 60 and len(load_clip(clip).controls) == 60
    assert load_clip(clip).controls[-1, INDEX["head_yaw"]] > 15


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("track", "none.mp4", "out.json"), "none.mp4: does not exist"),
        (("track", "text.mp4", "out.json"), "text.mp4: is no video"),
        (("track", "a.json", "out.json"), "recording already"),
        (("track", "text.mp4", "out.json", "--people", "7"), "--people 7"),
        (("track", "text.mp4", "out.json", "--fps", "nan"), "--fps"),
        (("track", "text.mp4", "out.json", "--size", "640"), "--size 640"),
        (("track", "text.mp4", "out.json", "--format", "openpose"), "is no folder"),
        (("export", "text.mp4", "out", "--format", "openpose"), "text.mp4: is no recording"),
        (("export", "a.json", "full", "--format", "openpose"), "something in it"),
        (("export", "a.json", "out", "--format", "controls", "--person", "9"), "no person 9"),
        (("export", "a.json", "nowhere/out.json", "--format", "coco-wholebody"), "nowhere"),
    ],
)
def test_what_cannot_be_done_is_said_in_one_line(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    arguments: tuple[str, ...],
    words: str,
) -> None:
    """Exit code 1, no traceback, and nothing is left behind."""
    monkeypatch.chdir(tmp_path)
    Path("text.mp4").write_text("this is no film\n")
    save_recording(turning(3), Path("a.json"))
    Path("full").mkdir()
    (Path("full") / "something").touch()
    before = sorted(tmp_path.rglob("*"))
    assert main(arguments) == FAILED
    said = capsys.readouterr().err
    assert words in said and "Traceback" not in said and len(said.splitlines()) == 1
    assert sorted(tmp_path.rglob("*")) == before


def test_damaged_recording_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Half a file is no recording."""
    path = tmp_path / "half.json"
    save_recording(turning(5), path)
    path.write_text(path.read_text()[:5000])
    assert main(["export", str(path), str(tmp_path / "out"), "--format", "openpose"]) == FAILED
    assert "half.json: line" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


#: Runs the command; what runs behind a shell's & ignores Ctrl-C.
_HEARING = """
import signal, sys
signal.signal(signal.SIGINT, signal.default_int_handler)
from realtime.command import main
sys.exit(main())
"""


@pytest.mark.skipif(sys.platform == "win32", reason="signals are another matter there")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_interrupted_tracking_leaves_nothing(tmp_path: Path, number: signal.Signals) -> None:
    """Neither half a recording nor half a folder of masks."""
    source, out = tmp_path / "in", tmp_path / "out"
    source.mkdir()
    out.mkdir()
    Image.fromarray(portrait()).save(source / "0.png")
    for at in range(1, 2000):
        (source / f"{at}.png").hardlink_to(source / "0.png")
    process = subprocess.Popen(
        [sys.executable, "-c", _HEARING, "track", source, out / "a.json", "--masks", out / "masks"],
        stderr=subprocess.PIPE,
        text=True,
    )
    deadline_s = time.monotonic() + 60
    while not list(out.glob(".a.json.*")):
        assert process.poll() is None and time.monotonic() < deadline_s
        time.sleep(0.02)
    process.send_signal(number)
    said = process.communicate(timeout=60)[1]
    assert process.returncode == FAILED
    assert "Traceback" not in said and "stopped" in said
    assert list(out.iterdir()) == []


def test_recording_is_plain_json(recording: Path) -> None:
    """Whoever has a JSON reader can read it."""
    document = json.loads(recording.read_text())
    assert document["frames"][0]["people"][0]["id"] == 1
