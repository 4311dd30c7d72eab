"""The teacher's training: every part learns, it goes through the loop, and its weights can be taken out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("torch", reason="the teacher needs the train extra")

import torch

from engines.controls import controls
from engines.errors import CharacterError, CheckpointError, SpecMismatchError, TrainingError, WeightsError
from engines.teacher.contact_sheets import held_out_sheet, mix_sheet, sampled_sheet
from engines.teacher.export import export
from engines.teacher.loading import CARD_FILE, WEIGHTS_FILE, load_parts, save_parts
from engines.teacher.sampling import Teacher, mix
from engines.teacher.task import TeacherTask, faded, make_task, psnr
from engines.training.compute import find_compute
from engines.training.distributed import Processes
from engines.training.gradient_check import check_gradients
from engines.training.loop import Loop, LoopOptions
from engines.training.seeds import seed_weights
from engines.training.task import TaskOptions

TINY = {
    "resolution": "32",
    "first_resolution": "16",
    "z_dim": "8",
    "w_dim": "12",
    "mapping_layers": "2",
    "channel_base": "256",
    "channel_max": "12",
    "structure_width": "4",
    "adversarial_from": "0",
    "r1_every": "2",
    "path_every": "2",
}


def task(folder: Path, steps: int = 4, **settings: str) -> TeacherTask:
    """Return a tiny training."""
    seed_weights(0)
    compute = find_compute("cpu", "fp32")
    return make_task(TaskOptions(data=folder, compute=compute, steps=steps, batch=4, settings=TINY | settings))


def loop(folder: Path, run: Path, steps: int = 4, **settings: str) -> Loop:
    """Return its loop."""
    run.mkdir(exist_ok=True)
    options = LoopOptions(show_every=steps)
    return Loop(task(folder, steps, **settings), run, find_compute("cpu", "fp32"), Processes(), options)


@pytest.fixture(scope="module")
def trained(small_set: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Train for four steps and return the run's folder."""
    run = tmp_path_factory.mktemp("runs") / "run"
    one = loop(small_set, run)
    one.begin()
    assert one.run()
    return run


@pytest.fixture(scope="module")
def weights(small_set: Path, trained: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Export them and return the folder."""
    out = tmp_path_factory.mktemp("weights")
    assert export(trained, small_set, out, discriminator=True) == 4
    return out


def test_every_parameter_learns(small_set: Path, tmp_path: Path) -> None:
    """In a training that grows to the end, nothing is left without a gradient."""
    one = loop(small_set, tmp_path, steps=6, first_resolution="32")
    one.begin()
    check = check_gradients(one, 4)
    assert not check.untrained()
    # The layers from pictures of resolutions below the first one are there for growing only.
    assert [name for name in check.unreached() if "from_picture" not in name] == []


def test_training_goes_on_as_if_it_had_not_been_stopped(small_set: Path, tmp_path: Path) -> None:
    """Two steps, a checkpoint and two steps are four steps, to the bit."""
    whole, half = loop(small_set, tmp_path / "whole"), loop(small_set, tmp_path / "half")
    for one, count in ((whole, 4), (half, 2)):
        one.begin()
        for place, batch in one.batches(0):
            one.take(place, batch)
            if one.step == count:
                break
    half.save()
    second = loop(small_set, tmp_path / "half")
    assert second.resume()
    for place, batch in second.batches(2):
        second.take(place, batch)
    for name, module in whole.task.modules.items():
        for key, value in module.state_dict().items():
            assert torch.equal(value, second.task.modules[name].state_dict()[key]), f"{name}.{key}"


def test_pairs_alone_come_first(small_set: Path, tmp_path: Path) -> None:
    """Until so many pictures have been seen nothing is judged; then it is."""
    one = loop(small_set, tmp_path, adversarial_from="8")
    one.begin()
    said: list[Mapping[str, object]] = [one.take(place, batch) for place, batch in one.batches(0)]
    assert "discriminator/judgement" not in said[1]
    assert {"discriminator/judgement", "generator/adversarial", "generator/feature"} <= set(said[2])


def test_known_character_in_a_pose_is_learnt(small_set: Path, tmp_path: Path) -> None:
    """Pairs alone bring eight small pictures near their renders in a few steps."""
    one = loop(small_set, tmp_path, 30, first_resolution="32", adversarial="0", feature="0", rate="0.02", warm_up="0")
    one.begin()
    said = [float(one.take(place, batch)["psnr"]) for place, batch in one.batches(0)]
    assert np.mean(said[-5:]) > np.mean(said[:3]) + 4


def test_weights_say_how_far_they_have_grown(weights: Path) -> None:
    """A training's last phase decides at which size a loaded teacher draws."""
    assert Teacher.load(weights).size == 32


def test_exported_weights_draw_what_the_average_draws(small_set: Path, trained: Path, weights: Path) -> None:
    """Loaded from disk, a known character in a pose is the averaged generator's picture of it."""
    one = loop(small_set, trained)
    assert one.resume()
    generator, codes = one._averages.modules["generator"], one._averages.modules["codes"]
    parts = load_parts(weights)
    assert torch.equal(parts.own_codes, codes.state_dict()["own"])
    assert torch.equal(parts.base_codes, codes.state_dict()["base"])
    for key, value in generator.state_dict().items():
        assert torch.equal(parts.generator[key], value), key
    teacher = Teacher.load(weights)
    picture = teacher.draw(teacher.character("boxes"), [controls()])
    assert picture.shape == (1, 32, 32, 4)
    assert picture.dtype == np.uint8


def test_half_weights_take_half_the_room_and_draw_the_same(weights: Path, tmp_path: Path) -> None:
    """Rounded to float16, a picture changes by hardly a grey level."""
    save_parts(tmp_path, load_parts(weights), half=True)
    sizes = [(folder / WEIGHTS_FILE).stat().st_size for folder in (tmp_path, weights)]
    assert sizes[0] < 0.65 * sizes[1]
    pictures = []
    for folder in (tmp_path, weights):
        teacher = Teacher.load(folder, find_compute("cpu", "fp32"))
        picture = teacher.draw(teacher.character("boxes"), [controls()]).astype(float)
        pictures.append(picture[..., :3] * picture[..., 3:] / 255)
    assert np.abs(pictures[0] - pictures[1]).mean() < 1


def test_mix_goes_from_one_character_to_the_other(weights: Path) -> None:
    """At 0 and 1 style and proportions are the parents', half-way between them."""
    teacher = Teacher.load(weights)
    one, other = teacher.character("boxes"), teacher.sample(3)
    w, w_other = teacher.w(one), teacher.w(other)
    np.testing.assert_allclose(teacher.w(mix(one, other, 0.0)), w, atol=1e-6)
    np.testing.assert_allclose(teacher.w(mix(one, other, 1.0)), w_other, atol=1e-6)
    half = mix(one, other, 0.5)
    assert len(half.parents) == 2
    np.testing.assert_allclose(half.proportions.joints, (one.proportions.joints + other.proportions.joints) / 2)


def test_samples_follow_from_their_seed_and_palette(weights: Path) -> None:
    """One seed is one character; another palette is another style; truncation 0 is the mean style for all."""
    teacher = Teacher.load(weights)
    one, again = teacher.sample(1), teacher.sample(1)
    assert np.array_equal(teacher.w(one), teacher.w(again))
    assert not np.allclose(teacher.w(one), teacher.w(teacher.sample(2)), atol=1e-4)
    lab = np.full_like(one.lab, np.nan)
    lab[0] = (50.0, 60.0, 30.0)
    recoloured = one.recoloured(lab)
    assert not np.allclose(teacher.w(one), teacher.w(recoloured), atol=1e-5)
    assert np.array_equal(recoloured.lab[1:], one.lab[1:], equal_nan=True)
    means = [teacher.w(replace(teacher.sample(seed), truncation_psi=0.0)) for seed in (1, 2)]
    np.testing.assert_allclose(means[0], means[1], atol=1e-6)


def test_sheets_are_drawn(weights: Path, small_set: Path) -> None:
    """Sampled, mixed and held-out characters in one picture each."""
    teacher = Teacher.load(weights)
    assert sampled_sheet(teacher, count=4).shape == (32, 4 * 34 - 2, 3)
    assert mix_sheet(teacher, pairs=1).shape == (32, 8 * 34 - 2, 3)
    assert held_out_sheet(teacher, small_set, poses=1).shape[0] == 66


def test_training_starts_from_exported_weights(small_set: Path, weights: Path) -> None:
    """Generator, discriminator and codes are taken over; another architecture is refused."""
    one = task(small_set)
    one.start_from(weights)
    parts = load_parts(weights)
    assert torch.equal(one.codes.own, parts.own_codes)
    assert torch.equal(one.codes.base, parts.base_codes)
    assert parts.discriminator is not None
    for key, value in one.discriminator.state_dict().items():
        assert torch.equal(value, parts.discriminator[key])
    with pytest.raises(WeightsError, match="another architecture"):
        task(small_set, w_dim="16").start_from(weights)


def test_damaged_weights_are_refused(weights: Path, tmp_path: Path) -> None:
    """A missing folder, half a file and another control spec each say what to do."""
    with pytest.raises(WeightsError, match="no teacher"):
        load_parts(tmp_path)
    parts = load_parts(weights)
    save_parts(tmp_path, parts)
    whole = (tmp_path / WEIGHTS_FILE).read_bytes()
    (tmp_path / WEIGHTS_FILE).write_bytes(whole[: len(whole) // 2])
    with pytest.raises(WeightsError, match="no teacher"):
        load_parts(tmp_path)
    (tmp_path / WEIGHTS_FILE).write_bytes(whole)
    card = (tmp_path / CARD_FILE).read_text()
    (tmp_path / CARD_FILE).write_text(card.replace('"spec_hash": "', '"spec_hash": "c0ffee'))
    with pytest.raises(SpecMismatchError, match="c0ffee"):
        load_parts(tmp_path)


def test_asking_for_what_is_not_there_is_refused(weights: Path, small_set: Path, tmp_path: Path) -> None:
    """An unknown character, a run without a checkpoint and an unknown setting are named."""
    with pytest.raises(CharacterError, match="knows no 'nobody'"):
        Teacher.load(weights).character("nobody")
    with pytest.raises(CheckpointError, match="no checkpoint"):
        export(tmp_path, small_set, tmp_path / "out")
    with pytest.raises(TrainingError, match="blobs"):
        task(small_set, blobs="1")


def test_true_pictures_fade_in_as_drawn_ones_do() -> None:
    """At 0 they are the enlarged half-size picture, at 1 themselves."""
    x = torch.rand(1, 4, 8, 8)
    assert torch.equal(faded(x, 1.0), x)
    start = faded(x, 0.0)
    assert torch.nn.functional.avg_pool2d(start - x, 2).abs().mean() < 0.1
    torch.testing.assert_close(faded(x, 0.5), (start + x) / 2)


def test_psnr_of_a_known_error() -> None:
    """A tenth of the range off everywhere is 20 dB."""
    x = torch.zeros(2, 4, 4, 4)
    assert psnr(x + 0.2, x).item() == pytest.approx(20.0, abs=1e-4)
