"""Off-screen renderer of avatars: MToon-like pictures, and which triangle each pixel shows.

OpenGL 3.3 through EGL, without a window; Mesa's llvmpipe does where there is no GPU.  The camera is the
orthographic one of :mod:`engines.framing`, the viewer stands at +Z.  A renderer belongs to the thread that first
draws with it.
"""

from __future__ import annotations

import weakref
from dataclasses import dataclass, field
from typing import Any

import moderngl
import numpy as np
import numpy.typing as npt

from engines.controls import ControlVector
from engines.studio.avatar import Avatar
from engines.studio.hits import Drawing, Hits
from engines.studio.materials import AlphaMode, Cull, Material
from engines.studio.mesh import Draw
from engines.studio.posing import Posed, posed
from engines.studio.shaders import IDS, SURFACE, VERTEX

F32 = npt.NDArray[np.float32]
U8 = npt.NDArray[np.uint8]
I32 = npt.NDArray[np.int32]
Bools = npt.NDArray[np.bool_]

#: Key light from the viewer's upper left, in front.
LIGHT = np.array([-0.35, 0.45, 0.82]) / np.linalg.norm([-0.35, 0.45, 0.82])
#: Outlines thinner than a pixel of the finished picture alias into dashes.
MIN_OUTLINE_PX = 1.0
#: The outline's hull stands back by this much, so that it does not fight with two-sided surfaces.
_OUTLINE_BACK_M = 0.004
#: `render_ids` shows a blended surface where it covers at least half of what is behind it.
_IDS_CUTOFF = 0.5
#: Choices of triangles that stay in GPU memory per avatar: a sheet has a handful of layers.
_SELECTIONS = 8
#: Pixels per side at which surfaces in the face frame are told.
FACE_LABEL_PX = 128
_BLENDED = 2.0
_OPAQUE = -1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class _Selection:
    """Triangles to draw: all of an avatar's, or some."""

    surface: moderngl.VertexArray
    ids: moderngl.VertexArray
    draws: tuple[Draw, ...]
    rows: I32  # of the avatar's triangles
    index: moderngl.Buffer

    def release(self) -> None:
        for array in (self.surface, self.ids):
            array.release()
        self.index.release()


@dataclass(slots=True, kw_only=True)
class _Uploaded:
    positions: moderngl.Buffer
    normals: moderngl.Buffer
    uvs: moderngl.Buffer
    context: moderngl.Context
    programs: tuple[moderngl.Program, moderngl.Program]
    textures: tuple[moderngl.Texture, ...]
    selections: dict[bytes, _Selection] = field(default_factory=dict)

    def select(self, avatar: Avatar, only: Bools | None) -> _Selection:
        key = b"" if only is None else only.tobytes()
        if key not in self.selections:
            if len(self.selections) > _SELECTIONS:
                self.selections.pop(next(name for name in self.selections if name)).release()
            self.selections[key] = self._make(avatar, only)
        return self.selections[key]

    def _make(self, avatar: Avatar, only: Bools | None) -> _Selection:
        rows = np.arange(len(avatar.triangles)) if only is None else np.flatnonzero(only)
        bounds = np.array([(draw.first, draw.first + draw.count) for draw in avatar.draws])
        starts, ends = np.searchsorted(rows, bounds).T.tolist()
        draws = [
            Draw(material=draw.material, first=start, count=end - start)
            for draw, start, end in zip(avatar.draws, starts, ends, strict=True)
            if end > start
        ]
        # OpenGL has no buffers of no bytes.
        index = self.context.buffer(avatar.triangles[rows].tobytes() or bytes(12))
        content = [
            (self.positions, "3f4", "in_position"),
            (self.normals, "3f4", "in_normal"),
            (self.uvs, "2f4", "in_uv"),
        ]
        surface, ids = (
            self.context.vertex_array(program, content, index, skip_errors=True) for program in self.programs
        )
        return _Selection(surface=surface, ids=ids, draws=tuple(draws), rows=rows.astype(np.int32), index=index)

    def release(self) -> None:
        with self.context:
            for selection in self.selections.values():
                selection.release()
            for texture in self.textures:
                texture.release()
            for buffer in (self.positions, self.normals, self.uvs):
                buffer.release()


class Renderer:
    """Draws avatars; keeps their meshes and textures in GPU memory for as long as they live."""

    def __init__(self) -> None:
        self._context: moderngl.Context | None = None
        self._uploaded: weakref.WeakKeyDictionary[Avatar, _Uploaded] = weakref.WeakKeyDictionary()
        self._releases: list[weakref.finalize[[], Avatar]] = []
        self._targets: dict[tuple[str, int], moderngl.Framebuffer] = {}

    @property
    def device(self) -> str:
        """What really draws, as the driver names it, for example ``llvmpipe (LLVM 15.0.6, 256 bits)``."""
        return str(self._start().info["GL_RENDERER"])

    def render(
        self,
        avatar: Avatar,
        pose: ControlVector | Posed,
        camera: F32,
        size: int,
        supersample: int = 2,
        *,
        only: Bools | None = None,
    ) -> U8:
        """Return the avatar's picture.

        Args:
            avatar: whom to draw.
            pose: a control vector, or the avatar as :func:`engines.studio.posing.posed` left it.
            camera: float32, (2, 3), world (x, y, 1) to the unit square, y down.
            size: width and height of the picture in pixels.
            supersample: samples per pixel along each side.
            only: bool, (T,), which triangles are drawn; None for all.

        Returns:
            uint8, (size, size, 4), straight-alpha RGBA, 0-255.
        """
        self._check(avatar, camera, size, only)
        with self._start():
            samples = self._draw(avatar, _posed(avatar, pose), camera, size, supersample, only)
        return resolve(samples, supersample)

    def draw(
        self,
        avatar: Avatar,
        pose: ControlVector | Posed,
        camera: F32,
        size: int,
        supersample: int = 2,
        *,
        label_size: int | None = None,
        face_camera: F32 | None = None,
        face_size: int = FACE_LABEL_PX,
        only: Bools | None = None,
    ) -> Drawing:
        """Return the avatar's picture and what its pixels show.

        Args:
            avatar: whom to draw.
            pose: as for :meth:`render`.
            camera: float32, (2, 3), as for :meth:`render`.
            size: width and height of the picture in pixels.
            supersample: samples per pixel along each side.
            label_size: pixels per side at which surfaces are told; None for `size`.
            face_camera: float32, (2, 3): a second camera whose surfaces are told too; None for none.
            face_size: pixels per side for the second camera.
            only: bool, (T,), which triangles are drawn; None for all.
        """
        pose = _posed(avatar, pose)
        picture = self.render(avatar, pose, camera, size, supersample, only=only)
        whole = self.hits(avatar, pose, camera, label_size or size, only=only)
        face = None if face_camera is None else self.hits(avatar, pose, face_camera, face_size, only=only)
        return Drawing(picture=picture, whole=whole, face=face)

    def hits(
        self, avatar: Avatar, pose: ControlVector | Posed, camera: F32, size: int, *, only: Bools | None = None
    ) -> Hits:
        """Return the nearest surface at each pixel's centre; arguments as for :meth:`render`.

        A blended surface counts where it covers at least half of what is behind it.
        """
        self._check(avatar, camera, size, only)
        pose = _posed(avatar, pose)
        with self._start() as context:
            triangle = self._draw_ids(context, avatar, pose, camera, size, only)
        return Hits.of(triangle, avatar.triangles, pose.positions, camera)

    def _draw(
        self, avatar: Avatar, pose: Posed, camera: F32, size: int, supersample: int, only: Bools | None = None
    ) -> U8:
        """Return the premultiplied samples, uint8 (size * supersample, size * supersample, 4)."""
        context, uploaded, large = self._start(), self._upload(avatar), size * supersample
        self._pose(uploaded, pose, camera)
        target = self._target("f1", large)
        target.use()
        target.depth_mask = True
        target.clear(0.0, 0.0, 0.0, 0.0, depth=1.0)
        context.enable(moderngl.DEPTH_TEST | moderngl.BLEND)
        context.blend_func = moderngl.ONE, moderngl.ONE_MINUS_SRC_ALPHA
        program = self._surface
        pixels_per_metre = float(np.abs(np.linalg.det(camera[:, :2]))) ** 0.5 * size
        selection = uploaded.select(avatar, only)
        for draw in selection.draws:
            material = avatar.materials[draw.material]
            self._bind(uploaded, material)
            target.depth_mask = material.depth_write
            program["outline"] = 0.0
            program["outline_colour"] = (0.0, 0.0, 0.0, -1.0)
            self._cull(material.cull)
            selection.surface.render(vertices=draw.count * 3, first=draw.first * 3)
            if material.outline_width_m > 0 and material.alpha_mode is not AlphaMode.BLEND:
                width_px = max(material.outline_width_m * pixels_per_metre, MIN_OUTLINE_PX)
                program["outline"] = 2.0 * width_px / size
                program["outline_colour"] = (*material.outline_colour[:3], material.outline_lighting)
                self._cull(Cull.FRONT)
                selection.surface.render(vertices=draw.count * 3, first=draw.first * 3)
        target.depth_mask = True
        return np.frombuffer(target.read(components=4), np.uint8).reshape(large, large, 4)

    def render_ids(
        self, avatar: Avatar, pose: ControlVector | Posed, camera: F32, size: int, *, only: Bools | None = None
    ) -> tuple[I32, F32]:
        """Return `triangle` and `barycentric` of :meth:`hits`."""
        hits = self.hits(avatar, pose, camera, size, only=only)
        return hits.triangle, hits.barycentric

    def _draw_ids(
        self, context: moderngl.Context, avatar: Avatar, pose: Posed, camera: F32, size: int, only: Bools | None
    ) -> I32:
        uploaded = self._upload(avatar)
        self._pose(uploaded, pose, camera)
        target = self._target("i4", size)
        target.use()
        target.depth_mask = True
        # Clearing takes floats and leaves 0 in an integer target: "nothing" is 0, triangles count from 1.
        target.clear(0.0, 0.0, 0.0, 0.0, depth=1.0)
        context.enable(moderngl.DEPTH_TEST)
        context.disable(moderngl.BLEND)
        selection = uploaded.select(avatar, only)
        for draw in selection.draws:
            material = avatar.materials[draw.material]
            opaque = material.alpha_mode is AlphaMode.OPAQUE
            blended = material.alpha_mode is AlphaMode.BLEND
            self._ids["cutoff"] = _OPAQUE if opaque else _IDS_CUTOFF if blended else material.alpha_cutoff
            self._ids["lit_alpha"] = material.lit_colour[3]
            self._ids["first"] = draw.first + 1
            self._texture(uploaded, material.lit_texture).use(0)
            self._cull(material.cull)
            selection.ids.render(vertices=draw.count * 3, first=draw.first * 3)
        seen = np.frombuffer(target.read(components=1, dtype="i4"), np.int32).reshape(size, size) - 1
        return seen if only is None else np.where(seen >= 0, selection.rows[seen], np.int32(-1))

    def close(self) -> None:
        """Release the GPU's memory; calling it again does nothing."""
        if self._context is None:
            return
        for release in self._releases:
            release()  # once at most: those of forgotten avatars have been called already
        self._releases.clear()
        self._uploaded.clear()
        self._targets.clear()
        self._context.release()
        self._context = None

    def _start(self) -> moderngl.Context:
        if self._context is None:
            backend: Any = "egl"  # moderngl's stubs take every setting for a dict
            self._context = moderngl.create_context(require=330, standalone=True, backend=backend)
            self._surface = self._context.program(vertex_shader=VERTEX, fragment_shader=SURFACE)
            self._ids = self._context.program(vertex_shader=VERTEX, fragment_shader=IDS)
            self._white = self._context.texture((1, 1), 4, bytes([255] * 4))
            for program in (self._surface, self._ids):
                _set(program, "lit_texture", 0)
                _set(program, "shade_texture", 1)
                _set(program, "emission_texture", 2)
                _set(program, "outline_back", _OUTLINE_BACK_M)
            self._surface["light"] = tuple(LIGHT)
        return self._context

    def _upload(self, avatar: Avatar) -> _Uploaded:
        uploaded = self._uploaded.get(avatar)
        if uploaded is not None:
            return uploaded
        context = self._start()
        positions = context.buffer(reserve=avatar.positions.nbytes, dynamic=True)
        normals = context.buffer(reserve=avatar.normals.nbytes, dynamic=True)
        uvs = context.buffer(avatar.uvs.tobytes())
        textures = []
        for image in avatar.textures:
            texture = context.texture((image.shape[1], image.shape[0]), 4, np.ascontiguousarray(image).tobytes())
            texture.build_mipmaps()
            texture.filter = (moderngl.LINEAR_MIPMAP_NEAREST, moderngl.LINEAR)
            textures.append(texture)
        uploaded = _Uploaded(
            positions=positions,
            normals=normals,
            uvs=uvs,
            context=context,
            programs=(self._surface, self._ids),
            textures=tuple(textures),
        )
        self._uploaded[avatar] = uploaded
        release = weakref.finalize(avatar, uploaded.release)
        release.atexit = False
        self._releases = [other for other in self._releases if other.alive] + [release]
        return uploaded

    def _pose(self, uploaded: _Uploaded, pose: Posed, camera: F32) -> None:
        uploaded.positions.write(pose.positions)
        uploaded.normals.write(pose.normals)
        for program in (self._surface, self._ids):
            program["camera"] = tuple(float(value) for value in camera.reshape(-1))
        # The camera's y points down, which turns every triangle's sense of rotation round.
        self._start().front_face = "cw" if np.linalg.det(camera[:, :2]) < 0 else "ccw"

    def _bind(self, uploaded: _Uploaded, material: Material) -> None:
        program = self._surface
        self._texture(uploaded, material.lit_texture).use(0)
        self._texture(uploaded, material.shade_texture).use(1)
        glows = max(material.emission_colour[:3]) > 0
        self._texture(uploaded, material.emission_texture).use(2)
        program["glows"] = glows
        program["shade_is_lit"] = material.shade_texture == material.lit_texture
        program["lit_colour"] = material.lit_colour
        program["shade_colour"] = material.shade_colour[:3]
        program["emission_colour"] = material.emission_colour[:3]
        start, end = material.terminator
        program["terminator"] = (start, 1.0 / max(end - start, 1e-4))
        program["cutoff"] = {
            AlphaMode.OPAQUE: _OPAQUE,
            AlphaMode.CUTOUT: material.alpha_cutoff,
            AlphaMode.BLEND: _BLENDED,
        }[material.alpha_mode]

    def _texture(self, uploaded: _Uploaded, index: int | None) -> moderngl.Texture:
        return self._white if index is None else uploaded.textures[index]

    def _cull(self, cull: Cull) -> None:
        context = self._start()
        if cull is Cull.NONE:
            context.disable(moderngl.CULL_FACE)
        else:
            context.enable(moderngl.CULL_FACE)
            context.cull_face = cull.value

    def _target(self, dtype: str, size: int) -> moderngl.Framebuffer:
        key = (dtype, size)
        if key not in self._targets:
            context = self._start()
            colour = context.renderbuffer((size, size), 4 if dtype == "f1" else 1, dtype=dtype)
            self._targets[key] = context.framebuffer(colour, context.depth_renderbuffer((size, size)))
        return self._targets[key]

    @staticmethod
    def _check(avatar: Avatar, camera: F32, size: int, only: Bools | None) -> None:
        if camera.shape != (2, 3):
            raise ValueError(f"camera: got shape {camera.shape}, expected (2, 3)")
        if size < 1:
            raise ValueError(f"size: got {size}, expected at least 1")
        if only is not None and (only.dtype != np.bool_ or only.shape != (len(avatar.triangles),)):
            raise ValueError(f"only: got {only.dtype} {only.shape}, expected bool ({len(avatar.triangles)},)")


def _posed(avatar: Avatar, pose: ControlVector | Posed) -> Posed:
    return pose if isinstance(pose, Posed) else posed(avatar, pose)


def _set(program: moderngl.Program, name: str, value: float) -> None:
    if name in program:  # the compiler drops what a program does not use
        program[name] = value


def resolve(premultiplied: U8, supersample: int) -> U8:
    """Return the mean over each pixel's samples as straight alpha, uint8 (H, W, 4)."""
    if supersample > 1:
        height = premultiplied.shape[0] // supersample
        total = np.zeros((height, height, 4), np.uint16)
        for row in range(supersample):
            for column in range(supersample):
                total += premultiplied[row::supersample, column::supersample]
    else:
        total = premultiplied.astype(np.uint16)
    alpha = total[:, :, 3].astype(np.float32)
    picture = np.empty(total.shape, np.uint8)
    scale = 255.0 / np.maximum(alpha, 1.0)
    picture[:, :, :3] = np.minimum(total[:, :, :3] * scale[:, :, None] + 0.5, 255.0)
    picture[:, :, 3] = alpha / (supersample * supersample) + 0.5
    return picture
