"""The commands: what they say when all is well, and one line when it is not."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from PIL import Image

from engines.character import load_character
from realtime.command import FAILED, OK, main
from tests.fakes.vrm import build_vrm


def _refused(capsys: pytest.CaptureFixture[str], *arguments: object) -> str:
    """Return the one line that a command fails with."""
    assert main(["characters", *map(str, arguments)]) == FAILED
    lines = [line for line in capsys.readouterr().err.splitlines() if line.strip()]
    assert len(lines) == 1
    assert "Traceback" not in lines[0]
    return lines[0]


def test_list_is_a_table_or_json(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Name, title, kind, licence and size are there."""
    assert main(["characters", "list", "--folder", str(folder)]) == OK
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].split() == ["name", "title", "kind", "licence", "size"]
    assert lines[2].startswith("orbs")
    assert "CC BY 4.0" in lines[2]
    assert main(["characters", "list", "--folder", str(folder), "--json"]) == OK
    rows = json.loads(capsys.readouterr().out)
    assert [(row["name"], row["kind"]) for row in rows] == [("balls", "avatar"), ("orbs", "avatar")]
    assert rows[0]["bytes"] > 1000


def test_show_draws_and_describes(folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The picture has as many poses as were asked for; words say build and colours.  Without weights it says so."""
    out = tmp_path / "balls.png"
    arguments = ["characters", "show", "balls", "--folder", str(folder), "--out", str(out), "--weights", str(tmp_path)]
    assert main([*arguments, "--pose", "head_yaw=20", "--pose", "smile=1,head_roll=-9"]) == OK
    said = capsys.readouterr().out
    assert "hair pink #be3c78" in said
    assert "heads tall" in said
    assert "from its views alone, without a network" in said
    with Image.open(out) as picture:
        assert picture.size == (2 * 384, 384)


def test_mix_writes_a_character(folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The mix is a character like any other, and is not overwritten."""
    arguments = ["mix", "balls", "orbs", "--t", "0.25", "--folder", str(folder), "--out", str(tmp_path)]
    assert main(["characters", *arguments]) == OK
    assert load_character(tmp_path / "balls-orbs-25").card.kind == "mixed"
    assert "is there already" in _refused(capsys, *arguments)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("list", "--folder", "NOWHERE"), "no characters"),
        (("show", "nobody", "--folder", "FOLDER", "--out", "x.png"), "no character named 'nobody'; there are balls"),
        (("show", "balls", "--folder", "FOLDER", "--out", "x.png", "--pose", "wings=1"), "no control is called"),
        (("show", "balls", "--folder", "FOLDER", "--out", "x.png", "--pose", "smile=x"), "is not name=number"),
        (("show", "balls", "--folder", "FOLDER", "--weights", "NOWHERE", "--pose", "smile=1", "--out", "FOLDER/x.txt"),
         "end it in .png"),
        (("mix", "balls", "orbs", "--t", "2", "--folder", "FOLDER", "--out", "NOWHERE"), "expected 0 to 1"),
        (("mix", "balls", "orbs", "--name", "a b", "--folder", "FOLDER", "--out", "NOWHERE"), "--name"),
        (("make", "NOWHERE/a.vrm", "--out", "NOWHERE"), "a.vrm"),
        (("sample", "--seed", "1", "--out", "NOWHERE"), "--avatars"),
        (("sample", "--seed", "-1", "--out", "NOWHERE", "--avatars", "BOXES"), "expected at least"),
        (("sample", "--seed", "1", "--out", "NOWHERE", "--avatars", "BOXES", "--palette", "hair"), "is not name="),
        (("sample", "--seed", "1", "--out", "NOWHERE", "--avatars", "BOXES", "--from", "teacher"), "--teacher"),
        (("sample", "--seed", "1", "--out", "NOWHERE", "--from", "teacher", "--teacher", "NOWHERE"), "is not there"),
        (("sample", "--seed", "1", "--out", "NOWHERE", "--avatars", "BOXES", "--credits", "NOWHERE"), "cannot be read"),
    ],
)  # fmt: skip
def test_mistake_is_one_line(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...], message: str
) -> None:
    """Users' mistakes end in one line that says what was expected."""
    boxes = tmp_path / "boxes.vrm"
    boxes.write_bytes(build_vrm())
    places = {"NOWHERE": tmp_path / "nowhere", "FOLDER": folder, "BOXES": boxes}
    said = [
        str(places.get(part.partition("/")[0], part)) + ("/" + part.partition("/")[2] if "/" in part else "")
        for part in arguments
    ]
    assert message in _refused(capsys, *said)
