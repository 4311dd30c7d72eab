"""What every test runs under."""

from __future__ import annotations

from hypothesis import settings

# No deadline: a shared machine's pauses are not failures.  The same examples every time: a red run can be repeated.
settings.register_profile("project", deadline=None, derandomize=True)
settings.load_profile("project")
