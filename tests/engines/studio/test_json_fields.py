"""Values of a file's JSON."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from engines.errors import AvatarError
from engines.studio.json_fields import below, integer, mapping, number, numbers, objects, sequence


def test_fields_that_are_right_come_back() -> None:
    """Whole numbers may be written with a point; what is absent is empty."""
    assert number(3, "x") == 3.0
    assert integer(3.0, "x") == 3
    assert numbers([1, 2.5, 3], "x", 2) == [1.0, 2.5, 3.0]
    assert below(2, 3, "x") == 2
    assert mapping(None, "x") == {}
    assert sequence(None, "x") == objects(None, "x") == []


@pytest.mark.parametrize(
    "read",
    [
        lambda: number(float("nan"), "width"),
        lambda: number(True, "width"),
        lambda: number("3", "width"),
        lambda: number(10**400, "width"),
        lambda: number(-1e13, "width"),
        lambda: integer(2.5, "width"),
        lambda: numbers([1], "width", 2),
        lambda: numbers({}, "width", 2),
        lambda: below(3, 3, "width"),
        lambda: below(-1, 3, "width"),
        lambda: mapping([], "width"),
        lambda: sequence({}, "width"),
        lambda: objects([{}, None], "width"),
    ],
)
def test_fields_that_are_wrong_are_refused_by_name(read: Callable[[], Any]) -> None:
    """The message names the field and says what to do."""
    with pytest.raises(AvatarError, match=r"^width: .*export the file again$"):
        read()


def test_fields_message_does_not_repeat_long_values() -> None:
    """A text of a megabyte is cut."""
    with pytest.raises(AvatarError) as caught:
        number("x" * 1_000_000, "width")
    assert len(str(caught.value)) < 120
