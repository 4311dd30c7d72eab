"""`animirror evaluate`: what it writes for real weights, and what it says when it cannot."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Sequence
from dataclasses import replace
from hashlib import sha256
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from engines.character import PRETRAINED, Character
from engines.controls import spec_hash
from engines.engine import Engine
from engines.errors import DatasetError, WeightsError
from engines.evaluation.control_reader import ControlReader
from engines.evaluation.drawing import Contender
from engines.evaluation.evaluation import EvaluationOptions, evaluate
from engines.evaluation.figures import split_figures
from engines.evaluation.measurement import chosen_indices, measure_split
from engines.evaluation.regions import REGIONS
from engines.studio.dataset import make_dataset
from engines.studio.dataset_plan import DatasetOptions
from engines.studio.dataset_reader import DatasetReader
from engines.studio.renderer import Renderer
from engines.weights import ARCHITECTURE, ONNX_FILE, find_weights
from realtime.command import FAILED, OK, main
from tests.engines.studio.conftest import renderer  # noqa: F401 - a fixture
from tests.fakes.engine import PaintingEngine
from tests.fakes.vrm import build_vrm

#: OpenVINO takes a second to compile a network, ONNX Runtime a tenth.
QUICK = ("--engine", "onnxruntime")


@pytest.fixture(scope="module")
def data(renderer: Renderer, tmp_path_factory: pytest.TempPathFactory) -> Path:  # noqa: F811
    """Make a set of two characters, one of them held out, and sequences to train on."""
    assert renderer.device
    root = tmp_path_factory.mktemp("evaluation")
    for name in ("boxes", "others"):
        (root / f"{name}.vrm").write_bytes(build_vrm())
    options = DatasetOptions(
        avatars=(root / "boxes.vrm", root / "others.vrm"),
        count=6,
        identities=2,
        held_out_avatar="others",
        sequences=1.0,
        sequence_frames=3,
        size=64,
        supersample=1,
        seed=2,
    )
    make_dataset(options, root / "set")
    return root / "set"


@pytest.fixture
def shipped() -> Path:
    """Return the shipped weights, or skip while they are of another architecture than the program."""
    try:
        find_weights(PRETRAINED)
    except WeightsError as error:
        pytest.skip(f"the shipped weights do not fit this program: {error}")
    return PRETRAINED


@pytest.fixture
def weights(tmp_path: Path) -> Path:
    """Write a folder that looks like weights, but whose network nobody can run."""
    folder = tmp_path / "weights"
    folder.mkdir()
    (folder / ONNX_FILE).write_bytes(b"network")
    model = {
        "name": "none",
        "architecture": ARCHITECTURE,
        "spec_hash": spec_hash(),
        "framing": "portrait",
        "onnx_sha256": sha256(b"network").hexdigest(),
    }
    (folder / "model.json").write_text(json.dumps(model))
    return folder


class DiscContender(Contender):
    """Draws discs instead of characters."""

    def __init__(self) -> None:
        self.name, self.size_bytes = "discs", 0

    def characters(self, reader: DatasetReader, names: Sequence[str]) -> list[Character]:
        """Return the data set's characters."""
        return [reader.character(name) for name in names]

    def engine(self, characters: Sequence[Character]) -> Engine:
        """Return what paints."""
        return PaintingEngine(64, tuple(character.card.name for character in characters))


def _refused(capsys: pytest.CaptureFixture[str], *arguments: object) -> str:
    """Run the command, which must fail, and return its one line."""
    assert main(["evaluate", *(str(argument) for argument in arguments)]) == FAILED
    lines = capsys.readouterr().err.strip().splitlines()
    assert len(lines) == 1, lines
    assert "Traceback" not in lines[0]
    return lines[0]


def test_evaluate_writes_figures_and_a_page_with_pictures(data: Path, tmp_path: Path) -> None:
    """Every split, two contenders side by side, and only pictures that are there."""
    options = EvaluationOptions(weights=(tmp_path, tmp_path), data=data, out=tmp_path / "out")
    told: list[tuple[int, int]] = []
    result = evaluate(options, lambda *done: told.append(done), [DiscContender(), DiscContender()])
    assert told == [(1, 2), (2, 2)]
    assert result == json.loads((options.out / "evaluation.json").read_text())
    assert result["data"]["pictures"] == {"held_out_poses": 1, "held_out_identity": 1}
    assert result["data"]["characters"]["held_out_identity"] == ["others"]
    figures = result["weights"][0]["figures"]["held_out_poses"]
    assert set(figures["compared"]["64"]) == set(REGIONS)
    assert 5 < figures["compared"]["64"]["whole"]["psnr"] < 60
    assert figures["flicker"]["still"]["ratio"] is None
    assert "--avatars" in result["skipped"]["held_out_poses: flicker over the renderer's own"]
    assert result["comparison"]["better"] == "neither"
    page = (options.out / "index.html").read_text()
    assert "Better: neither" in page
    assert "http" not in page
    shown = set(re.findall(r'src="([^"]+)"', page))
    assert len(shown) > 2
    for name in shown:
        with Image.open(options.out / name) as picture:
            assert picture.size[0] >= 64


def test_evaluate_draws_characters_that_the_weights_do_not_hold(shipped: Path, data: Path, tmp_path: Path) -> None:
    """By the command, with the shipped weights: their network and the data set's sheets."""
    assert main(["evaluate", str(shipped), "--data", str(data), "--out", str(tmp_path), *QUICK]) == OK
    result = json.loads((tmp_path / "evaluation.json").read_text())
    assert set(result["weights"][0]["figures"]) == {"held_out_poses", "held_out_identity"}


def test_a_folder_of_pictures_is_a_teacher_and_sampled_characters(data: Path, tmp_path: Path) -> None:
    """Its distance is too much to ask of one picture, but it is looked at; an empty folder is refused."""
    folder = tmp_path / "teacher"
    options = EvaluationOptions(
        weights=(tmp_path,),
        data=data,
        out=tmp_path / "out",
        splits=("held_out_poses",),
        teacher=tmp_path,
        sampled=tmp_path,
    )
    with pytest.raises(DatasetError, match=r"has no picture of held_out_poses; expected held_out_poses/000000\.png"):
        evaluate(options, contenders=[DiscContender()])
    (folder / "held_out_poses").mkdir(parents=True)
    for name in ("held_out_poses/000000.png", "one.png", "two.png"):
        Image.fromarray(np.full((64, 64, 4), 200, np.uint8)).save(folder / name)
    result = evaluate(replace(options, teacher=folder, sampled=folder), contenders=[DiscContender()])
    assert result["teacher"]["held_out_poses"]["pictures"] == 1
    assert result["coverage_of_sampled"]["colours"]["coverage"] is None
    assert "Coverage of sampled characters" in (options.out / "index.html").read_text()


def test_sequences_give_flicker_along_their_motion(data: Path) -> None:
    """Each pair of frames once; a disc that stands still changes while surfaces move on."""
    reader = DatasetReader(data, "train", "portrait")
    measured = measure_split(reader, "train", [DiscContender()], ControlReader(), 6)
    assert len(measured.indices) == 6
    figures = split_figures(measured, 0)
    assert figures["flicker"]["motion"]["pairs"] == 4
    assert figures["flicker"]["motion"]["renderer_grey_levels"] > 0
    assert figures["per_character"]["boxes"]["pictures"] == 6
    assert np.isnan(figures["controls"]["head_yaw"]["r2"])  # six pictures say nothing


def test_pictures_are_spread_over_characters(data: Path) -> None:
    """As many of each; with fewer pictures than characters, one of some."""
    reader = DatasetReader(data, "train")
    assert chosen_indices(reader, 4) == [[0, 1, 2, 3]]
    assert chosen_indices(reader, 100) == [[0, 1, 2, 3, 4, 5]]
    assert chosen_indices(reader, 1) == [[0]]


def test_evaluate_without_a_data_set_says_how_to_make_one(
    weights: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The folder is named."""
    line = _refused(capsys, weights, "--data", tmp_path, "--out", tmp_path / "out")
    assert "no manifest.json" in line
    assert not (tmp_path / "out").exists()


def test_evaluate_of_a_split_that_is_not_there_is_refused(
    weights: Path, data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Splits and framings that the set does not have."""
    arguments = (weights, "--data", data, "--out", tmp_path)
    assert "holds nothing of held_out_motion" in _refused(capsys, *arguments, "--split", "held_out_motion")
    assert "no held-out split in full" in _refused(capsys, *arguments, "--framing", "full")


def test_evaluate_of_weights_of_another_spec_is_refused(
    weights: Path, data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Nothing is drawn with numbers that mean something else; other framings and missing weights are refused, too."""
    path = weights / "model.json"
    model = json.loads(path.read_text())
    path.write_text(json.dumps(model | {"spec_hash": "0123456789abcdef"}))
    arguments = ("--data", data, "--out", tmp_path / "out")
    assert "0123456789abcdef" in _refused(capsys, weights, *arguments)
    path.write_text(json.dumps(model | {"framing": "full"}))
    assert "draws full, asked for was portrait" in _refused(capsys, weights, *arguments)
    assert "not found" in _refused(capsys, tmp_path / "nowhere", *arguments)


def test_evaluate_of_a_missing_character_names_it(
    weights: Path, data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A data set without the folder of one of its characters."""
    damaged = tmp_path / "set"
    shutil.copytree(data, damaged)
    shutil.rmtree(damaged / "characters" / "boxes")
    line = _refused(capsys, weights, "--data", damaged, "--out", tmp_path / "out", "--split", "held_out_poses")
    assert "boxes" in line


@pytest.mark.parametrize(
    ("option", "expected"),
    [
        (("--limit", "0"), "--limit 0: expected at least 1"),
        (("--avatars", "/no/such/folder"), "--avatars /no/such/folder: no such folder"),
        (("--regressor", "/no/such/file.onnx"), "no regressor can be read there"),
    ],
)
def test_evaluate_with_wrong_options_is_refused(
    weights: Path,
    data: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    option: tuple[str, str],
    expected: str,
) -> None:
    """Each with one line that says what was expected."""
    assert expected in _refused(capsys, weights, "--data", data, "--out", tmp_path / "out", *option)
