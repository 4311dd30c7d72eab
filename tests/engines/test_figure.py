"""A figure's file: what comes back, how large it is, and what is refused."""

from __future__ import annotations

import zipfile
from collections.abc import Callable
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from engines.controls import controls
from engines.errors import CharacterError
from engines.figure import INK_STEP_M, MORPH_STEP_M, PLACE_STEP_M, UV_STEPS, Figure
from engines.posing import posed_figure
from engines.studio.avatar import Avatar
from engines.studio.figures import figure_of
from engines.studio.sampling import sample_controls
from tests.engines.studio.conftest import boxes, real_avatar  # noqa: F401 - fixtures
from tests.fakes.swinging import collide_1, document_with_chain, load, node_of, springs_1


def _whole(avatar: Avatar) -> Figure:
    return figure_of(avatar, np.ones(len(avatar.triangles), np.bool_))


@pytest.fixture
def chain(tmp_path: Path) -> Avatar:
    """Return an avatar whose hair hangs on a soft chain that lies on a ball."""
    document, binary = document_with_chain(links=4)
    extension = springs_1(document, stiffness=0.3, gravityPower=0.6, hitRadius=0.02)
    collide_1(extension, node_of(document, "head"), {"sphere": {"offset": [0, 0, 0.2], "radius": 0.1}})
    return load(document, binary, tmp_path)


@pytest.fixture
def saved(chain: Avatar, tmp_path: Path) -> tuple[Figure, Path]:
    """Return a figure with a hole and its file."""
    figure = _whole(chain)
    holes = np.ones((5, 7), np.uint8)
    holes[2, 3] = 0
    mask = figure.mask.copy()
    mask[:4] = 0
    figure = replace(figure, mask=mask, masks=(holes,))
    path = tmp_path / "figure.npz"
    figure.save(path)
    return figure, path


def test_load_returns_what_was_saved(saved: tuple[Figure, Path]) -> None:
    """Whole numbers, holes and names come back as they were, lengths within half a step."""
    figure, path = saved
    again = Figure.load(path)
    for name in ("joint_ids", "triangles", "order", "cull", "region", "mask", "colours", "ink"):
        ours, theirs = getattr(again, name), getattr(figure, name)
        assert ours.dtype == theirs.dtype, name
        assert np.array_equal(ours, theirs), name
    np.testing.assert_allclose(again.places, figure.places, atol=PLACE_STEP_M * 0.51)
    np.testing.assert_allclose(again.normals, figure.normals, atol=0.02)
    np.testing.assert_allclose(again.joint_weights, figure.joint_weights, atol=1 / 255)
    np.testing.assert_allclose(again.joint_weights.sum(axis=1), 1.0, atol=1e-6)
    np.testing.assert_allclose(again.uvs % 1.0, figure.uvs % 1.0, atol=0.51 / UV_STEPS)
    np.testing.assert_allclose(again.ink_width_m, figure.ink_width_m, atol=INK_STEP_M * 0.51)
    assert len(again.masks) == 1
    assert np.array_equal(again.masks[0], figure.masks[0])
    assert again.morphs.keys() == figure.morphs.keys()
    for name, morph in figure.morphs.items():
        assert np.array_equal(again.morphs[name].vertices, morph.vertices)
        np.testing.assert_allclose(again.morphs[name].deltas, morph.deltas, atol=MORPH_STEP_M * 0.51)
    assert again.look_at == figure.look_at


def test_load_figure_hangs_as_the_one_that_was_saved(saved: tuple[Figure, Path], chain: Avatar) -> None:
    """A pose of the file's figure is the saved one's, within a step of its places."""
    figure, path = saved
    again = Figure.load(path)
    for yaw in (-30, 0, 40):
        vector = controls({"head_yaw": yaw, "head_pitch": yaw / 2, "aa": 1.0})
        ours = posed_figure(again, chain.proportions, vector).positions
        theirs = posed_figure(figure, chain.proportions, vector).positions
        np.testing.assert_allclose(ours, theirs, atol=1.5 * PLACE_STEP_M)


def test_save_same_figure_gives_the_same_arrays(saved: tuple[Figure, Path], tmp_path: Path) -> None:
    """What was loaded is saved as it was: nothing drifts from copy to copy."""
    _, path = saved
    copy, second = tmp_path / "copy.npz", tmp_path / "second.npz"
    Figure.load(path).save(copy)
    Figure.load(copy).save(second)
    with np.load(copy) as first, np.load(second) as again:
        assert set(first) == set(again)
        for name in first:
            assert np.array_equal(first[name], again[name]), name


@pytest.mark.parametrize("name", ["seedsan", "vita"])
def test_load_real_figures_stand_where_they_did(
    name: str, real_avatar: Callable[[str], Avatar], tmp_path: Path  # noqa: F811
) -> None:  # fmt: skip
    """Stored figures are under a megabyte, and half a millimetre off at most nine times in ten."""
    avatar = real_avatar(name)
    figure, path = _whole(avatar), tmp_path / "figure.npz"
    figure.save(path)
    assert path.stat().st_size < 1_000_000
    joints = [entry for entry in zipfile.ZipFile(path).infolist() if entry.filename.startswith("joints_")]
    assert sum(entry.compress_size for entry in joints) < 12_000
    again, rng = Figure.load(path), np.random.default_rng(2)
    for _ in range(3):
        vector = sample_controls(rng, avatar.proportions, "full")
        away = posed_figure(again, avatar.proportions, vector).positions
        away = away - posed_figure(figure, avatar.proportions, vector).positions
        assert np.percentile(np.linalg.norm(away, axis=1), 90) < 5e-4


def test_load_missing_file_is_named(tmp_path: Path) -> None:
    """The message names the file and what to do."""
    with pytest.raises(CharacterError, match=r"nothing\.npz: damaged or incomplete .*; make the character again"):
        Figure.load(tmp_path / "nothing.npz")


@pytest.mark.parametrize("part", [0.0, 0.3, 0.9, 0.999])
def test_load_truncated_file_is_refused(saved: tuple[Figure, Path], part: float) -> None:
    """A copy that broke off is damaged, wherever it did."""
    _, path = saved
    content = path.read_bytes()
    path.write_bytes(content[: int(len(content) * part)])
    with pytest.raises(CharacterError, match="make the character again"):
        Figure.load(path)


def test_load_flipped_bytes_are_refused_or_harmless(saved: tuple[Figure, Path]) -> None:
    """No byte that changed on the way gives another error than the one that is meant for it."""
    figure, path = saved
    content = path.read_bytes()
    rng = np.random.default_rng(0)
    refused = 0
    for place in rng.integers(0, len(content), 150):
        path.write_bytes(content[:place] + bytes([content[place] ^ 0x55]) + content[place + 1 :])
        try:
            assert len(Figure.load(path).places) == len(figure.places)
        except CharacterError:
            refused += 1
    assert refused > 75


def _changed(path: Path, **arrays: npt.NDArray[Any] | None) -> None:
    with np.load(path) as file:
        kept = dict(file) | arrays
    np.savez_compressed(path, **{name: array for name, array in kept.items() if array is not None})


@pytest.mark.parametrize(
    "changes",
    [
        {"triangles": None},
        {"joints_springs_axes": None},
        {"normals": np.zeros((3, 3), np.int8)},
        {"triangles": np.full(30, 3000, np.int32)},
        {"joint_ids": np.full((1, 4), 9, np.uint16)},
        {"joints_parents": np.full(60, 99, np.int16)},
        {"mask": np.full(1, 9, np.int8)},
        {"look_at": np.frombuffer(b"{}", np.uint8)},
        {"mask_bits": np.zeros(0, np.uint8)},
    ],
    ids=lambda changes: next(iter(changes)),
)
def test_load_arrays_that_do_not_fit_are_refused(saved: tuple[Figure, Path], changes: dict[str, Any]) -> None:
    """A file whose parts contradict each other never reaches the compiled loops."""
    _, path = saved
    _changed(path, **changes)
    with pytest.raises(CharacterError, match="make the character again"):
        Figure.load(path)


def test_load_morph_beyond_the_figure_is_refused(saved: tuple[Figure, Path]) -> None:
    """An expression moves vertices that there are."""
    figure, path = saved
    _changed(path, morph_aa_vertices=np.full(len(figure.morphs["aa"].vertices), len(figure.places), np.uint16))
    with pytest.raises(CharacterError, match="make the character again"):
        Figure.load(path)


def test_figure_other_shapes_are_refused(boxes: Avatar) -> None:  # noqa: F811
    """What does not fit together is said by name."""
    figure = _whole(boxes)
    assert len(fields(figure)) > 15
    with pytest.raises(ValueError, match="region: got shape"):
        replace(figure, region=figure.region[1:])
    with pytest.raises(ValueError, match="triangles: got"):
        replace(figure, triangles=figure.triangles + len(figure.places) - 1 - int(figure.triangles.min()))
