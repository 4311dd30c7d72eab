"""Compiled shaders, one per set of features."""

from __future__ import annotations

import moderngl

from engines.studio.shaders import FULL_SCREEN, RESOLVE, UNITS, Feature, id_shaders, surface_shaders


class Programs:
    """Compiles shaders when they are first asked for; they live as long as the context.

    Args:
        context: whose shaders they are.
        light: the direction to the light, of unit length.
    """

    def __init__(self, context: moderngl.Context, light: tuple[float, ...]) -> None:
        self._context = context
        self._light = light
        self._surfaces: dict[frozenset[Feature], moderngl.Program] = {}
        self._ids: dict[frozenset[Feature], moderngl.Program] = {}
        self.resolve = context.program(vertex_shader=FULL_SCREEN, fragment_shader=RESOLVE)

    def surface(self, features: frozenset[Feature]) -> moderngl.Program:
        """Return the program that draws a material with these features."""
        if features not in self._surfaces:
            self._surfaces[features] = self._compile(surface_shaders(features))
        return self._surfaces[features]

    def ids(self, features: frozenset[Feature]) -> moderngl.Program:
        """Return the program that tells which triangle a pixel shows."""
        if features not in self._ids:
            self._ids[features] = self._compile(id_shaders(features))
        return self._ids[features]

    def _compile(self, shaders: tuple[str, str]) -> moderngl.Program:
        program = self._context.program(vertex_shader=shaders[0], fragment_shader=shaders[1])
        for name, unit in UNITS.items():
            if name in program:
                program[name] = unit
        if "light" in program:
            program["light"] = self._light
        return program
