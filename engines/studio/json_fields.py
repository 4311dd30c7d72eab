"""Values of a file's JSON, checked: what is written there can be anything."""

from __future__ import annotations

from typing import Any

from engines.errors import AvatarError

#: Far beyond whatever a file has a use for, and with room for its square in single precision.
LARGEST = 1e12


def number(value: Any, what: str) -> float:
    """Return a finite number, -:data:`LARGEST` to :data:`LARGEST`.

    Raises:
        AvatarError: it is none; the message names it as `what`.
    """
    if isinstance(value, bool) or not isinstance(value, int | float) or not -LARGEST <= value <= LARGEST:
        raise AvatarError(f"{what}: got {_short(value)}, expected a finite number; export the file again")
    return float(value)


def integer(value: Any, what: str) -> int:
    """Return a whole number, also one written as ``3.0``; raises as :func:`number` does."""
    found = number(value, what)
    if found != int(found):
        raise AvatarError(f"{what}: got {_short(value)}, expected a whole number; export the file again")
    return int(found)


def numbers(value: Any, what: str, least: int) -> list[float]:
    """Return a list of at least so many finite numbers; raises as :func:`number` does."""
    if not isinstance(value, list) or len(value) < least:
        raise AvatarError(f"{what}: got {_short(value)}, expected {least} numbers; export the file again")
    return [number(entry, what) for entry in value]


def below(value: Any, count: int, what: str) -> int:
    """Return an index, 0 to ``count - 1``; raises as :func:`number` does."""
    index = integer(value, what)
    if not 0 <= index < count:
        raise AvatarError(f"{what}: points to number {index} of {count}; export the file again")
    return index


def mapping(value: Any, what: str) -> dict[str, Any]:
    """Return an object, empty where there is none; raises as :func:`number` does."""
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise AvatarError(f"{what}: got {_short(value)}, expected an object; export the file again")
    return value


def sequence(value: Any, what: str) -> list[Any]:
    """Return a list, empty where there is none; raises as :func:`number` does."""
    if value is None:
        return []
    if not isinstance(value, list):
        raise AvatarError(f"{what}: got {_short(value)}, expected a list; export the file again")
    return value


def objects(value: Any, what: str) -> list[dict[str, Any]]:
    """Return a list of objects, empty where there is none; raises as :func:`number` does."""
    found = sequence(value, what)
    for index, entry in enumerate(found):
        if not isinstance(entry, dict):
            raise AvatarError(f"{what}: number {index} is {_short(entry)}, expected an object; export the file again")
    return found


def _short(value: Any) -> str:
    if isinstance(value, dict | list):
        return f"a {'object' if isinstance(value, dict) else 'list'} of {len(value)}"
    text = repr(value)
    return text if len(text) <= 40 else text[:37] + "..."
