"""Keeps compiled networks ("plans") between starts, by what they were compiled from and for.

A plan's file is one line of JSON (what it is, its length and hash) and the plan itself.  So a plan that was damaged,
or put where another belongs, is known before any library sees it.
"""

from __future__ import annotations

import hashlib
import json
import logging
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from pathlib import Path

from engines.cache_folder import locked, remove_parts, write_whole

logger = logging.getLogger(__name__)

#: Changes when the file's form or the way of building does.
FORMAT = 1
#: Digits of the hash in a file's name.
_DIGITS = 24


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanIdentity:
    """All that a plan depends on; another value of any of these is another plan.

    Args:
        onnx_sha256: of the ONNX bytes.
        runtime: library and version, e.g. "tensorrt 11.4.0.106".
        device: the card's name.
        capability: its compute capability, e.g. "9.0".
        precision: in which it computes.
        shapes: of the inputs, smallest, best and largest.
        flags: whatever else changes what is built.
    """

    onnx_sha256: str
    runtime: str
    device: str
    capability: str
    precision: str
    shapes: str
    flags: str

    @property
    def key(self) -> str:
        """A hash of all of it, hexadecimal."""
        text = json.dumps({"format": FORMAT, **asdict(self)}, sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()[:_DIGITS]


class PlanCache:
    """Plans in a folder.

    Args:
        folder: of this program's cache; plans stand in `plans/` below it.
        suffix: of their files.
    """

    def __init__(self, folder: Path, suffix: str = ".plan") -> None:
        self._folder = folder / "plans"
        self._suffix = suffix

    def path(self, identity: PlanIdentity) -> Path:
        """Return where a plan stands, whether it does or not."""
        return self._folder / f"{identity.key}{self._suffix}"

    def has(self, identity: PlanIdentity) -> bool:
        """Return whether a plan is there and sound."""
        return self._read(identity, quiet=True) is not None

    def get(self, identity: PlanIdentity, build: Callable[[], bytes]) -> bytes:
        """Return a plan: the one that is kept, or a new one that is kept from now on.

        Of several processes that need one plan, one builds it and the others wait.  A folder that cannot be written to
        costs building again at every start, and is warned of.

        Args:
            identity: which plan.
            build: makes it; what it raises goes through.
        """
        plan = self._read(identity)
        if plan is not None:
            return plan
        path = self.path(identity)
        with ExitStack() as stack:
            try:
                stack.enter_context(locked(path.with_suffix(".lock"), lambda: _say_waiting(path)))
            except OSError as error:
                logger.warning("%s: plans cannot be kept there (%s); builds again at every start", self._folder, error)
                return build()
            plan = self._read(identity)  # another process may have built it
            if plan is None:
                remove_parts(path)
                plan = build()
                self._keep(path, identity, plan)
            return plan

    def drop(self, identity: PlanIdentity, why: str) -> None:
        """Forget a plan that its library refuses."""
        logger.warning("%s: %s; builds it again", self.path(identity), why)
        try:
            self.path(identity).unlink(missing_ok=True)
        except OSError as error:
            logger.warning("%s: cannot be removed (%s)", self.path(identity), error)

    def _keep(self, path: Path, identity: PlanIdentity, plan: bytes) -> None:
        digest = hashlib.sha256(plan).hexdigest()
        head = json.dumps({"format": FORMAT, **asdict(identity), "bytes": len(plan), "sha256": digest})
        try:
            write_whole(path, head.encode() + b"\n" + plan)
        except OSError as error:
            logger.warning("%s: cannot be kept (%s); builds it again at the next start", path, error)

    def _read(self, identity: PlanIdentity, quiet: bool = False) -> bytes | None:
        """Return the plan that is kept, None where there is none or it is not what it should be, which is logged."""
        path = self.path(identity)
        try:
            head, _, plan = path.read_bytes().partition(b"\n")
        except FileNotFoundError:
            return None
        except OSError as error:
            if not quiet:
                logger.warning("%s: cannot be read (%s); builds it again", path, error)
            return None
        wrong = _what_is_wrong(head, plan, identity)
        if wrong is None:
            return plan
        if not quiet:
            logger.warning("%s: %s; builds it again", path, wrong)
        return None


def _what_is_wrong(head: bytes, plan: bytes, identity: PlanIdentity) -> str | None:
    """Return why a file is not the plan that is looked for, None when it is."""
    try:
        said = json.loads(head)
        length, digest = int(said["bytes"]), str(said["sha256"])
    except (ValueError, KeyError, TypeError):
        return "is no plan of this program"
    for name, expected in {"format": FORMAT, **asdict(identity)}.items():
        if said.get(name) != expected:
            return f"was built for {name} {said.get(name)!r}, here it is {expected!r}"
    if len(plan) != length:
        return f"is damaged: {len(plan)} bytes of {length}"
    if hashlib.sha256(plan).hexdigest() != digest:
        return "is damaged: its SHA-256 is another"
    return None


def _say_waiting(path: Path) -> None:
    logger.info("another process builds %s; waits for it", path.name)
