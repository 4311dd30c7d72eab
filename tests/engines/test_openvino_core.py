"""One core for the whole process, whose signal stack stays where it is."""

from __future__ import annotations

import gc
import subprocess
import sys

from engines.openvino_core import openvino_core, openvino_version

#: The older of two networks goes first; then signals come.
_LIVES = """
import gc, signal, subprocess
from engines.backends.openvino import OpenVinoNetwork
from engines.network import NetworkOptions
from engines.weights import find_weights

weights = find_weights(None)
older = OpenVinoNetwork(weights, NetworkOptions())
newer = OpenVinoNetwork(weights, NetworkOptions())
for network in ("older", "newer"):
    globals().pop(network).close()
    gc.collect()
signal.signal(signal.SIGCHLD, lambda number, frame: None)
for _ in range(3):
    subprocess.run(["true"], check=True)
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
