"""Looks at a peer's SDP offer before anything is built for it, and finishes our answer."""

from __future__ import annotations

import re

from aiortc.sdp import SessionDescription

from realtime.errors import OfferError

#: An offer describes one camera, perhaps a microphone, and a data channel; more than this is not a browser.
MAX_MEDIA_SECTIONS = 8


def check_offer(sdp: str) -> None:
    """Refuse an offer that cannot become a session.

    Raises:
        OfferError: it is empty, malformed or lacks a video section that sends; the message says which.
    """
    if not sdp.strip():
        raise OfferError("the offer is empty; expected SDP with a video section and a data channel")
    try:
        description = SessionDescription.parse(sdp)
    except Exception as error:  # the parser raises whatever it stumbles over, and the text is a stranger's
        raise OfferError(f"the offer is not SDP: {error or type(error).__name__}") from error
    if not description.media:
        raise OfferError("the offer has no media sections; expected one for video and one for a data channel")
    if len(description.media) > MAX_MEDIA_SECTIONS:
        raise OfferError(
            f"the offer has {len(description.media)} media sections, expected {MAX_MEDIA_SECTIONS} or fewer"
        )
    for media in description.media:
        if media.ice is None or not media.ice.usernameFragment or not media.ice.password:
            raise OfferError(f"the offer's {media.kind} section has no ICE credentials")
        if media.dtls is None or not media.dtls.fingerprints:
            raise OfferError(f"the offer's {media.kind} section has no DTLS fingerprint")
    videos = [media for media in description.media if media.kind == "video"]
    if not videos:
        raise OfferError("the offer has no video section; the camera must be offered as sendrecv video")
    if videos[0].direction not in ("sendrecv", "sendonly"):
        raise OfferError(f"the offer's video is {videos[0].direction}; the camera must be offered as sendrecv video")


def with_camera_bitrate(answer: str, start_kbps: int) -> str:
    """Return the answer with a word to the browser about the bit rate to start its camera with.

    Browsers begin at 300 kbit/s and take seconds to find more, during which the tracker sees a blurred person.
    Chromium reads `x-google-start-bitrate` (kbit/s) from the codec's parameters; others ignore it.
    Source: libwebrtc, media/engine/webrtc_video_engine.cc, GetBitrateConfigForCodec.
    """
    if not start_kbps:
        return answer
    codecs = set(re.findall(r"^a=rtpmap:(\d+) (?:H264|VP8)/90000", answer, re.MULTILINE))
    described = set(re.findall(r"^a=fmtp:(\d+) ", answer, re.MULTILINE))
    lines = []
    for line in answer.splitlines():
        word = f"x-google-start-bitrate={start_kbps}"
        if (fmtp := re.match(r"a=fmtp:(\d+) ", line)) and fmtp[1] in codecs:
            lines.append(f"{line};{word}")
        elif (rtpmap := re.match(r"a=rtpmap:(\d+) ", line)) and rtpmap[1] in codecs - described:
            lines += [line, f"a=fmtp:{rtpmap[1]} {word}"]
        else:
            lines.append(line)
    return "\r\n".join(lines) + "\r\n"
