"""Throws mutated avatar files at the loader until a time is over.

Everything may end in an AvatarError or in an avatar, and in nothing else::

    python -m tests.fuzz.fuzz_avatar --minutes 10
"""

from __future__ import annotations

import argparse
import logging
import random
import resource
import sys
import tempfile
import time
import traceback
import warnings
from collections import Counter
from pathlib import Path

import numpy as np

from engines.controls import controls
from engines.errors import AvatarError
from engines.studio.avatar import load_avatar
from engines.studio.inspection import inspect_avatar
from engines.studio.posing import posed
from engines.studio.spring_simulation import settled
from tests.fakes.swinging import document_with_chain, springs_0
from tests.fakes.vrm import build_vrm, pack
from tests.fakes.vrm1 import build_vrm1
from tests.fuzz.mutation import mutated

#: Loading a mutated file may take this much address space and no more.
MEMORY_BYTES = 4 << 30
#: One input may take this long: longer is a hang.
SLOW_S = 20.0
#: So many of a file's own expressions are read.
_CUSTOM = 4


def seeds() -> tuple[bytes, ...]:
    """Return valid files of both generations to mutate."""
    swinging, binary = document_with_chain()
    springs_0(swinging)
    swinging["meshes"][0]["extras"] = {"targetNames": ["eyeBlinkLeft", "browInnerUp", "jawOpen"]}
    looking = build_vrm1(look_by="expression", turned_nodes=False)
    return build_vrm(), pack(swinging, binary), build_vrm1(), looking


def try_one(data: bytes, path: Path) -> str:
    """Load and pose a file; return what came of it.

    Raises:
        Exception: anything but an AvatarError, which is a finding.
    """
    path.write_bytes(data)
    try:
        inspect_avatar(path)
        avatar = load_avatar(path, i_have_the_rights=True)
        for name in list(avatar.custom_expressions)[:_CUSTOM]:
            avatar.custom_expressions[name]
    except AvatarError as error:
        if "\n" in str(error):
            raise ValueError("the message has more than one line") from error
        return "refused"
    vector = controls({"head_yaw": 20.0, "blink_left": 1.0, "aa": 0.5})
    figure = posed(avatar, vector, settled(avatar, vector))
    if not (np.isfinite(figure.positions).all() and np.isfinite(figure.normals).all()):
        raise ValueError("the posed figure has numbers that are not finite")
    return "loaded"


def main() -> int:
    """Fuzz for some minutes; return 1 when something else than an AvatarError came out."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--minutes", type=float, default=10.0)
    parser.add_argument(
        "--avatar", type=Path, action="append", default=[], help="mutate this file; it can be given several times"
    )
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--keep", type=Path, help="folder for the inputs that were findings")
    arguments = parser.parse_args()
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    warnings.simplefilter("error")
    logging.disable()
    rng = random.Random(arguments.seed)
    found: Counter[str] = Counter()
    findings: Counter[str] = Counter()
    slowest, end = 0.0, time.monotonic() + arguments.minutes * 60
    files = tuple(path.read_bytes() for path in arguments.avatar) or seeds()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "mutated.vrm"
        while time.monotonic() < end:
            data = mutated(rng.choice(files), rng)
            start = time.monotonic()
            try:
                found[try_one(data, path)] += 1
            except Exception:  # noqa: BLE001 - whatever comes out is what we look for
                found["finding"] += 1
                where = traceback.format_exc().strip().splitlines()
                line = f"{where[-1][:160]} @ {[at for at in where if at.lstrip().startswith('File')][-1].strip()}"
                if line not in findings and arguments.keep:
                    arguments.keep.mkdir(parents=True, exist_ok=True)
                    (arguments.keep / f"{len(findings):03d}.vrm").write_bytes(data)
                findings[line] += 1
            slowest = max(slowest, time.monotonic() - start)
    for line, count in findings.most_common():
        sys.stdout.write(f"{count:6d}  {line}\n")
    total = sum(found.values())
    sys.stdout.write(f"{total} inputs: {dict(found)}, slowest {slowest:.2f} s, peak {_peak_mb()} MB\n")
    return 1 if findings or slowest > SLOW_S else 0


def _peak_mb() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss >> 10


if __name__ == "__main__":
    sys.exit(main())
