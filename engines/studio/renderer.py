"""Off-screen renderer of avatars: MToon pictures as three-vrm draws them, and which triangle each pixel shows.

OpenGL 3.3 through EGL, without a window, on a GPU or on Mesa's llvmpipe.  The camera is the orthographic one of
:mod:`engines.framing`, the viewer stands at +Z.  A renderer belongs to the thread that first draws with it.
"""

from __future__ import annotations

import weakref
from typing import Any

import moderngl
import numpy as np
import numpy.typing as npt

from engines.controls import ControlVector
from engines.studio.avatar import Avatar
from engines.studio.gpu_avatar import GpuAvatar
from engines.studio.gpu_programs import Programs
from engines.studio.gpu_textures import Textures
from engines.studio.hits import Drawing, Hits
from engines.studio.materials import Cull
from engines.studio.posing import Posed, posed
from engines.studio.selection import Step
from engines.studio.shaders import UNITS

F32 = npt.NDArray[np.float32]
U8 = npt.NDArray[np.uint8]
I32 = npt.NDArray[np.int32]
Bools = npt.NDArray[np.bool_]

#: Key light from the viewer's upper left, in front.
LIGHT = np.array([-0.35, 0.45, 0.82]) / np.linalg.norm([-0.35, 0.45, 0.82])
#: Outlines thinner than a pixel of the finished picture alias into dashes; three-vrm has no such limit.
MIN_OUTLINE_PX = 1.0
#: The hull of an outline that is wider than its file has it stands back by this much and by what it is wider: it
#: would come out at lips and lids.
_WIDENED_BACK_M = 0.004
#: A surface is this much nearer than the one before it: enough to win in the same place, too little to see.
_RANK_M = 4e-6
#: Pixels per side at which surfaces in the face frame are told.
FACE_LABEL_PX = 128


class Renderer:
    """Draws avatars; keeps their meshes and textures in GPU memory for as long as they live.

    Args:
        min_outline_px: outlines are at least this wide; 0 leaves them as the file has them.
        device: number of the EGL device that draws; None for the first.
    """

    def __init__(self, *, min_outline_px: float = MIN_OUTLINE_PX, device: int | None = None) -> None:
        self.min_outline_px = min_outline_px
        self._device = device
        self._context: moderngl.Context | None = None
        self._avatars: weakref.WeakKeyDictionary[Avatar, GpuAvatar] = weakref.WeakKeyDictionary()
        self._releases: list[weakref.finalize[[], Avatar]] = []
        self._targets: dict[tuple[str, int, str], moderngl.Framebuffer] = {}

    @property
    def device(self) -> str:
        """What really draws, as the driver names it, for example ``llvmpipe (LLVM 15.0.6, 256 bits)``."""
        with self._start() as context:
            return str(context.info["GL_RENDERER"])

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
        pose = _posed(avatar, pose)
        with self._start():
            self._upload(avatar).write(avatar, pose)
            return self._draw_picture(avatar, camera, size, supersample, only)

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
        self._check(avatar, camera, size, only)
        pose = _posed(avatar, pose)
        shots = [(camera, label_size or size)]
        if face_camera is not None:
            self._check(avatar, face_camera, face_size, only)
            shots.append((face_camera, face_size))
        with self._start():
            self._upload(avatar).write(avatar, pose)
            seen = [self._draw_ids(avatar, shot, pixels, only) for shot, pixels in shots]
            picture = self._draw_picture(avatar, camera, size, supersample, only)
        hits = [
            Hits.of(triangle, avatar.triangles, pose.positions, shot)
            for triangle, (shot, _) in zip(seen, shots, strict=True)
        ]
        return Drawing(picture=picture, whole=hits[0], face=hits[1] if len(hits) > 1 else None)

    def hits(
        self, avatar: Avatar, pose: ControlVector | Posed, camera: F32, size: int, *, only: Bools | None = None
    ) -> Hits:
        """Return the nearest surface at each pixel's centre; arguments as for :meth:`render`.

        A blended surface counts where it covers at least half of what is behind it.
        """
        self._check(avatar, camera, size, only)
        pose = _posed(avatar, pose)
        with self._start():
            self._upload(avatar).write(avatar, pose)
            triangle = self._draw_ids(avatar, camera, size, only)
        return Hits.of(triangle, avatar.triangles, pose.positions, camera)

    def render_ids(
        self, avatar: Avatar, pose: ControlVector | Posed, camera: F32, size: int, *, only: Bools | None = None
    ) -> tuple[I32, F32]:
        """Return `triangle` and `barycentric` of :meth:`hits`."""
        hits = self.hits(avatar, pose, camera, size, only=only)
        return hits.triangle, hits.barycentric

    def close(self) -> None:
        """Release the GPU's memory; calling it again does nothing."""
        if self._context is None:
            return
        for release in self._releases:
            release()  # once at most: those of forgotten avatars have been called already
        self._releases.clear()
        self._textures.release()
        self._avatars.clear()
        self._targets.clear()
        self._context.release()
        self._context = None

    def _draw_picture(self, avatar: Avatar, camera: F32, size: int, supersample: int, only: Bools | None) -> U8:
        context, large = self._start(), size * supersample
        samples = self._clear("f1", large)
        context.blend_func = moderngl.ONE, moderngl.ONE_MINUS_SRC_ALPHA
        turn = float(np.linalg.det(camera[:, :2]))
        units_per_metre = abs(turn) ** 0.5
        common = {"camera": _flat(camera), "handed": 1.0 if turn > 0 else -1.0}
        blended, depth_write = False, True
        gpu = self._avatars[avatar]
        for step in gpu.select(avatar, only).surfaces(gpu.changes):
            look = step.look
            if look.blended != blended:
                blended = look.blended
                (context.enable if blended else context.disable)(moderngl.BLEND)
            if look.depth_write != depth_write:
                depth_write = samples.depth_mask = look.depth_write
            # Half the picture's height is half a unit.
            width = max(look.width_m, look.width_screen * 0.5 / units_per_metre)
            least = self.min_outline_px / size / units_per_metre
            common["width_m"] = max(width, least)
            common["back_m"] = _WIDENED_BACK_M + least - width if least > width else 0.0
            self._run(step, common)
        samples.depth_mask = True
        return self._resolve(samples, size, supersample)

    def _draw_ids(self, avatar: Avatar, camera: F32, size: int, only: Bools | None) -> I32:
        # Clearing takes floats and leaves 0 in an integer target: "nothing" is 0, triangles count from 1.
        target = self._clear("i4", size)
        gpu = self._avatars[avatar]
        selection = gpu.select(avatar, only)
        handed = float(np.sign(np.linalg.det(camera[:, :2])))
        for step in selection.ids(gpu.changes):
            self._run(step, {"camera": _flat(camera), "first": step.first + 1, "handed": handed})
        seen = np.frombuffer(target.read(components=1, dtype="i4"), np.int32).reshape(size, size)
        return np.asarray(selection.rows[seen])

    def _run(self, step: Step, common: dict[str, Any]) -> None:
        context, program = self._start(), step.program
        for name, value in step.look.uniforms.items():
            program[name] = value
        for name in step.takes & common.keys():
            program[name] = common[name]
        program["rank_m"] = step.rank * _RANK_M
        for unit, texture in step.textures:
            texture.use(unit)
            if step.sampler is not None and unit != UNITS["matcap_texture"]:
                step.sampler.use(unit)
        if step.look.cull is Cull.NONE:
            context.disable(moderngl.CULL_FACE)
        else:
            context.enable(moderngl.CULL_FACE)
            context.cull_face = step.look.cull.value
        # The camera's y points down, which turns every triangle's sense of rotation round.
        context.front_face = "cw" if common["handed"] < 0 else "ccw"
        step.array.render(vertices=step.count * 3, first=step.first * 3)
        if step.sampler is not None:
            for unit, _ in step.textures:
                step.sampler.clear(unit)

    def _clear(self, kind: str, size: int) -> moderngl.Framebuffer:
        """Return a cleared target that is drawn into with a depth test and without blending."""
        context, target = self._start(), self._target(kind, size)
        target.use()
        target.depth_mask = True
        target.clear(0.0, 0.0, 0.0, 0.0, depth=1.0)
        context.enable_only(moderngl.DEPTH_TEST)
        context.depth_func = "<="  # of two surfaces in one place the later one wins, as in three.js
        return target

    def _resolve(self, samples: moderngl.Framebuffer, size: int, supersample: int) -> U8:
        context, target = self._start(), self._target("f1", size, "resolved")
        target.use()
        context.enable_only(moderngl.NOTHING)
        colour = samples.color_attachments[0]
        assert isinstance(colour, moderngl.Texture)
        colour.use(0)
        self._programs.resolve["count"] = supersample
        self._screen.render(moderngl.TRIANGLES, vertices=3)
        return np.frombuffer(target.read(components=4), np.uint8).reshape(size, size, 4)

    def _start(self) -> moderngl.Context:
        if self._context is None:
            backend: Any = "egl"  # moderngl's stubs take every setting for a dict
            chosen: dict[str, Any] = {} if self._device is None else {"device_index": self._device}
            self._context = moderngl.create_context(require=330, standalone=True, backend=backend, **chosen)
            self._programs = Programs(self._context, tuple(LIGHT.tolist()))
            self._textures = Textures(self._context)
            self._screen = self._context.vertex_array(self._programs.resolve, [])
        return self._context

    def _upload(self, avatar: Avatar) -> GpuAvatar:
        uploaded = self._avatars.get(avatar)
        if uploaded is None:
            uploaded = GpuAvatar(self._start(), self._programs, self._textures, avatar)
            self._avatars[avatar] = uploaded
            release = weakref.finalize(avatar, uploaded.release)
            release.atexit = False
            self._releases = [other for other in self._releases if other.alive] + [release]
        return uploaded

    def _target(self, dtype: str, size: int, use: str = "drawn") -> moderngl.Framebuffer:
        key = (dtype, size, use)
        if key not in self._targets:
            context = self._start()
            if dtype == "i4":
                colour: Any = context.renderbuffer((size, size), 1, dtype="i4")
            else:
                colour = context.texture((size, size), 4)
            depth = context.depth_renderbuffer((size, size)) if use == "drawn" else None
            self._targets[key] = context.framebuffer(colour, depth)
        return self._targets[key]

    @staticmethod
    def _check(avatar: Avatar, camera: F32, size: int, only: Bools | None) -> None:
        if camera.shape != (2, 3):
            raise ValueError(f"camera: got shape {camera.shape}, expected (2, 3)")
        if size < 1:
            raise ValueError(f"size: got {size}, expected at least 1")
        if only is not None and (only.dtype != np.bool_ or only.shape != (len(avatar.triangles),)):
            raise ValueError(f"only: got {only.dtype} {only.shape}, expected bool ({len(avatar.triangles)},)")


def _flat(camera: F32) -> tuple[float, ...]:
    return tuple(float(value) for value in camera.reshape(-1))


def _posed(avatar: Avatar, pose: ControlVector | Posed) -> Posed:
    return pose if isinstance(pose, Posed) else posed(avatar, pose)


def resolve(premultiplied: U8, supersample: int) -> U8:
    """Return the mean over each pixel's samples as straight alpha, uint8 (H, W, 4).

    The slow twin of the shader that does this on the GPU.
    """
    height = premultiplied.shape[0] // supersample
    samples = premultiplied.reshape(height, supersample, -1, supersample, 4)
    total = samples.sum(axis=(1, 3), dtype=np.float32)
    alpha = total[:, :, 3:]
    straight = np.concatenate([total[:, :, :3] * 255.0 / np.maximum(alpha, 1.0), alpha / supersample**2], axis=2)
    return np.asarray(np.minimum(straight, 255.0) + 0.5, np.uint8)
