"""What the machine is called."""

from __future__ import annotations

import os

from engines.machine import cpu_name, library_version, nvidia_gpus, usable_cores


def test_processor_has_a_name_and_cores() -> None:
    """Neither is ever empty."""
    assert cpu_name()
    assert 1 <= usable_cores() <= (os.cpu_count() or 1)


def test_library_has_a_version_where_it_is_installed() -> None:
    """Without being loaded; None where it is not."""
    assert (library_version("numpy") or "").startswith("1.")
    assert library_version("no-such-library") is None


def test_cards_are_named_or_there_are_none() -> None:
    """A tuple of names, without loading any library."""
    assert all(nvidia_gpus())
