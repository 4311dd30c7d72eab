"""`animirror train` says in one line what is wrong, goes on by itself, and starts light."""

from __future__ import annotations

import fcntl
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

pytest.importorskip("torch", reason="training needs the train extra")

from engines.training.checkpoint import checkpoint_paths
from engines.training.command import TASKS
from realtime.command import main
from tests.fakes.blur_task import add_to_commands


@pytest.fixture(autouse=True)
def blur() -> Iterator[None]:
    """Offer `animirror train blur`."""
    add_to_commands()
    yield
    del TASKS["blur"]


def train(folder: Path, *more: str) -> int:
    """Run the command and return its exit code."""
    quick = ["--device", "cpu", "--workers", "0", "--steps", "4"]
    return main(["train", "blur", str(folder), "--run", str(folder / "run"), *quick, *more])


def said(capsys: pytest.CaptureFixture[str]) -> str:
    """Return the command's last line, without the progress line."""
    out, err = capsys.readouterr()
    lines = [line for line in (out + err).replace("\r", "\n").splitlines() if line and " steps, " not in line]
    return lines[-1]


def test_train_trains_and_goes_on(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The same command, given again, goes on; when all is done it says so; more steps are more steps."""
    folder = tmp_path / "run"
    assert train(tmp_path, "--minutes", "1e-9") == 0
    out, err = capsys.readouterr()
    assert out == f"{folder}: 1 of 4 steps are taken; the same command goes on from there\n"
    assert f"{folder}: blur begins on CPU" in err
    assert "images/s" in err
    assert "left" in err
    assert train(tmp_path) == 0
    out, err = capsys.readouterr()
    assert out == f"{folder}: all 4 steps are taken\n"
    assert "blur goes on at step 1 on CPU" in err
    assert train(tmp_path) == 0
    assert said(capsys) == f"{folder}: all 4 steps are taken already; more with --steps"
    assert train(tmp_path, "--steps", "6", "--resume") == 0
    assert checkpoint_paths(folder)[0].name == "checkpoint_00000006.pt"
    card = json.loads((folder / "run.json").read_text())
    assert card["task"] == "blur"
    assert card["architecture"] == {"kind": "blur", "generator": {"width": 8}}
    assert [phase["steps"] for phase in card["phases"]] == [3, 3]
    assert {"command", "commit", "torch", "compute", "seed", "data_hash"} <= card.keys()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--resume"], "no checkpoint to go on from; leave out --resume to begin"),
        (["--steps", "0"], "--steps 0: expected 1 or more"),
        (["--minutes", "0"], "--minutes 0: expected more than 0"),
        (["--workers", "-1"], "--workers -1: expected 0 or more"),
        (["--set", "width"], "--set width: expected name=value"),
        (["--set", "depth=3"], "--set depth: no such setting; there are width, noise, fault, data, idle"),
        (["--start-from", "none.safetensors"], "none.safetensors: no such weights"),
    ],
)
def test_train_with_wrong_options_is_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], options: list[str], message: str
) -> None:
    """It ends with exit code 1."""
    assert train(tmp_path, *options) == 1
    assert message in said(capsys)


def test_train_of_something_else_in_the_same_folder_is_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Other data, another architecture and another seed are refused until --fresh."""
    assert train(tmp_path) == 0
    for options, message in (
        (["--set", "data=second"], "learnt from data set first, this is second"),
        (["--set", "width=4"], "of another architecture: generator.width 8 in the checkpoint, 4 here"),
        (["--seed", "1"], "made with --seed 0, this is 1"),
    ):
        assert train(tmp_path, *options) == 1
        assert message in said(capsys)
        assert train(tmp_path, *options, "--resume", "--steps", "9") == 1
    assert train(tmp_path, "--set", "width=4", "--fresh") == 0


def test_train_in_a_folder_that_is_in_use_is_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Two trainings would write over each other."""
    (tmp_path / "run").mkdir()
    handle = os.open(tmp_path / "run", os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        assert train(tmp_path) == 1
        assert "another process trains here" in said(capsys)
    finally:
        os.close(handle)
    (tmp_path / "file").write_text("")
    assert main(["train", "blur", str(tmp_path), "--run", str(tmp_path / "file" / "run"), "--device", "cpu"]) == 1
    assert "cannot be made (Not a directory); choose another --run" in said(capsys)


def test_train_checks_gradients(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """What never gets a gradient is named; nothing is saved."""
    assert train(tmp_path, "--check-gradients", "2") == 0
    assert said(capsys).startswith("every parameter got a finite gradient")
    assert train(tmp_path, "--check-gradients", "2", "--set", "idle=yes") == 0
    assert said(capsys) == "never a gradient: generator.idle"
    assert checkpoint_paths(tmp_path / "run") == []


@pytest.mark.slow
def test_train_interrupted_saves_and_says_how_to_go_on(tmp_path: Path) -> None:
    """Ctrl-C and a machine's notice to end both end after the present step, also with workers that read."""
    folder = tmp_path / "run"
    command = [sys.executable, "-m", "tests.fakes.blur_task", str(tmp_path), "--run", str(folder), "--device", "cpu"]
    command += ["--steps", "100000", "--log-every", "1"]
    seen = 0
    for number in (signal.SIGINT, signal.SIGTERM):
        process = subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True
        )
        log = folder / "log.jsonl"
        while process.poll() is None and (not log.exists() or log.read_text().count("\n") <= seen + 2):
            pass
        if number == signal.SIGINT:
            os.killpg(process.pid, number)  # as a terminal does: the workers get it, too
        else:
            process.send_signal(number)
        _, err = process.communicate(timeout=60)
        assert process.returncode == 1, err
        step = int(checkpoint_paths(folder)[0].stem.rpartition("_")[2])
        assert step > seen
        assert err.splitlines()[-1] == (
            f"animirror: stopped after step {step} of 100000; the same command goes on from there"
        )
        seen = log.read_text().count("\n")


def test_train_without_torch_says_how_to_install_it(tmp_path: Path) -> None:
    """One line, and exit code 1."""
    program = (
        "import sys; sys.modules['torch'] = None\n"
        "from realtime.command import main\n"
        f"sys.exit(main(['train', 'student', {str(tmp_path)!r}, '--run', {str(tmp_path / 'run')!r}]))"
    )
    ended = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert ended.returncode == 1
    assert ended.stderr == "animirror: training needs torch; install it with: pip install --editable '.[train]'\n"


def test_train_s_parser_is_light() -> None:
    """Help answers without torch."""
    program = (
        "import sys, argparse\nfrom engines.training.command import add_commands\n"
        "parser = argparse.ArgumentParser()\nadd_commands(parser.add_subparsers())\n"
        "parser.parse_args(['train', 'teacher', 'data', '--run', 'here'])\n"
        "assert not {'torch', 'numpy', 'cv2', 'tqdm'} & set(sys.modules), sorted(sys.modules)"
    )
    ended = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert ended.returncode == 0, ended.stderr
