"""Styles: read by the encoder where there is one, else the mean of those that are known."""

from __future__ import annotations

import json
import warnings
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from engines.character import Character
from engines.errors import CharacterError
from engines.sheet import Sheet
from engines.style import ENCODER_PX, ENCODER_VIEWS, encoder_input, style_of
from engines.weights import ENCODER_ONNX_FILE
from tests.fakes.character import ball_character


def _without(character: Character, name: str) -> Sheet:
    kept = [
        (view, picture)
        for view, picture in zip(character.sheet.views, character.sheet.pictures, strict=True)
        if view.name != name
    ]
    return Sheet(views=tuple(view for view, _ in kept), pictures=tuple(picture for _, picture in kept))


@pytest.fixture(scope="module")
def painted() -> Character:
    """Return a character of balls."""
    return ball_character("balls")


def test_input_is_what_training_gives(painted: Character) -> None:
    """Run time and training show the encoder the same pixels."""
    views = encoder_input(painted.sheet)
    assert views.shape == (1, 4 * len(ENCODER_VIEWS), ENCODER_PX, ENCODER_PX)
    assert views.dtype == np.float32
    data = pytest.importorskip("engines.student.data", reason="torch is not installed")
    assert np.allclose(views[0], data.encoder_views(painted.sheet).numpy() / 255)


def test_missing_view_is_refused(painted: Character) -> None:
    """The message names the view."""
    with pytest.raises(CharacterError, match="no view 'up'"):
        encoder_input(_without(painted, "up"))


def test_without_encoder_the_mean_is_taken_and_said(painted: Character, tmp_path: Path) -> None:
    """A folder without an encoder gives the mean of its characters' styles."""
    for name, value in (("one", 1.0), ("two", 3.0)):
        (tmp_path / "characters" / name).mkdir(parents=True)
        (tmp_path / "characters" / name / "character.json").write_text(json.dumps({"w": [value] * 8}))
    (tmp_path / "characters" / "broken").mkdir()
    (tmp_path / "characters" / "broken" / "character.json").write_text("{")
    style = style_of(painted.sheet, tmp_path)
    assert style.w.tolist() == [2.0] * 8
    assert "mean of 2 characters" in style.source


def test_without_anything_the_style_is_zero(painted: Character, tmp_path: Path) -> None:
    """Its length is what the weights say."""
    (tmp_path / "model.json").write_text(json.dumps({"config": {"w_dim": 12}}))
    style = style_of(painted.sheet, tmp_path)
    assert style.w.tolist() == [0.0] * 12
    assert style.source.startswith("zero")


def test_encoder_is_run(painted: Character, tmp_path: Path) -> None:
    """An encoder beside the weights reads the style off the sheet, and another sheet gives another."""
    torch = pytest.importorskip("torch", reason="torch is not installed")
    network = pytest.importorskip("engines.student.network")
    torch.manual_seed(0)
    encoder = network.Encoder(network.StudentConfig(w_dim=16), views=len(ENCODER_VIEWS)).eval()
    example = torch.zeros(1, 4 * len(ENCODER_VIEWS), ENCODER_PX, ENCODER_PX)
    target = str(tmp_path / ENCODER_ONNX_FILE)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the exporter warns of its own future
        torch.onnx.export(encoder, (example,), target, input_names=["views"], output_names=["w"], dynamo=False)
    style = style_of(painted.sheet, tmp_path)
    with torch.no_grad():
        expected = encoder(torch.from_numpy(encoder_input(painted.sheet)))[0].numpy()
    assert np.allclose(style.w, expected, atol=1e-4)
    assert "read off the sheet" in style.source
    dark = replace(
        painted.sheet, pictures=tuple(np.asarray(picture // 3, np.uint8) for picture in painted.sheet.pictures)
    )
    assert not np.allclose(style_of(dark, tmp_path).w, style.w, atol=1e-3)


def test_damaged_encoder_is_refused_in_one_line(painted: Character, tmp_path: Path) -> None:
    """The library's own words are kept, on one line."""
    (tmp_path / ENCODER_ONNX_FILE).write_bytes(b"nonsense")
    with pytest.raises(CharacterError, match="cannot be run") as caught:
        style_of(painted.sheet, tmp_path)
    assert "\n" not in str(caught.value)
