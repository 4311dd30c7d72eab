"""Making a character of an avatar: what is written, that a stopped run goes on, and that bad files are named."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from engines.character import Character, load_character
from engines.characters.making import MakeOptions, make
from engines.errors import AvatarError, CharacterError
from engines.figure import Figure
from engines.sheet import SHEET_VIEWS
from engines.studio.paint import Paint
from tests.fakes.vrm import build_document, build_vrm, pack

pytestmark = pytest.mark.usefixtures("renderer")
#: What the encoder reads, at a size that is quick to draw.
VIEWS = tuple(replace(view, size_px=32) for view in SHEET_VIEWS if view.name in {"front", "left", "up", "face"})


@pytest.fixture
def options(tmp_path: Path) -> MakeOptions:
    """Return what to make: the synthetic avatar."""
    path = tmp_path / "boxes.vrm"
    path.write_bytes(build_vrm())
    return MakeOptions(avatar=path, out=tmp_path / "out")


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Character:
    """Return the character that a run makes which nobody stops."""
    folder = tmp_path_factory.mktemp("whole")
    (folder / "boxes.vrm").write_bytes(build_vrm())
    options = MakeOptions(avatar=folder / "boxes.vrm", out=folder / "out")
    return load_character(make(options, views=VIEWS).folder)


def test_made_character_is_complete(options: MakeOptions) -> None:
    """Card, figure with paints, sheet, palette and style are there; nothing else is left."""
    steps: list[tuple[int, int]] = []
    made = make(replace(options, title="Mine", credit="me"), lambda done, total: steps.append((done, total)), VIEWS)
    character = load_character(made.folder)
    assert (character.card.name, character.card.kind) == ("boxes", "made")
    assert (character.card.title, character.card.credit) == ("Mine", "me")
    paint = character.figure.paint
    assert paint is not None
    assert set(np.unique(paint).tolist()) <= {int(paint) for paint in Paint}
    assert [view.name for view in character.sheet.views] == [view.name for view in VIEWS]
    assert character.w.size
    assert [path.name for path in options.out.iterdir()] == ["boxes"]
    assert steps[0] == (0, len(VIEWS) + 3)
    assert steps[-1] == (len(VIEWS) + 3,) * 2
    assert [done for done, _ in steps] == sorted(done for done, _ in steps)


def _stop_after(stop: int) -> Callable[[int, int], None]:
    """Return what is told how far a run is, and stops it there."""

    def show(done: int, total: int) -> None:
        if done == stop:
            raise KeyboardInterrupt

    return show


@pytest.mark.parametrize("stop", [1, 2, 4])
def test_stopped_run_goes_on_to_the_same_character(options: MakeOptions, whole: Character, stop: int) -> None:
    """Wherever it was stopped, it ends like a run that was not."""
    with pytest.raises(KeyboardInterrupt):
        make(options, _stop_after(stop), VIEWS)
    assert not (options.out / "boxes").exists()
    again = load_character(make(options, views=VIEWS).folder)
    assert all(np.array_equal(a, b) for a, b in zip(again.sheet.pictures, whole.sheet.pictures, strict=True))
    assert np.array_equal(again.figure.places, whole.figure.places)
    assert not (options.out / ".boxes.part").exists()


def test_what_was_drawn_is_not_drawn_again(options: MakeOptions) -> None:
    """A picture and a figure that were kept are used as they are: here, one painted over and one without ink."""
    with pytest.raises(KeyboardInterrupt):
        make(options, _stop_after(4), VIEWS)
    work = options.out / ".boxes.part"
    Image.new("RGBA", (32, 32), (255, 0, 0, 255)).save(work / f"{VIEWS[1].name}.png")
    figure = Figure.load(work / "figure.npz")
    replace(figure, ink=np.full_like(figure.ink, 77)).save(work / "figure.npz")
    again = load_character(make(options, views=VIEWS).folder)
    assert np.abs(again.sheet.pictures[1].astype(int) - (255, 0, 0, 255)).max() < 8
    assert (again.figure.ink == 77).all()


def test_picture_cut_short_is_drawn_again(options: MakeOptions) -> None:
    """Files that a power cut left half-written do no harm."""
    with pytest.raises(KeyboardInterrupt):
        make(options, _stop_after(4), VIEWS)
    work = options.out / ".boxes.part"
    first = work / f"{VIEWS[0].name}.png"
    first.write_bytes(first.read_bytes()[:40])
    (work / "figure.npz").write_bytes(b"PK")
    assert load_character(make(options, views=VIEWS).folder).figure.places.size


def test_another_file_of_the_same_name_starts_anew(options: MakeOptions) -> None:
    """Pictures of one avatar never end up in another's sheet."""
    with pytest.raises(KeyboardInterrupt):
        make(options, _stop_after(4), VIEWS)
    Image.new("RGBA", (32, 32), (255, 0, 0, 255)).save(options.out / ".boxes.part" / f"{VIEWS[0].name}.png")
    options.avatar.write_bytes(build_vrm(arm_droop_deg=40.0))
    picture = load_character(make(options, views=VIEWS).folder).sheet.pictures[0]
    assert (picture[0, 0] == 0).all()  # the corner is empty, not red


def test_character_of_that_name_is_not_overwritten(options: MakeOptions) -> None:
    """It is refused before anything is drawn."""
    (options.out / "boxes").mkdir(parents=True)
    with pytest.raises(CharacterError, match="is there already"):
        make(options, views=VIEWS)


@pytest.mark.parametrize("content", [b"", b"not a vrm", b"glTF" + bytes(100)])
def test_file_that_is_no_avatar_is_named(options: MakeOptions, content: bytes) -> None:
    """One line says which file and what is wrong; nothing is left behind."""
    options.avatar.write_bytes(content)
    with pytest.raises(AvatarError, match=r"boxes") as caught:
        make(options, views=VIEWS)
    assert "\n" not in str(caught.value)
    assert not options.out.exists()


def test_missing_file_is_named(options: MakeOptions) -> None:
    """A file that is not there is an error of the avatar's kind."""
    options.avatar.unlink()
    with pytest.raises((AvatarError, CharacterError), match=r"boxes"):
        make(options, views=VIEWS)


def test_forbidden_modification_needs_the_rights(options: MakeOptions) -> None:
    """Terms without derivatives refuse, and the message says how to go on."""
    document, binary = build_document()
    document["extensions"]["VRM"].setdefault("meta", {})["licenseName"] = "CC_BY_ND"
    options.avatar.write_bytes(pack(document, binary))
    with pytest.raises(AvatarError, match=r"forbid modification.*--i-have-the-rights"):
        make(options, views=VIEWS)
