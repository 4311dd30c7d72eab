"""The data channel's words."""

from __future__ import annotations

import pytest

from realtime.webrtc.messages import PingMessage, SetMessage, StatsMessage, read_message


def test_messages_of_ours_are_read() -> None:
    """Both kinds that a peer may send."""
    assert read_message('{"type": "ping", "t": 3}') == PingMessage(type="ping", t=3)
    assert read_message('{"type": "set", "mirror": true}') == SetMessage(type="set", mirror=True)


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
