"""An avatar: everything the studio needs of a VRM file of either generation, in the canonical skeleton and T-pose."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from engines.errors import AvatarError
from engines.expression import LookAt
from engines.glb import Glb, read_glb
from engines.skeleton import BONE_INDEX, Proportions
from engines.studio.constraints import Constraint, read_constraints
from engines.studio.credit import Credit, read_credit
from engines.studio.custom_expressions import CustomExpressions
from engines.studio.expression_file import read_file_expressions
from engines.studio.expression_traits import Traits
from engines.studio.invented_springs import invent_springs
from engines.studio.joints import Joints
from engines.studio.look_at_file import read_look_at
from engines.studio.material_file import read_materials
from engines.studio.materials import Material
from engines.studio.mesh import Draw, Mesh, read_mesh
from engines.studio.morph_targets import Morph, MorphTargets
from engines.studio.morphs import read_expressions
from engines.studio.rig import Rig, read_rig
from engines.studio.spring_file import read_springs
from engines.studio.springs import Springs
from engines.studio.terms import refusal
from engines.studio.textures import MAX_TEXTURE_PX, U8, read_textures

F32 = npt.NDArray[np.float32]
I32 = npt.NDArray[np.int32]

#: A morph's largest deltas, at least this part of its greatest, mark the feature that it moves.
_FEATURE_PART = 0.5
#: At 30 degrees of gaze the iris moves by this part of the distance between the eyes: clearly, and the lids
#: still show most of it (by eye on eight avatars).
_IRIS_SWING = 0.115
_SWING_GAZE_DEG = 30.0
#: The many ways in which free-form JSON can point nowhere.
_MISLED = (AttributeError, LookupError, TypeError, ValueError, ArithmeticError, RecursionError, MemoryError)
_LONGEST_MESSAGE = 400
#: Joints that put a vertex as near together as this agree; those of files in the T-pose do within 0.4 micrometres.
_SAME_PLACE_M = 1e-5


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, weakref_slot=True)
class Avatar:
    """A character's mesh, looks and expressions.  Compared by identity, so that it can key a cache.

    Args:
        name: the file's stem.
        positions: float32, (N, 3), metres, canonical axes (+X the character's left, +Z its front), T-pose.
        apart: float32, (N, 4, 3), where each of a vertex's joints alone would put it in the T-pose; None where that is
            where all put it, as in files that rest in the T-pose.
        normals: float32, (N, 3), unit length.
        uvs: float32, (N, 2), v = 0 at the top row.
        joints: what the vertices hang on: the canonical bones and what moves by itself.
        joint_ids: int32, (N, 4), index into `joints`.
        joint_weights: float32, (N, 4), largest first, sum 1.
        triangles: int32, (T, 3), vertex indices, in draw order.
        draws: runs of `triangles` with one material, in draw order.
        materials: as the file orders them.
        textures: uint8, (H, W, 4) each, sRGB, straight alpha.
        expressions: name -> sparse morph; see :mod:`engines.studio.morphs`.
        custom_expressions: the file's own names, of expressions and of morph targets (ARKit's 52 among them) -> morph.
        traits: what expressions do beside moving vertices, by our names for presets, else by the file's; the plain
            ones are left out.
        springs: what swings by itself; see :mod:`engines.studio.spring_simulation`.
        constraints: what turns with something else.
        look_at: whether eye bones or expressions follow the gaze.
        proportions: joints and face features for :mod:`engines.skeleton`.
        credit: authorship and licence.
    """

    name: str
    positions: F32
    apart: F32 | None
    normals: F32
    uvs: F32
    joints: Joints
    joint_ids: I32
    joint_weights: F32
    triangles: I32
    draws: tuple[Draw, ...]
    materials: tuple[Material, ...]
    textures: tuple[U8, ...]
    expressions: dict[str, Morph]
    custom_expressions: Mapping[str, Morph]
    traits: dict[str, Traits]
    springs: Springs
    constraints: tuple[Constraint, ...]
    look_at: LookAt
    proportions: Proportions
    credit: Credit


def load_avatar(
    path: str | Path,
    *,
    leave_out: Collection[str] = (),
    max_texture_px: int = MAX_TEXTURE_PX,
    i_have_the_rights: bool = False,
) -> Avatar:
    """Return the avatar in the VRM file, 0.x or 1.0, at `path`.

    Args:
        path: the `.vrm` file.
        leave_out: names of nodes or meshes that are not the character, such as Seed-san's robot arm.
        max_texture_px: larger textures are scaled down to this.
        i_have_the_rights: load it although its embedded terms forbid modification.

    Raises:
        AvatarError: its terms forbid modification, or the file is damaged, is no VRM humanoid, or shows nothing.
    """
    path = Path(path)
    glb = read_glb(path)
    try:
        forbidden = refusal(glb.json)
        if forbidden and not i_have_the_rights:
            what = f"{glb.name}: its terms forbid modification: {forbidden}"
            raise AvatarError(f"{what}; go on with --i-have-the-rights if you have them")
        with np.errstate(all="ignore"):  # numbers that lead nowhere are looked for where they would matter
            return _assemble(path.stem, glb, leave_out, max_texture_px)
    except AvatarError as error:
        raise AvatarError(_one_line(glb.name, str(error))) from error
    except _MISLED as error:
        what = f"its JSON does not fit together ({type(error).__name__}: {error})"
        raise AvatarError(f"{_one_line(glb.name, what)}; export it again") from error


def _one_line(name: str, message: str) -> str:
    """Return a message on one line that names the file; what files say of themselves can be long."""
    line = " ".join(message.split())
    line = line if line.startswith(name) else f"{name}: {line}"
    return line if len(line) <= _LONGEST_MESSAGE else f"{line[:_LONGEST_MESSAGE]}..."


def _assemble(name: str, glb: Glb, leave_out: Collection[str], max_texture_px: int) -> Avatar:
    rig = read_rig(glb)
    materials = read_materials(glb)
    mesh = read_mesh(glb, rig, materials, leave_out)
    found = read_file_expressions(glb)
    targets = MorphTargets(glb, mesh.pieces, mesh.positions)
    expressions = read_expressions(targets, found)
    look_at = read_look_at(glb.json, rig, expressions)
    return Avatar(
        name=name,
        positions=mesh.positions,
        apart=mesh.apart if _differs(mesh) else None,
        normals=mesh.normals,
        uvs=mesh.uvs,
        joints=rig.joints,
        joint_ids=mesh.joint_ids,
        joint_weights=mesh.joint_weights,
        triangles=mesh.triangles,
        draws=mesh.draws,
        materials=materials,
        textures=read_textures(glb, max_texture_px),
        expressions=expressions,
        custom_expressions=CustomExpressions(targets, found),
        traits={entry.stands_for: entry.traits for entry in reversed(found) if entry.traits != Traits()},
        springs=invent_springs(glb.json, rig, mesh) or read_springs(glb.json, rig),
        constraints=read_constraints(glb.json, rig),
        look_at=look_at,
        proportions=_measure(mesh, rig, expressions, look_at),
        credit=read_credit(glb.json),
    )


def _differs(mesh: Mesh) -> bool:
    away = np.abs(mesh.apart - mesh.positions[:, None]).max(axis=2)
    return bool((away[mesh.joint_weights > 0] > _SAME_PLACE_M).any())


def _measure(mesh: Mesh, rig: Rig, expressions: dict[str, Morph], look_at: LookAt) -> Proportions:
    joints = rig.bone_positions.astype(np.float32)
    of_head = rig.joints.bone[mesh.joint_ids[:, 0]] == BONE_INDEX["head"]
    head = joints[BONE_INDEX["head"]]
    head_top = float(mesh.positions[of_head, 1].max()) if of_head.any() else float(head[1]) + 0.2

    def feature(name: str, fallback: F32) -> F32:
        morph = expressions.get(name)
        if morph is None:
            return fallback
        size = np.linalg.norm(morph.deltas, axis=1)
        return np.asarray(mesh.positions[morph.vertices[size >= size.max() * _FEATURE_PART]].mean(axis=0), np.float32)

    # Without the morphs that mark them: on the head, where a drawn face has them.
    height = head_top - float(head[1])
    eye = np.array([0.16, 0.36, 0.35], np.float32) * height
    left_eye = feature("blink_left", head + eye)
    right_eye = feature("blink_right", head + eye * np.array([-1, 1, 1], np.float32))
    radius = max(float(left_eye[2] - joints[BONE_INDEX["left_eye"], 2]), 1e-3)
    swing = np.arcsin(np.clip(_IRIS_SWING * np.linalg.norm(left_eye - right_eye) / radius, 0.0, 0.5))
    return Proportions(
        joints=joints,
        left_eye=left_eye,
        right_eye=right_eye,
        mouth=feature("aa", head + np.array([0.0, 0.1, 0.38], np.float32) * height),
        head_top=head_top,
        eye_gain=0.0 if look_at.by_expression else float(np.degrees(swing)) / _SWING_GAZE_DEG,
    )
