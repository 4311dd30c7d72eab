"""A camera picture as aiortc decoded it, on its way to the tracking thread."""

from __future__ import annotations

from dataclasses import dataclass

import av
import numpy as np
from aiortc.mediastreams import VIDEO_TIME_BASE

from realtime.frame import Frame


@dataclass(frozen=True, slots=True, kw_only=True)
class DecodedPicture:
    """Turns itself into RGB where it is asked to, which is not the event loop.

    Args:
        picture: the decoder's, in its own pixel format.
        captured_s: when it came out of the decoder, on the session's clock.
    """

    picture: av.VideoFrame
    captured_s: float

    def frame(self) -> Frame:
        """Return it as uint8 RGB."""
        return Frame(
            image=np.asarray(self.picture.to_ndarray(format="rgb24"), np.uint8),
            pts=self.picture.pts or 0,
            time_base=self.picture.time_base or VIDEO_TIME_BASE,
            captured_s=self.captured_s,
        )
