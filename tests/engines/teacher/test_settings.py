"""Settings, sizes and phases."""

from __future__ import annotations

import pytest

pytest.importorskip("torch", reason="the settings' phases belong to the training")

from engines.errors import WeightsError
from engines.teacher.config import TeacherConfig
from engines.teacher.settings import TeacherSettings
from engines.training.phase import steps_of


def test_phases_grow_by_doubling_and_the_last_has_the_rest() -> None:
    """Raising the number of steps lengthens the last phase only, so a training can go on."""
    settings = TeacherSettings(resolution=128, first_resolution=32, grow_steps=100, fade_steps=30)
    phases = settings.phases(1000, 8)
    assert [phase.resolution_px for phase in phases] == [32, 64, 128]
    assert [phase.steps for phase in phases] == [100, 100, 800]
    assert [phase.fade_steps for phase in phases] == [0, 30, 30]
    assert settings.phases(2000, 8)[:2] == phases[:2]


def test_short_training_still_sees_every_resolution() -> None:
    """A rehearsal of a few steps divides them."""
    phases = TeacherSettings(resolution=128, first_resolution=32).phases(6, 2)
    assert [phase.steps for phase in phases] == [2, 2, 2]
    assert steps_of(phases) == 6


def test_not_growing_is_one_phase() -> None:
    """Where the first resolution is the last there is nothing to fade."""
    (phase,) = TeacherSettings(resolution=64, first_resolution=64).phases(10, 4)
    assert (phase.steps, phase.fade_steps) == (10, 0)


@pytest.mark.parametrize(
    ("name", "value"), [("first_resolution", 48), ("first_resolution", 1024), ("sampled", 2.0), ("resolution", 100)]
)
def test_settings_out_of_range_are_refused(name: str, value: float) -> None:
    """The message names the setting."""
    with pytest.raises(ValueError, match=name):
        TeacherSettings(**{name: value})  # type: ignore[arg-type]


def test_config_is_written_and_read() -> None:
    """What is beside the weights makes the same networks; an unknown field is another version's."""
    config = TeacherConfig(resolution=64, channel_base=2048)
    assert TeacherConfig.from_json(config.to_json()) == config
    assert config.resolutions == (4, 8, 16, 32, 64)
    assert config.num_ws == 10
    with pytest.raises(WeightsError, match="blobs"):
        TeacherConfig.from_json(config.to_json() | {"blobs": 1})
