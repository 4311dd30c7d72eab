"""A device whose memory runs out: the same pictures come, in smaller calls, and it is said."""

from __future__ import annotations

import logging

import numpy as np
import numpy.typing as npt
import pytest

from engines.batching import FrugalNetwork
from engines.errors import DeviceMemoryError
from engines.network import MAX_BATCH
from tests.fakes.small_device import SmallDevice


def inputs(count: int) -> dict[str, npt.NDArray[np.float32]]:
    """Return inputs in which every picture carries its own number."""
    numbers = np.arange(1, count + 1, dtype=np.float32)
    return {"maps": numbers[:, None], "condition": numbers[:, None], "w": numbers[:, None]}


@pytest.mark.parametrize("count", [1, 3, 16, 20])
def test_every_picture_comes_in_its_place(count: int) -> None:
    """However calls are split, the i-th result is the i-th picture's."""
    network = FrugalNetwork(SmallDevice(room=3))
    np.testing.assert_array_equal(network.predict(inputs(count))[:, 0, 0, 0], np.arange(1, count + 1))


def test_full_device_halves_the_calls_and_says_so(caplog: pytest.LogCaptureFixture) -> None:
    """Sixteen do not fit, nor eight: four do, and are remembered; each step is warned of."""
    device = SmallDevice(room=5)
    network = FrugalNetwork(device)
    with caplog.at_level(logging.WARNING, "engines.batching"):
        network.predict(inputs(16))
    assert device.calls == [16, 8, 4, 4, 4, 4]
    assert network.info.max_batch == 4
    assert [record.getMessage() for record in caplog.records] == [
        "no room for 16 pictures; goes on with at most 8 pictures at once",
        "no room for 8 pictures; goes on with at most 4 pictures at once",
    ]
    network.predict(inputs(16))
    assert device.calls[6:] == [4, 4, 4, 4], "it does not try again"


def test_device_that_fills_up_while_running_goes_on() -> None:
    """Another program takes the memory in the middle of a run."""
    device = SmallDevice(room=MAX_BATCH)
    network = FrugalNetwork(device)
    assert len(network.predict(inputs(8))) == 8
    device.room = 2
    np.testing.assert_array_equal(network.predict(inputs(8))[:, 0, 0, 0], np.arange(1, 9))
    assert network.info.max_batch == 2


def test_device_without_room_for_one_picture_is_an_error() -> None:
    """There is nothing smaller to go on with."""
    with pytest.raises(DeviceMemoryError, match="no room for 1 pictures"):
        FrugalNetwork(SmallDevice(room=0)).predict(inputs(4))


def test_closing_closes_the_network() -> None:
    """The device is freed."""
    device = SmallDevice(room=1)
    FrugalNetwork(device).close()
    assert device.closed == 1
