"""Expressions beyond the control spec: a file's own, and its morph targets, among them ARKit's 52."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from engines.studio.expression_file import Bind, FileExpression
from engines.studio.morph_targets import Morph, MorphTargets


class CustomExpressions(Mapping[str, Morph]):
    """Morphs by the file's own names, each read from the file when it is asked for.

    Names are those of the file's expressions, as it writes them, and of its morph targets.  Reading one raises an
    AvatarError where the file is damaged there.
    """

    def __init__(self, targets: MorphTargets, found: tuple[FileExpression, ...]) -> None:
        self._targets = targets
        self._binds: dict[str, tuple[Bind, ...]] = dict(targets.names)
        self._binds |= {expression.name: expression.binds for expression in found if expression.binds}

    def __getitem__(self, name: str) -> Morph:
        morph = self._targets.morph([(self._binds[name], "both")])
        return Morph.none() if morph is None else morph

    def __iter__(self) -> Iterator[str]:
        return iter(self._binds)

    def __len__(self) -> int:
        return len(self._binds)
