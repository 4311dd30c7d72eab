"""WebRTC: the only place that imports aiortc."""
