"""An avatar in GPU memory: buffers that every pose fills again, textures, and draws in their order."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import moderngl
import numpy as np
import numpy.typing as npt

from engines.studio.avatar import Avatar
from engines.studio.draw_runs import Run, draw_runs
from engines.studio.gpu_programs import Programs
from engines.studio.gpu_textures import Textures
from engines.studio.looks import Look, hit_look, outline_look, surface_look
from engines.studio.materials import AlphaMode
from engines.studio.posing import Posed
from engines.studio.shaders import UNITS

F32 = npt.NDArray[np.float32]
I32 = npt.NDArray[np.int32]
Bools = npt.NDArray[np.bool_]

#: Choices of triangles that stay in GPU memory per avatar: a sheet has a handful of layers.
_SELECTIONS = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One draw call: `count` triangles from `first` of the selection's."""

    program: moderngl.Program
    array: moderngl.VertexArray
    look: Look
    first: int
    count: int
    rank: int
    textures: tuple[tuple[int, moderngl.Texture], ...]  # unit and texture
    sampler: moderngl.Sampler | None  # for all units but the matcap's; None: the textures repeat


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """Triangles to draw, all of an avatar's or some: how, in which order.

    Args:
        surfaces: the steps of a picture.
        ids: the steps of telling which triangle a pixel shows.
        rows: int32, (S,), of the avatar's triangles, in the order in which they are drawn.
    """

    surfaces: tuple[Step, ...]
    ids: tuple[Step, ...]
    rows: I32
    index: moderngl.Buffer
    arrays: tuple[moderngl.VertexArray, ...]

    def release(self) -> None:
        """Release the GPU's memory."""
        for array in self.arrays:
            array.release()
        self.index.release()


class GpuAvatar:
    """What of an avatar lies in GPU memory."""

    def __init__(self, context: moderngl.Context, programs: Programs, textures: Textures, avatar: Avatar) -> None:
        self._context = context
        self._programs = programs
        self._positions = context.buffer(reserve=avatar.positions.nbytes, dynamic=True)
        self._normals = context.buffer(reserve=avatar.normals.nbytes, dynamic=True)
        self._uvs = context.buffer(avatar.uvs.tobytes())
        kept = [textures.get(picture) for picture in avatar.textures]
        self._textures = [texture for texture, _ in kept]
        self._plain = [plain for _, plain in kept]
        self._white = textures.white
        self._store = textures
        self._selections: dict[bytes, Selection] = {}

    def write(self, pose: Posed) -> None:
        """Take a pose."""
        self._positions.write(pose.positions)
        self._normals.write(pose.normals)

    def select(self, avatar: Avatar, only: Bools | None) -> Selection:
        """Return the triangles to draw, bool (T,); None for all."""
        key = b"" if only is None else only.tobytes()
        if key not in self._selections:
            if len(self._selections) > _SELECTIONS:
                self._selections.pop(next(name for name in self._selections if name)).release()
            self._selections[key] = self._make(avatar, draw_runs(avatar, only))
        return self._selections[key]

    def release(self) -> None:
        """Release the GPU's memory, but for textures, which other avatars may share."""
        with self._context:
            for selection in self._selections.values():
                selection.release()
            for buffer in (self._positions, self._normals, self._uvs):
                buffer.release()

    def _make(self, avatar: Avatar, runs: Sequence[Run]) -> Selection:
        rows = np.concatenate([np.zeros(0, np.int64), *(run.rows for run in runs)])
        # OpenGL has no buffers of no bytes.
        index = self._context.buffer(avatar.triangles[rows].tobytes() or bytes(12))
        content = [
            (self._positions, "3f4", "in_position"),
            (self._normals, "3f4", "in_normal"),
            (self._uvs, "2f4", "in_uv"),
        ]
        arrays: dict[moderngl.Program, moderngl.VertexArray] = {}

        def step(program: moderngl.Program, look: Look, run: Run, first: int) -> Step:
            if program not in arrays:
                arrays[program] = self._context.vertex_array(program, content, index, skip_errors=True)
            textures = tuple(
                (unit, self._textures[look.textures[name]] if name in look.textures else self._white)
                for name, unit in UNITS.items()
                if name in program
            )
            return Step(
                program=program,
                array=arrays[program],
                look=look,
                first=first,
                count=len(run.rows),
                rank=run.rank,
                textures=textures,
                sampler=self._store.sampler(run.material.wrap),
            )

        solid: list[Step] = []
        outlines: list[Step] = []
        blended: list[Step] = []
        ids: list[Step] = []
        first = 0
        for run in runs:
            blends = run.material.alpha_mode is AlphaMode.BLEND
            look, outline = surface_look(run.material, self._plain), outline_look(run.material, self._plain)
            (blended if blends else solid).append(step(self._programs.surface(look.features), look, run, first))
            if outline is not None:
                program = self._programs.surface(outline.features)
                (blended if blends else outlines).append(step(program, outline, run, first))
            hit = hit_look(run.material, self._plain)
            ids.append(step(self._programs.ids(hit.features), hit, run, first))
            first += len(run.rows)
        return Selection(
            surfaces=(*solid, *outlines, *blended),
            ids=tuple(ids),
            rows=rows.astype(np.int32),
            index=index,
            arrays=tuple(arrays.values()),
        )
