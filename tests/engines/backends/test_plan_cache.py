"""Compiled networks between starts: what a plan depends on, and every way in which a kept one can be wrong."""

from __future__ import annotations

import logging
import os
import signal
import subprocess
import sys
from dataclasses import fields, replace
from pathlib import Path

import pytest

from engines.backends.plan_cache import PlanCache, PlanIdentity

IDENTITY = PlanIdentity(
    onnx_sha256="0" * 64, runtime="tensorrt 11.4.0", device="NVIDIA H100", capability="9.0", precision="f16",
    shapes="1/1/1 2/8/16", flags="strongly typed",
)  # fmt: skip
PLAN = bytes(range(256)) * 10
#: A build in a process of its own: says when it begins, takes its time, and returns what it is told.
_BUILDER = """
import logging, sys, time
from pathlib import Path
from engines.backends.plan_cache import PlanCache
from tests.engines.backends.test_plan_cache import IDENTITY
logging.basicConfig(level=logging.INFO, stream=sys.stdout, format="%(message)s")
def build():
    print("builds", flush=True)
    time.sleep(float(sys.argv[2]))
    return sys.argv[3].encode()
print("has", PlanCache(Path(sys.argv[1])).get(IDENTITY, build).decode(), flush=True)
"""


def never() -> bytes:
    """Fail: nothing has to be built."""
    pytest.fail("it was built again")


def started(folder: Path, seconds: float, content: str) -> subprocess.Popen[str]:
    """Start a process that needs the plan."""
    return subprocess.Popen(
        [sys.executable, "-c", _BUILDER, str(folder), str(seconds), content],
        stdout=subprocess.PIPE, text=True, cwd=Path(__file__).parents[3],
    )  # fmt: skip


def test_plan_is_built_once_and_kept(tmp_path: Path) -> None:
    """The second start finds it."""
    plans = PlanCache(tmp_path)
    assert not plans.has(IDENTITY)
    assert plans.get(IDENTITY, lambda: PLAN) == PLAN
    assert plans.has(IDENTITY)
    assert PlanCache(tmp_path).get(IDENTITY, never) == PLAN


@pytest.mark.parametrize("field", [field.name for field in fields(PlanIdentity)])
def test_plan_depends_on_everything(tmp_path: Path, field: str) -> None:
    """Another network, version, card, precision, shape or flag is another plan, and both are kept."""
    other = replace(IDENTITY, **{field: "other"})
    plans = PlanCache(tmp_path)
    plans.get(IDENTITY, lambda: PLAN)
    assert plans.get(other, lambda: b"other plan") == b"other plan"
    assert plans.get(IDENTITY, never) == PLAN


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (lambda content: content[:-100], "is damaged: 2460 bytes of 2560"),
        (lambda content: content[:-1] + b"?", "is damaged: its SHA-256 is another"),
        (lambda content: content[50:], "is no plan of this program"),
        (lambda content: b"", "is no plan of this program"),
        (lambda content: content.replace(b"NVIDIA H100", b"NVIDIA T4"), "built for device 'NVIDIA T4', here it is 'NV"),
        (lambda content: content.replace(b"11.4.0", b"10.8.0"), "built for runtime 'tensorrt 10.8.0', here it is"),
        (lambda content: content.replace(b'"format": 1', b'"format": 0'), "built for format 0, here it is 1"),
    ],
    ids=["truncated", "changed", "headless", "empty", "another card's", "another version's", "another format"],
)
def test_wrong_plan_is_built_again_with_a_message(
    tmp_path: Path, damage: object, message: str, caplog: pytest.LogCaptureFixture
) -> None:
    """No library ever sees it; what is wrong is said, and the next start finds a good one."""
    assert callable(damage)
    plans = PlanCache(tmp_path)
    plans.get(IDENTITY, lambda: PLAN)
    path = plans.path(IDENTITY)
    path.write_bytes(damage(path.read_bytes()))
    with caplog.at_level(logging.WARNING):
        assert plans.get(IDENTITY, lambda: b"new") == b"new"
    assert message in caplog.records[0].getMessage()
    assert caplog.records[0].getMessage().endswith("builds it again")
    assert plans.get(IDENTITY, never) == b"new"


def test_plan_that_its_library_refuses_is_forgotten(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """Dropped, it is built again; dropping twice is no error."""
    plans = PlanCache(tmp_path)
    plans.get(IDENTITY, lambda: PLAN)
    with caplog.at_level(logging.WARNING):
        plans.drop(IDENTITY, "TensorRT refuses this plan")
    assert "TensorRT refuses this plan; builds it again" in caplog.text
    plans.drop(IDENTITY, "again")
    assert plans.get(IDENTITY, lambda: b"new") == b"new"


def test_failed_build_goes_through_and_leaves_nothing(tmp_path: Path) -> None:
    """Whoever asks is told; the next one builds."""

    def fails() -> bytes:
        raise RuntimeError("no such layer")

    plans = PlanCache(tmp_path)
    with pytest.raises(RuntimeError, match="no such layer"):
        plans.get(IDENTITY, fails)
    assert plans.get(IDENTITY, lambda: PLAN) == PLAN


@pytest.mark.parametrize("kind", ["a file stands there", "the system refuses"])
def test_folder_that_cannot_be_written_to_costs_a_build_only(
    tmp_path: Path, kind: str, caplog: pytest.LogCaptureFixture
) -> None:
    """The plan is used all the same, and the log says that it will be built again."""
    folder = tmp_path / "file" if kind == "a file stands there" else Path("/proc/animirror")
    (tmp_path / "file").write_bytes(b"")
    with caplog.at_level(logging.WARNING):
        assert PlanCache(folder).get(IDENTITY, lambda: PLAN) == PLAN
    assert "plans cannot be kept there" in caplog.text
    assert "builds again at every start" in caplog.text


def test_full_disk_while_keeping_costs_a_build_only(tmp_path: Path) -> None:
    """A process that may write no more than 600 bytes a file gets its plan, and says that it is not kept."""
    code = """
import logging, resource, signal, sys
from pathlib import Path
from engines.backends.plan_cache import PlanCache
from tests.engines.backends.test_plan_cache import IDENTITY
logging.basicConfig(stream=sys.stdout, format="%(message)s")
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (600, 600))
print(len(PlanCache(Path(sys.argv[1])).get(IDENTITY, lambda: bytes(5000))))
"""
    result = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path)], capture_output=True, text=True, check=True,
        cwd=Path(__file__).parents[3],
    )  # fmt: skip
    message, length = result.stdout.splitlines()
    assert "cannot be kept ([Errno 27] File too large" in message
    assert message.endswith("builds it again at the next start")
    assert length == "5000"
    assert not PlanCache(tmp_path).has(IDENTITY)


def test_two_processes_build_one_plan(tmp_path: Path) -> None:
    """The second waits for the first, says so, and takes its plan."""
    first = started(tmp_path, 1.0, "first")
    assert first.stdout is not None
    assert first.stdout.readline() == "builds\n"
    second = started(tmp_path, 0.0, "second")
    assert second.communicate(timeout=60)[0].splitlines() == [
        f"another process builds {PlanCache(tmp_path).path(IDENTITY).name}; waits for it",
        "has first",
    ]
    assert first.communicate(timeout=60)[0] == "has first\n"


def test_killed_build_lets_the_next_one_build(tmp_path: Path) -> None:
    """A process that waits takes over when the builder is killed; nothing half-built is left."""
    first = started(tmp_path, 60.0, "first")
    assert first.stdout is not None
    assert first.stdout.readline() == "builds\n"
    second = started(tmp_path, 0.0, "second")
    assert second.stdout is not None
    assert second.stdout.readline().startswith("another process builds")
    os.kill(first.pid, signal.SIGKILL)
    first.wait()
    first.stdout.close()
    assert second.communicate(timeout=60)[0] == "builds\nhas second\n"
    assert sorted(path.suffix for path in (tmp_path / "plans").iterdir()) == [".lock", ".plan"]
