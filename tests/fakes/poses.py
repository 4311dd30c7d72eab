"""Control vectors for property tests: anything that the spec allows."""

from __future__ import annotations

import numpy as np
from hypothesis import strategies as st

from engines.controls import SPEC, ControlVector


def control_vectors() -> st.SearchStrategy[ControlVector]:
    """Return a strategy for control vectors in which every control is anywhere in its range."""
    each = [st.floats(control.low, control.high, width=32) for control in SPEC]
    return st.tuples(*each).map(lambda values: np.array(values, np.float32))
