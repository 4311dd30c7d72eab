"""One core for the whole process, whose signal stack stays where it is."""

from __future__ import annotations

import gc
import subprocess
import sys

from engines.openvino_core import openvino_core, openvino_version

#: Trackers and engines come and go on several threads; then signals come.
_LIVES = """
import gc, os, signal, subprocess, threading
from engines.character import PRETRAINED
from engines.loading import load_engine
from realtime.tracking.networks import BODY, HAND, Network

def work():
    networks = [Network(file) for file in (BODY, HAND)]
    engine = load_engine("openvino", PRETRAINED, 1)
    del networks
    engine.close()

signal.signal(signal.SIGCHLD, lambda number, frame: None)
threads = [threading.Thread(target=work) for _ in range(3)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
work()
gc.collect()
for _ in range(5):
    subprocess.run(["true"], check=True)
os.kill(os.getpid(), signal.SIGCHLD)
print("alive")
"""


def test_core_is_the_same_every_time() -> None:
    """Whoever asks gets the same one, also after all have let go of it."""
    first = id(openvino_core())
    gc.collect()
    assert id(openvino_core()) == first
    assert openvino_version()[0].isdigit()


def test_signals_are_survived_after_networks_came_and_went() -> None:
    """A process whose engines and trackers are gone handles the end of a child."""
    done = subprocess.run(
        [sys.executable, "-X", "faulthandler", "-c", _LIVES], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0 and "alive" in done.stdout, done.stderr[-2000:]
