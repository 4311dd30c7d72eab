"""The data channel's words."""

from __future__ import annotations

import json

import pytest

from realtime.retargeting.neutral import Neutral
from realtime.webrtc.messages import (
    CalibrateMessage,
    ForgetMessage,
    LookChange,
    NeutralFault,
    PingMessage,
    SetMessage,
    StatsMessage,
    read_message,
    read_neutral,
    write_neutral,
)


def test_messages_of_ours_are_read() -> None:
    """Every kind that a peer may send."""
    assert read_message('{"type": "ping", "t": 3}') == PingMessage(type="ping", t=3)
    assert read_message('{"type": "set", "mirror": true}') == SetMessage(type="set", mirror=True)
    assert read_message('{"type": "calibrate"}') == CalibrateMessage(type="calibrate")
    assert read_message('{"type": "forget"}') == ForgetMessage(type="forget")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "JSON"),
        ("[]", "object"),
        ("{}", "type"),
        ('{"type": "sing"}', "sing"),
        ('{"type": "ping"}', "t"),
        ('{"type": "ping", "t": NaN}', "finite"),
        ('{"type": "set", "background": "#12345"}', "background"),
        ('{"type": "set", "volume": 11}', "volume"),
        ('{"type": "set", "neutral": 7}', "neutral"),
        ('{"type": "set", "neutral": "{"}', "neutral"),
        ('{"type": "set", "neutral": {"head_yaw": Infinity}}', "neutral"),
        ("x" * 5000, "4096"),
        (b"{}", "bytes"),
    ],
)
def test_message_that_is_none_of_ours_is_refused_in_words(text: str | bytes, words: str) -> None:
    """What a stranger sends cannot do more than cause a sentence."""
    with pytest.raises(ValueError, match="message") as caught:
        read_message(text)
    assert words in str(caught.value)


def test_statistics_without_a_latency_are_still_json() -> None:
    """Before the first picture the latency is null."""
    message = StatsMessage(
        fps_in=0, fps_out=0, latency_ms=None, latency_p95_ms=None, stage_ms={}, drops=0, tracked=False
    )
    assert '"latency_ms":null' in message.model_dump_json()


def test_neutral_comes_back_as_it_was_given() -> None:
    """What a peer keeps is what it was sent, to four digits, as an object or as the text of a query."""
    neutral = Neutral(head_yaw=12.34567, left_opening=0.25)
    words = write_neutral(neutral)
    assert read_neutral(words) == Neutral(head_yaw=12.3457, left_opening=0.25)
    assert LookChange.model_validate({"neutral": json.dumps(words)}).neutral == words


@pytest.mark.parametrize(
    ("words", "fault"),
    [
        ({}, NeutralFault.VERSION),
        ({"version": 2.0, "head_yaw": 1.0}, NeutralFault.VERSION),
        ({"version": 1.0, "aura": 1.0}, NeutralFault.VALUES),
        ({"version": 1.0, "head_yaw": 90.0}, NeutralFault.VALUES),
    ],
)
def test_neutral_of_no_use_is_named(words: dict[str, float], fault: NeutralFault) -> None:
    """Another version's, or not one that was ever given out."""
    assert read_neutral(words) is fault
