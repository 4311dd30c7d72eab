"""A task's own settings, from `--set name=value` to a frozen dataclass."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping
from typing import Any, TypeVar, get_args, get_type_hints

from engines.errors import TrainingError

T = TypeVar("T")

_WORDS = {"true": True, "yes": True, "on": True, "1": True, "false": False, "no": False, "off": False, "0": False}


def pairs_from(texts: Iterable[str]) -> dict[str, str]:
    """Return `name=value` texts as a mapping.

    Raises:
        TrainingError: one has no `=`, or a name comes twice.
    """
    pairs: dict[str, str] = {}
    for text in texts:
        name, equals, value = text.partition("=")
        if not equals or not name:
            raise TrainingError(f"--set {text}: expected name=value")
        if name in pairs:
            raise TrainingError(f"--set {name}: given twice; leave one out")
        pairs[name] = value
    return pairs


def settings_from(kind: type[T], pairs: Mapping[str, str]) -> T:
    """Return a task's settings: defaults, and what was set otherwise.

    Args:
        kind: a dataclass whose fields all have defaults and are bool, int, float, str, one of these or None, or a
            Literal of strings.
        pairs: texts by name.

    Raises:
        TrainingError: a name is not known, or a value is not of the field's type or refused by the dataclass.
    """
    hints = get_type_hints(kind)
    names = [field.name for field in dataclasses.fields(kind)]  # type: ignore[arg-type]
    values: dict[str, Any] = {}
    for name, text in pairs.items():
        if name not in names:
            raise TrainingError(f"--set {name}: no such setting; there are {', '.join(names) or 'none'}")
        values[name] = _value(name, text, hints[name])
    try:
        return kind(**values)
    except ValueError as error:
        raise TrainingError(f"--set: {error}") from error


def _value(name: str, text: str, hint: Any) -> Any:
    options = [option for option in get_args(hint) if option is not type(None)]
    if options and all(isinstance(option, str) for option in options):
        if text not in options:
            raise TrainingError(f"--set {name}={text}: expected {' or '.join(options)}")
        return text
    if type(None) in get_args(hint) and text == "none":
        return None
    kind = options[0] if options else hint
    try:
        return _WORDS[text.lower()] if kind is bool else kind(text)
    except (ValueError, KeyError) as error:
        raise TrainingError(f"--set {name}={text}: expected {kind.__name__}") from error
