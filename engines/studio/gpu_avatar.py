"""An avatar in GPU memory: buffers that every pose fills again, and what is drawn of them."""

from __future__ import annotations

import moderngl
import numpy as np
import numpy.typing as npt

from engines.studio.avatar import Avatar
from engines.studio.draw_runs import draw_runs
from engines.studio.expression_traits import changed_materials
from engines.studio.gpu_programs import Programs
from engines.studio.gpu_textures import Textures
from engines.studio.posing import Posed
from engines.studio.selection import Change, Selection

Bools = npt.NDArray[np.bool_]

#: Choices of triangles that stay in GPU memory per avatar: a sheet has a handful of layers.
_SELECTIONS = 8


class GpuAvatar:
    """What of an avatar lies in GPU memory."""

    def __init__(self, context: moderngl.Context, programs: Programs, textures: Textures, avatar: Avatar) -> None:
        self._context, self._programs, self._textures = context, programs, textures
        self._positions = context.buffer(reserve=avatar.positions.nbytes, dynamic=True)
        self._normals = context.buffer(reserve=avatar.normals.nbytes, dynamic=True)
        self._uvs = context.buffer(avatar.uvs.tobytes())
        self._selections: dict[bytes, Selection] = {}
        #: By rank of the draw: what the pose's expressions make of its material.
        self.changes: dict[int, Change] = {}

    def write(self, avatar: Avatar, pose: Posed) -> None:
        """Take a pose."""
        self._positions.write(pose.positions)
        self._normals.write(pose.normals)
        self.changes = _changes(avatar, pose)

    def select(self, avatar: Avatar, only: Bools | None) -> Selection:
        """Return the triangles to draw, bool (T,); None for all."""
        key = b"" if only is None else only.tobytes()
        if key not in self._selections:
            if len(self._selections) > _SELECTIONS:
                self._selections.pop(next(name for name in self._selections if name)).release()
            content = [
                (self._positions, "3f4", "in_position"),
                (self._normals, "3f4", "in_normal"),
                (self._uvs, "2f4", "in_uv"),
            ]
            self._selections[key] = Selection(
                self._context, self._programs, self._textures, avatar, draw_runs(avatar, only), content
            )
        return self._selections[key]

    def release(self) -> None:
        """Release the GPU's memory, but for textures, which other avatars may share."""
        with self._context:
            for selection in self._selections.values():
                selection.release()
            for buffer in (self._positions, self._normals, self._uvs):
                buffer.release()


def _changes(avatar: Avatar, pose: Posed) -> dict[int, Change]:
    """Return what the pose's expressions make of materials, by rank of the draw; most avatars' do nothing to them."""
    shown = {
        name: weight
        for name, weight in pose.weights.items()
        if name in avatar.traits and (avatar.traits[name].colours or avatar.traits[name].uvs)
    }
    if not shown:
        return {}
    materials = changed_materials(avatar.materials, shown, avatar.traits)
    uvs = {
        bind.material: bind.matrix(avatar.materials[bind.material].uv_transform, weight)
        for name, weight in shown.items()
        for bind in avatar.traits[name].uvs
    }
    return {
        rank: Change(material=materials[draw.material], uvs=uvs.get(draw.material))
        for rank, draw in enumerate(avatar.draws)
        if materials[draw.material] is not avatar.materials[draw.material] or draw.material in uvs
    }
