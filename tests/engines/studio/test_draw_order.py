"""When materials are drawn."""

from __future__ import annotations

from engines.studio.draw_order import render_queue
from engines.studio.materials import AlphaMode


def test_render_queue_goes_from_solid_to_clear() -> None:
    """Opaque, cutout, blended with depth, blended without."""
    queues = [
        render_queue(AlphaMode.OPAQUE, with_depth=True, offset=9),
        render_queue(AlphaMode.CUTOUT, with_depth=True, offset=9),
        render_queue(AlphaMode.BLEND, with_depth=True, offset=-9),
        render_queue(AlphaMode.BLEND, with_depth=True, offset=99),
        render_queue(AlphaMode.BLEND, with_depth=False, offset=-99),
        render_queue(AlphaMode.BLEND, with_depth=False, offset=9),
    ]
    assert queues == sorted(set(queues))
