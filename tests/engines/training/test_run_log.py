"""The log says what happened once, also after a training was killed."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

pytest.importorskip("torch", reason="training needs the train extra")

from tensorboard.backend.event_processing.event_accumulator import (  # type: ignore[import-untyped]
    EventAccumulator,
)

from engines.errors import TrainingError
from engines.training.run_log import LOG, RunLog

PICTURE = np.arange(4 * 6 * 3, dtype=np.uint8).reshape(4, 6, 3)


def rows(folder: Path) -> list[dict[str, Any]]:
    """Return the rows of a log."""
    return [json.loads(line) for line in (folder / LOG).read_text().splitlines()]


def test_log_writes_rows_curves_and_pictures(tmp_path: Path) -> None:
    """TensorBoard reads the same numbers as `log.jsonl` has, and the PNG files are the pictures."""
    log = RunLog(tmp_path, 0)
    log.figures(50, {"generator/picture": 0.25, "images_per_s": 12.5}, pictures=400)
    log.pictures(50, {"sheet": PICTURE})
    log.close()
    assert rows(tmp_path) == [{"step": 50, "pictures": 400, "generator/picture": 0.25, "images_per_s": 12.5}]
    stored = np.asarray(Image.open(tmp_path / "pictures" / "sheet_00000050.png"))
    assert np.array_equal(stored, PICTURE)
    events = EventAccumulator(str(tmp_path / "tensorboard"))
    events.Reload()
    (point,) = events.Scalars("generator/picture")
    assert (point.step, point.value) == (50, 0.25)
    assert [one.step for one in events.Images("sheet")] == [50]


def test_log_of_a_resumed_training_forgets_what_comes_again(tmp_path: Path) -> None:
    """Rows, curves and pictures after the checkpoint go, and so does a line that was cut off."""
    log = RunLog(tmp_path, 0)
    for step in (50, 100, 150):
        log.figures(step, {"loss": float(step)})
        log.pictures(step, {"sheet": PICTURE})
    log.close()
    with (tmp_path / LOG).open("a") as file:
        file.write('{"step": 100, "lo')
    log = RunLog(tmp_path, 100)
    log.figures(150, {"loss": 1.0})
    log.close()
    assert [(row["step"], row["loss"]) for row in rows(tmp_path)] == [(50, 50.0), (100, 100.0), (150, 1.0)]
    assert sorted(path.stem for path in (tmp_path / "pictures").iterdir()) == ["sheet_00000050", "sheet_00000100"]
    events = EventAccumulator(str(tmp_path / "tensorboard"))
    events.Reload()
    assert [(one.step, one.value) for one in events.Scalars("loss")] == [(50, 50.0), (100, 100.0), (150, 1.0)]


def test_log_on_a_full_disk_is_one_line(tmp_path: Path) -> None:
    """The message says what is kept and what to do."""
    if not Path("/dev/full").exists():
        pytest.skip("there is no /dev/full here, the device that is always full")
    log = RunLog(tmp_path, 0)
    (tmp_path / LOG).symlink_to("/dev/full")
    with pytest.raises(TrainingError, match=r"step 50: .* cannot be written \(No space left on device\); the last"):
        log.figures(50, {"loss": 1.0})
    log.close()
