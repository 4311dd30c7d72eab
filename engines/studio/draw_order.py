"""When a material is drawn: opaque and cutout first, then blended with depth, then blended without.

Source: VRM 1.0 specification, `VRMC_materials_mtoon` (renderQueueOffsetNumber); UniVRM (the numbers).
"""

from __future__ import annotations

from engines.studio.materials import AlphaMode

_OPAQUE, _CUTOUT, _BLEND_WITH_DEPTH, _BLEND = 2000, 2450, 2501, 3000
#: A file can move a blended material by so many steps.
STEPS = 9


def render_queue(mode: AlphaMode, *, with_depth: bool, offset: int = 0) -> int:
    """Return the draw order, small first; `offset` counts for blended materials only."""
    if mode is AlphaMode.OPAQUE:
        return _OPAQUE
    if mode is AlphaMode.CUTOUT:
        return _CUTOUT
    if with_depth:
        return _BLEND_WITH_DEPTH + min(max(offset, 0), STEPS)
    return _BLEND + min(max(offset, -STEPS), 0)
