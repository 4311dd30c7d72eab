"""A character made of balls, for tests of everything that draws one.

Its pictures are painted by the vertices' colours, which nothing but its sheet knows: what is drawn without a view is
grey.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from engines import controls
from engines.character import Character, CharacterCard
from engines.controls import ControlVector
from engines.drawing import DrawnFigure, FigureDrawer
from engines.expression import LookAt
from engines.figure import Figure, Morph, Region
from engines.finishing import finished
from engines.hanging import Colliders, Constraints, HangingJoints, Springs
from engines.key_view import KeyView
from engines.posing import posed_figure
from engines.raster import BOTH_SIDES, NO_BACK
from engines.sheet import SHEET_VIEWS, Sheet
from engines.skeleton import BONE_INDEX, BONES, PARENT
from tests.fakes.figure import figure as proportions

F32 = npt.NDArray[np.float32]
I32 = npt.NDArray[np.int32]
U8 = npt.NDArray[np.uint8]

#: Joint of the pigtail: it hangs on the head and has no spring.
PIGTAIL = len(BONES)
#: What is drawn where no view shows the surface, and the ink.
GREY, INK = (128, 128, 128), (40, 20, 30)
LID, IRIS = (235, 190, 165), (30, 60, 160)
#: The eyes and the mouth: where the head's surface points there, and how far around.
FEATURES = {
    Region.LEFT_EYE: ((0.38, 0.0, 0.925), 0.22),
    Region.RIGHT_EYE: ((-0.38, 0.0, 0.925), 0.22),
    Region.MOUTH: ((0.0, -0.42, 0.91), 0.2),
}
#: How far the mouth's middle falls when it opens, metres.
JAW_M = 0.015
#: Sheet pictures are half as large as those of characters that ship.
_SMALLER = 2
_VIEWS = ("front", "left", "right", "up", "from_+180", "face", "face_shut_aa", "face_half_shut_smile")
#: The views of the fake's sheet: a few of those that every character has.
VIEWS: tuple[KeyView, ...] = tuple(
    replace(view, size_px=view.size_px // _SMALLER) for view in SHEET_VIEWS if view.name in _VIEWS
)
#: Pixels per side of a portrait whose pixels are as large as those of the portraits in the sheet.
PORTRAIT_PX = 256


@dataclass(frozen=True, slots=True, kw_only=True)
class Ball:
    """A ball on one joint: centre and radius in metres, RGB, region, and the width of its ink in metres."""

    joint: int
    centre: tuple[float, float, float]
    radius: float
    colour: tuple[int, int, int]
    region: Region
    ink_m: float = 0.0


HEAD, CHEST, LEFT_HAND, TAIL = BALLS = (
    Ball(joint=BONE_INDEX["head"], centre=(0.0, 1.47, 0.0), radius=0.13, colour=(220, 170, 140), region=Region.HEAD,
         ink_m=0.003),
    Ball(joint=BONE_INDEX["chest"], centre=(0.0, 1.10, 0.0), radius=0.16, colour=(60, 90, 190), region=Region.TORSO,
         ink_m=0.003),
    Ball(joint=BONE_INDEX["left_hand"], centre=(0.58, 1.28, 0.0), radius=0.06, colour=(50, 190, 90),
         region=Region.LEFT_HAND),
    Ball(joint=PIGTAIL, centre=(-0.18, 1.48, -0.03), radius=0.05, colour=(190, 60, 120), region=Region.HEAD),
)  # fmt: skip
#: A card before the chest, with a hole in its middle.
CARD = Ball(
    joint=BONE_INDEX["chest"], centre=(0.0, 1.16, 0.17), radius=0.05, colour=(240, 220, 60), region=Region.TORSO
)


def ball_figure(steps: int = 24) -> Figure:
    """Return the figure: balls of 4 `steps`² triangles each, and the card."""
    meshes = [_ball(ball, steps) for ball in BALLS] + [_card()]
    starts = np.cumsum([0, *(len(places) for places, *_ in meshes)])
    pieces = (*BALLS, CARD)
    places = np.concatenate([mesh[0] for mesh in meshes]).astype(np.float32)
    normals = np.concatenate([mesh[1] for mesh in meshes]).astype(np.float32)
    triangles = np.concatenate([mesh[2] + start for mesh, start in zip(meshes, starts, strict=False)]).astype(np.int32)
    piece = np.repeat(np.arange(len(pieces)), [len(mesh[2]) for mesh in meshes])
    vertex_piece = np.repeat(np.arange(len(pieces)), [len(mesh[0]) for mesh in meshes])
    joint_ids = np.zeros((len(places), 4), np.int32)
    joint_ids[:, 0] = np.array([one.joint for one in pieces])[vertex_piece]
    region = np.array([one.region for one in pieces], np.uint8)[piece]
    middles = normals[triangles].mean(axis=1)
    of_head = piece == 0
    region[of_head & (middles[:, 2] > 0.5)] = Region.FACE
    for feature, (direction, reach) in FEATURES.items():
        region[of_head & (np.linalg.norm(middles - np.array(direction), axis=1) < reach)] = feature
    mouth = np.unique(triangles[region == Region.MOUTH])
    middle, reach = FEATURES[Region.MOUTH]
    fall = np.clip(1 - np.linalg.norm(normals[mouth] - np.array(middle), axis=1) / (1.5 * reach), 0, 1)
    mask = np.ones((8, 8), np.uint8)
    mask[3:5, 3:5] = 0
    return Figure(
        places=places[:, None],
        normals=normals,
        joint_ids=joint_ids,
        joint_weights=np.tile(np.array([1, 0, 0, 0], np.float32), (len(places), 1)),
        joints=_joints(),
        triangles=triangles,
        order=piece.astype(np.int32),
        cull=np.where(piece == len(BALLS), BOTH_SIDES, NO_BACK).astype(np.uint8),
        region=region,
        mask=np.where(piece == len(BALLS), 0, -1).astype(np.int32),
        uvs=np.concatenate([mesh[3] for mesh in meshes]).astype(np.float32),
        masks=(mask,),
        colours=np.tile(np.array(GREY, np.uint8), (len(places), 1)),
        ink=np.tile(np.array(INK, np.uint8), (len(places), 1)),
        ink_width_m=np.array([one.ink_m for one in pieces], np.float32)[vertex_piece],
        morphs={"aa": Morph(vertices=mouth.astype(np.int32), deltas=_down(fall * JAW_M))},
        look_at=LookAt(),
    )


def painted(figure: Figure, vector: ControlVector) -> F32:
    """Return the vertices' true colours, RGB 0..255, float32 (N, 3): waves over the balls; irises behind lids."""
    bases = {one.joint: one.colour for one in BALLS}
    colours = np.array([bases[int(joint)] for joint in figure.joint_ids[:, 0]], np.float32)
    waves = np.stack([np.sin(9 * figure.normals[:, 0]), np.cos(7 * figure.normals[:, 1]), figure.normals[:, 2]], axis=1)
    colours = colours + 25 * waves.astype(np.float32)
    for region, side in ((Region.LEFT_EYE, "left"), (Region.RIGHT_EYE, "right")):
        shut = float(vector[controls.INDEX[f"blink_{side}"]])
        inside = figure.region == region
        eye = np.setdiff1d(figure.triangles[inside], figure.triangles[~inside])  # the rim is skin
        colours[eye] = np.array(LID, np.float32) * shut + np.array(IRIS, np.float32) * (1 - shut)
    colours[-4:] = CARD.colour
    return np.asarray(np.clip(colours, 0, 255), np.float32)


def truth(
    figure: Figure, vector: ControlVector, camera: F32, size: int, turns: F32 | None = None
) -> tuple[U8, DrawnFigure]:
    """Return the true picture of a pose, uint8 (size, size, 4), straight-alpha RGBA, and what it shows."""
    drawn = FigureDrawer(figure).draw(posed_figure(figure, proportions(), vector, turns), camera, size)
    row, column = np.nonzero(drawn.triangle >= 0)
    corners = figure.triangles[drawn.triangle[row, column]]
    first, second, third = (drawn.xy[corners[:, k]].astype(np.float64) for k in range(3))
    to_second, to_third = second - first, third - first
    here = np.stack([column, row], axis=1) - first
    area = to_second[:, 0] * to_third[:, 1] - to_third[:, 0] * to_second[:, 1]
    b = (here[:, 0] * to_third[:, 1] - to_third[:, 0] * here[:, 1]) / area
    c = (to_second[:, 0] * here[:, 1] - here[:, 0] * to_second[:, 1]) / area
    shares = np.stack([1 - b - c, b, c], axis=1)
    colours = np.zeros((size, size, 3), np.uint8)
    mixed = np.einsum("pk,pkc->pc", shares, painted(figure, vector)[corners])
    colours[row, column] = np.clip(np.round(mixed), 0, 255)
    picture, _ = finished(drawn.triangle, drawn.ink, colours, figure.triangles, figure.ink)
    return picture, drawn


def ball_sheet(figure: Figure, views: Sequence[KeyView] = VIEWS) -> Sheet:
    """Return true pictures of views."""
    pictures = [truth(figure, view.vector(), view.matrix(proportions()), view.size_px)[0] for view in views]
    return Sheet(views=tuple(views), pictures=tuple(pictures))


def ball_character(name: str = "balls", w_dim: int = 64) -> Character:
    """Return the character; its style is a ramp."""
    figure = ball_figure()
    return Character(
        card=CharacterCard(name=name, title="Balls", credit="nobody", licence="CC0"),
        proportions=proportions(),
        figure=figure,
        sheet=ball_sheet(figure),
        w=np.linspace(-1, 1, w_dim, dtype=np.float32),
    )


def _ball(ball: Ball, steps: int) -> tuple[F32, F32, I32, F32]:
    """Return places, normals, triangles and uvs."""
    across, down = np.meshgrid(np.linspace(0, 2 * np.pi, 2 * steps + 1), np.linspace(0, np.pi, steps + 1))
    normals = np.stack([np.sin(down) * np.sin(across), np.cos(down), np.sin(down) * np.cos(across)], axis=-1)
    normals = normals.reshape(-1, 3).astype(np.float32)
    row = 2 * steps + 1
    first = (np.arange(steps)[:, None] * row + np.arange(2 * steps)).ravel()
    quads = np.stack([first, first + row, first + row + 1, first + 1], axis=1)
    triangles = np.concatenate([quads[:, [0, 1, 2]], quads[:, [0, 2, 3]]]).astype(np.int32)
    places = (np.array(ball.centre) + ball.radius * normals).astype(np.float32)
    return places, normals, triangles, np.zeros((len(places), 2), np.float32)


def _card() -> tuple[F32, F32, I32, F32]:
    corners = np.array([[-1, -1, 0], [1, -1, 0], [1, 1, 0], [-1, 1, 0]], np.float32)
    places = (np.array(CARD.centre) + CARD.radius * corners).astype(np.float32)
    uvs = np.array([[0, 1], [1, 1], [1, 0], [0, 0]], np.float32)
    normals = np.tile(np.array([0, 0, 1], np.float32), (4, 1))
    return places, normals, np.array([[0, 1, 2], [0, 2, 3]], np.int32), uvs


def _down(metres: npt.NDArray[np.float64]) -> F32:
    deltas = np.zeros((len(metres), 3), np.float32)
    deltas[:, 1] = -metres
    return deltas


def _joints() -> HangingJoints:
    """Return the bones and the pigtail's joint, which nothing moves."""
    i32, f64 = np.int32, np.float64
    count, own = len(BONES) + 1, np.arange(len(BONES))
    return HangingJoints(
        parents=np.array([*PARENT, BONE_INDEX["head"]], i32),
        bones=np.array([*own, BONE_INDEX["head"]], i32),
        places=np.concatenate([proportions().joints.astype(f64), [[-0.13, 1.50, -0.03]]]),
        spring=np.full(count, -1, i32),
        constraint=np.full(count, -1, i32),
        order=np.zeros(0, i32),
        levels=np.zeros(1, i32),
        springs=Springs(
            np.zeros((0, 3), f64), np.zeros(0, f64), np.zeros((0, 3), f64), np.zeros((0, 3), f64), np.zeros(0, f64),
            np.zeros(0, i32), np.zeros(0, f64), np.zeros((0, 0), i32), np.zeros((0, 0), f64),
        ),
        colliders=Colliders(np.zeros(0, i32), np.zeros(0, i32), np.zeros((0, 3), f64), np.zeros((0, 3), f64)),
        constraints=Constraints(
            np.zeros(0, i32), np.zeros(0, i32), np.zeros(0, i32), np.zeros((0, 3), f64), np.zeros(0, f64),
            np.zeros((0, 3), f64), np.zeros((0, 3, 3), f64), np.zeros((0, 3, 3), f64), np.zeros((0, 3, 3), f64),
        ),
    )  # fmt: skip
