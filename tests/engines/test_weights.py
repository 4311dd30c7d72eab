"""The folder of weights: each thing that can be wrong with it is said before anything starts."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest

from engines import controls
from engines.errors import SpecMismatchError, WeightsError
from engines.weights import ARCHITECTURE, ONNX_FILE, find_weights


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Make a folder that passes every check."""
    (tmp_path / ONNX_FILE).write_bytes(b"network")
    model = {
        "name": "test",
        "architecture": ARCHITECTURE,
        "spec_hash": controls.spec_hash(),
        "onnx_sha256": hashlib.sha256(b"network").hexdigest(),
    }
    (tmp_path / "model.json").write_text(json.dumps(model))
    return tmp_path


def change(folder: Path, **values: str) -> None:
    """Overwrite values in model.json."""
    path = folder / "model.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | values))


def test_good_folder_is_found_and_named_with_its_hash(folder: Path) -> None:
    """The name carries the beginning of the hash, so that two weight sets can be told apart."""
    weights = find_weights(folder)
    assert weights.name == f"test ({hashlib.sha256(b'network').hexdigest()[:8]})"


def test_missing_folder_says_what_it_must_hold(tmp_path: Path) -> None:
    """Weights that are not there are asked for by name."""
    with pytest.raises(WeightsError, match=r"model\.json: not found.*student\.onnx"):
        find_weights(tmp_path / "none")


def test_other_spec_is_refused(folder: Path) -> None:
    """Weights for another control spec do not start."""
    change(folder, spec_hash="feedfeedfeedfeed")
    with pytest.raises(SpecMismatchError, match="feedfeedfeedfeed"):
        find_weights(folder)


def test_other_architecture_is_refused(folder: Path) -> None:
    """Weights of another architecture do not start."""
    change(folder, architecture="painting")
    with pytest.raises(WeightsError, match="'painting'"):
        find_weights(folder)


def test_damaged_network_is_refused(folder: Path) -> None:
    """A network that is not the one that was published does not start."""
    (folder / ONNX_FILE).write_bytes(b"netw")
    with pytest.raises(WeightsError, match="damaged"):
        find_weights(folder)


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"architecture": 1}'])
def test_unreadable_description_is_a_weights_error(folder: Path, text: str) -> None:
    """A description that says nothing useful is one clear error."""
    (folder / "model.json").write_text(text)
    with pytest.raises(WeightsError, match="cannot be read"):
        find_weights(folder)
