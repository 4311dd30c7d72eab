"""The commands around avatars and data sets: what they write, and what they say when they cannot."""

from __future__ import annotations

import json
from pathlib import Path

import av
import numpy as np
import pytest
from PIL import Image

from engines.controls import controls
from engines.motion.clip import Clip, save_clip
from engines.studio.renderer import Renderer
from realtime.command import FAILED, OK, main
from tests.engines.studio.conftest import renderer  # noqa: F401 - a fixture
from tests.fakes.vrm import build_document, build_vrm, pack

pytestmark = pytest.mark.usefixtures("renderer")


@pytest.fixture
def avatar(tmp_path: Path) -> Path:
    """Write the synthetic avatar and return its path."""
    path = tmp_path / "boxes.vrm"
    path.write_bytes(build_vrm())
    return path


@pytest.fixture
def clip(tmp_path: Path) -> Path:
    """Write a clip of six frames in which the head turns, and return its path."""
    path = tmp_path / "turn.json"
    vectors = np.stack([controls({"head_yaw": 10.0 * frame}) for frame in range(6)])
    save_clip(Clip(name="turn", fps=30.0, controls=vectors), path)
    return path


def _refused(capsys: pytest.CaptureFixture[str], *arguments: object) -> str:
    """Run a command that must fail, and return its one line."""
    assert main([str(argument) for argument in arguments]) == FAILED
    lines = capsys.readouterr().err.strip().splitlines()
    assert len(lines) == 1, lines
    assert "Traceback" not in lines[0]
    return lines[0]


def test_avatar_render_writes_a_picture_with_alpha(avatar: Path, tmp_path: Path) -> None:
    """A PNG of the asked size, with the figure on nothing."""
    out = tmp_path / "a.png"
    assert main(["avatar", "render", str(avatar), str(out), "--size", "96"]) == OK
    picture = np.array(Image.open(out))
    assert picture.shape == (96, 96, 4)
    assert picture[0, 0, 3] == 0
    assert picture[..., 3].max() == 255


@pytest.mark.parametrize("suffix", ["mp4", "webm", "mov"])
def test_avatar_render_motion_writes_a_film(avatar: Path, clip: Path, tmp_path: Path, suffix: str) -> None:
    """One frame per frame of the clip, at its rate."""
    out = tmp_path / f"a.{suffix}"
    assert main(["avatar", "render", str(avatar), "--motion", str(clip), str(out), "--size", "64"]) == OK
    with av.open(str(out)) as container:
        stream = container.streams.video[0]
        assert stream.average_rate == 30
        assert sum(1 for _ in container.decode(stream)) == 6


def test_avatar_render_controls_of_one_pose(avatar: Path, tmp_path: Path) -> None:
    """A file of names and values is a pose; it changes the picture."""
    pose = tmp_path / "pose.json"
    pose.write_text(json.dumps({"head_yaw": 40.0, "left_elbow": 90.0}))
    for name, extra in (("plain", []), ("posed", ["--controls", str(pose)])):
        assert main(["avatar", "render", str(avatar), *extra, str(tmp_path / f"{name}.png"), "--size", "64"]) == OK
    plain, posed = (np.array(Image.open(tmp_path / f"{name}.png")) for name in ("plain", "posed"))
    assert (plain != posed).any()


def test_avatar_sheet_writes_every_view(avatar: Path, tmp_path: Path) -> None:
    """A folder with one picture per view and their description."""
    views = tmp_path / "two.toml"
    views.write_text('[[view]]\nname = "a"\ncamera = "portrait"\n[[view]]\nname = "b"\ncamera = "face"\nsize_px = 64\n')
    assert main(["avatar", "sheet", str(avatar), str(tmp_path / "sheet"), "--views", str(views)]) == OK
    assert {path.name for path in (tmp_path / "sheet").iterdir()} == {"a.webp", "b.webp", "views.json"}


def test_avatar_inspect_prints_words_or_json(avatar: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """What is in the file, for people and for programs."""
    assert main(["avatar", "inspect", str(avatar)]) == OK
    assert "title: Boxes" in capsys.readouterr().out
    assert main(["avatar", "inspect", str(avatar), "--json"]) == OK
    assert json.loads(capsys.readouterr().out)["terms"]["title"] == "Boxes"


def test_avatar_render_without_the_rights_writes_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Terms that forbid modification stop the command, unless the user has the rights."""
    document, binary = build_document()
    document["extensions"]["VRM"]["meta"]["licenseName"] = "CC_BY_NC_ND"
    path, out = tmp_path / "kept.vrm", tmp_path / "a.png"
    path.write_bytes(pack(document, binary))
    line = _refused(capsys, "avatar", "render", path, out)
    assert "licenseName" in line
    assert "--i-have-the-rights" in line
    assert not out.exists()
    assert main(["avatar", "render", str(path), str(out), "--i-have-the-rights", "--size", "32"]) == OK
    assert out.exists()


def test_avatar_render_bad_arguments_are_one_line(
    avatar: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Each mistake is named with what would be right, and nothing is written."""
    out = tmp_path / "a.png"
    fbx = tmp_path / "fbx.vrm"
    fbx.write_bytes(b"Kaydara FBX Binary  \x00")
    before = {path.name for path in tmp_path.iterdir()}
    render = ("avatar", "render")
    assert "is an FBX file" in _refused(capsys, *render, fbx, out)
    assert "cannot be read" in _refused(capsys, *render, tmp_path / "none.vrm", out)
    assert "choose .png" in _refused(capsys, *render, avatar, tmp_path / "a.gif")
    assert "expected an even number" in _refused(capsys, *render, avatar, out, "--size", "33")
    assert "expected a colour like" in _refused(capsys, *render, avatar, out, "--background", "red")
    assert "none.bvh" in _refused(capsys, *render, avatar, "--motion", tmp_path / "none.bvh", out)
    assert "choose one of character" in _refused(capsys, "avatar", "sheet", avatar, tmp_path / "s", "--views", "bust")
    assert {path.name for path in tmp_path.iterdir()} == before


def test_dataset_make_draws_and_goes_on(avatar: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The command makes a set; run again it has nothing to do, and with other options it refuses."""
    out = tmp_path / "set"
    command = ["dataset", "make", str(out), str(avatar), "--count", "4", "--identities", "1", "--shard", "2",
               "--size", "64", "--supersample", "1", "--sequences", "0", "--workers", "1"]  # fmt: skip
    assert main(command) == OK
    manifest = (out / "manifest.json").read_bytes()
    assert json.loads(manifest)["counts"]["splits"] == {"train": 4, "held_out_poses": 1}
    assert main(command) == OK
    assert (out / "manifest.json").read_bytes() == manifest
    capsys.readouterr()
    command[command.index("4")] = "6"
    assert "count 4, asked for 6" in _refused(capsys, *command)


def test_renderer_fixture_is_there(renderer: Renderer) -> None:  # noqa: F811
    """The tests above skip where OpenGL cannot be had."""
    assert renderer.device
