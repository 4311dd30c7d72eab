"""An avatar's triangles in GPU memory, all or some, and the draw calls that show them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import moderngl
import numpy as np
import numpy.typing as npt

from engines.studio.avatar import Avatar
from engines.studio.draw_runs import Run
from engines.studio.gpu_programs import Programs
from engines.studio.gpu_textures import Textures
from engines.studio.looks import Look, hit_look, outline_look, surface_look
from engines.studio.materials import AlphaMode, Material
from engines.studio.shaders import UNITS

I32 = npt.NDArray[np.int32]
F64 = npt.NDArray[np.float64]
Content = list[tuple[moderngl.Buffer, str, str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One draw call: `count` triangles from `first` of the selection's.

    Args:
        program, array, look: what draws it.
        first, count: which triangles.
        rank: of two surfaces in one place the one of higher rank is seen.
        takes: names of the uniforms that the program has.
        textures: unit and texture.
        sampler: for all units but the matcap's; None: the textures repeat.
    """

    program: moderngl.Program
    array: moderngl.VertexArray
    look: Look
    first: int
    count: int
    rank: int
    takes: frozenset[str]
    textures: tuple[tuple[int, moderngl.Texture], ...]
    sampler: moderngl.Sampler | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """What an expression makes of a material: another one, and a float64 (2, 3) matrix that moves its uvs, or None."""

    material: Material
    uvs: F64 | None = None


class Selection:
    """Triangles to draw and how.

    Args:
        context: that of everything else.
        programs, textures, pictures: shaders, textures, and which texture shows which of the avatar's pictures.
        avatar: whose triangles.
        runs: which of them, in the order in which they are drawn.
        content: the buffers of the vertices.
    """

    def __init__(
        self,
        context: moderngl.Context,
        programs: Programs,
        textures: Textures,
        avatar: Avatar,
        runs: Sequence[Run],
        content: Content,
    ) -> None:
        self._context, self._programs, self._textures = context, programs, textures
        kept = [textures.get(picture) for picture in avatar.textures]
        self._pictures = [texture for texture, _ in kept]
        self._plain = [plain for _, plain in kept]
        self._runs, self._content = runs, content
        rows = np.concatenate([np.zeros(0, np.int64), *(run.rows for run in runs)])
        # OpenGL has no buffers of no bytes.
        self._index = context.buffer(avatar.triangles[rows].tobytes() or bytes(12))
        self._arrays: dict[moderngl.Program, moderngl.VertexArray] = {}
        #: int32, (S + 1,): nothing, then the avatar's triangles in the order in which they are drawn.
        self.rows: I32 = np.concatenate([np.full(1, -1), rows]).astype(np.int32)
        self._surfaces, self._ids = self._surface_steps({}), self._id_steps({})

    def surfaces(self, changes: Mapping[int, Change]) -> Sequence[Step]:
        """Return the steps of a picture, with changes by rank."""
        return self._surface_steps(changes) if changes else self._surfaces

    def ids(self, changes: Mapping[int, Change]) -> Sequence[Step]:
        """Return the steps of telling which triangle a pixel shows, with changes by rank."""
        return self._id_steps(changes) if changes else self._ids

    def release(self) -> None:
        """Release the GPU's memory."""
        for array in self._arrays.values():
            array.release()
        self._index.release()

    def _surface_steps(self, changes: Mapping[int, Change]) -> list[Step]:
        solid: list[Step] = []
        outlines: list[Step] = []
        blended: list[Step] = []
        first = 0
        for run in self._runs:
            material, uvs = _changed(run, changes)
            last = material.alpha_mode is AlphaMode.BLEND
            look, outline = surface_look(material, self._plain), outline_look(material, self._plain)
            (blended if last else solid).append(self._step(_moved(look, uvs), run, first))
            if outline is not None:
                (blended if last else outlines).append(self._step(_moved(outline, uvs), run, first))
            first += len(run.rows)
        return solid + outlines + blended

    def _id_steps(self, changes: Mapping[int, Change]) -> list[Step]:
        steps: list[Step] = []
        first = 0
        for run in self._runs:
            material, uvs = _changed(run, changes)
            look = _moved(hit_look(material, self._plain), uvs)
            steps.append(self._step(look, run, first, ids=True))
            first += len(run.rows)
        return steps

    def _step(self, look: Look, run: Run, first: int, *, ids: bool = False) -> Step:
        program = self._programs.ids(look.features) if ids else self._programs.surface(look.features)
        if program not in self._arrays:
            self._arrays[program] = self._context.vertex_array(program, self._content, self._index, skip_errors=True)
        takes = frozenset(program)
        return Step(
            program=program,
            array=self._arrays[program],
            look=replace(look, uniforms={name: value for name, value in look.uniforms.items() if name in takes}),
            first=first,
            count=len(run.rows),
            rank=run.rank,
            takes=takes,
            textures=tuple(
                (unit, self._pictures[look.textures[name]] if name in look.textures else self._textures.white)
                for name, unit in UNITS.items()
                if name in takes
            ),
            sampler=self._textures.sampler(run.material.wrap),
        )


def _changed(run: Run, changes: Mapping[int, Change]) -> tuple[Material, F64 | None]:
    change = changes.get(run.rank)
    if change is None:
        return run.material, None
    # Whether it is cut out was found from the triangles, unless their uvs have moved since.
    mode = run.material.alpha_mode if change.uvs is None else change.material.alpha_mode
    return replace(change.material, alpha_mode=mode), change.uvs


def _moved(look: Look, uvs: F64 | None) -> Look:
    if uvs is None:
        return look
    columns = tuple(float(value) for value in uvs.T.reshape(-1))
    return replace(look, features=look.features | {"MOVED_UVS"}, uniforms=look.uniforms | {"uv_transform": columns})
