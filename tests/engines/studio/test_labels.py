"""Labels, read back from their stored form, against the pictures and the posed meshes that they describe.

The tolerances were measured on the synthetic avatar and on Vivi, Gene and Vita; each says what it leaves room for.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt
import pytest

from engines import controls
from engines.framing import FRAMINGS, Framing, camera_of
from engines.skeleton import BONE_INDEX
from engines.studio.avatar import Avatar
from engines.studio.interpolation import carried
from engines.studio.labels import FACE_LABEL_PX, LABEL_PX, LabelledPicture, drawn, labelled
from engines.studio.palette import palette_of
from engines.studio.part_names import Part
from engines.studio.parts import parts_of
from engines.studio.posing import Posed, posed
from engines.studio.renderer import Renderer
from engines.studio.sample_files import decoded, encoded
from engines.studio.sequences import sample_sequence
from engines.studio.spring_simulation import SpringSimulation
from engines.studio.truth import ViewTruth
from engines.studio.view_sets import VIEW_SETS
from engines.studio.view_sheet import draw_views

F32 = npt.NDArray[np.float32]
U8 = npt.NDArray[np.uint8]
Bools = npt.NDArray[np.bool_]

SIZE = 512
BACKGROUND = (219, 225, 237)
AVATARS = ("boxes", "vivi", "gene", "vita")


@dataclass(frozen=True, slots=True, kw_only=True)
class Shots:
    """Frames of a moving avatar with their labels as a data set gives them back."""

    avatar: Avatar
    poses: list[Posed]
    samples: list[LabelledPicture]


@pytest.fixture(scope="module", params=[(name, framing) for name in AVATARS for framing in FRAMINGS], ids="-".join)
def shots(
    request: pytest.FixtureRequest, renderer: Renderer, boxes: Avatar, real_avatar: Callable[[str], Avatar]
) -> Shots:
    """Draw three frames each of two motions and store and read back their labels."""
    name, framing = request.param
    avatar = boxes if name == "boxes" else real_avatar(name)
    parts, palette = parts_of(avatar), palette_of(avatar)
    poses: list[Posed] = []
    samples: list[LabelledPicture] = []
    for seed in (2, 4):
        motion = sample_sequence(np.random.default_rng(seed), 4, 30.0, avatar.proportions, framing)
        springs = SpringSimulation(avatar)
        springs.reset(motion[0])
        moving = [posed(avatar, vector, springs.step(vector, 1 / 30)) for vector in motion]
        pictures = [drawn(renderer, avatar, pose, framing, SIZE) for pose in moving]
        for frame in range(3):
            one = labelled(
                avatar,
                parts.triangles,
                palette,
                moving[frame],
                motion[frame],
                pictures[frame],
                framing=framing,
                following=(moving[frame + 1], pictures[frame + 1].whole),
                sequence=seed,
                frame=frame,
            )
            samples.append(decoded(encoded(one)))
        poses += moving[:3]
    return Shots(avatar=avatar, poses=poses, samples=samples)


def over_background(picture: U8) -> F32:
    """Return straight-alpha RGBA over a plain colour, float32 (H, W, 3), 0-255."""
    alpha = picture[..., 3:].astype(np.float32) / 255
    return np.asarray(picture[..., :3] * alpha + np.array(BACKGROUND) * (1 - alpha), np.float32)


def cells(size: int) -> F32:
    """Return the centres of a label's cells, float32 (size, size, 2), 0..1."""
    axis = (np.arange(size, dtype=np.float32) + 0.5) / size
    return np.stack(np.meshgrid(axis, axis), axis=-1)


def looked_up(picture: F32, places: F32) -> F32:
    """Return a picture's colours at places (H, W, 2) in 0..1."""
    pixels = (places * len(picture) - 0.5).astype(np.float32)
    return np.asarray(cv2.remap(picture, pixels, None, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE), np.float32)


def rounding(avatar: Avatar, pose: Posed, triangle: npt.NDArray[np.int32], camera: F32) -> F32:
    """Return how far storing weights in 255ths may move a point of each triangle, in the picture's 0..1."""
    corners = pose.positions[avatar.triangles[triangle]][..., :2] @ camera[:, :2].T
    edges = np.linalg.norm(corners[:, 1:] - corners[:, :1], axis=2)
    return np.asarray(edges.sum(axis=1) / 2 / 255, np.float32)


def smooth(picture: F32, size: int) -> Bools:
    """Return which cells of a picture, (size, size), are away from edges, lines and silhouettes."""
    small = cv2.resize(picture, (size, size), interpolation=cv2.INTER_AREA)
    ring = np.ones((5, 5), np.uint8)
    return np.asarray((cv2.dilate(small, ring) - cv2.erode(small, ring)).max(axis=-1) < 24)


def test_surface_lies_under_its_cell(shots: Shots) -> None:
    """The stored triangle and weights, carried to the posed mesh, fall on the cell's centre and have its depth."""
    for pose, sample in zip(shots.poses, shots.samples, strict=True):
        for size, triangle, weights, camera in (
            (LABEL_PX, sample.triangle, sample.barycentric, sample.camera),
            (FACE_LABEL_PX, sample.face_triangle, sample.face_barycentric, sample.face_camera),
        ):
            shown = triangle >= 0
            points = carried(pose.positions, shots.avatar.triangles, triangle[shown], weights[shown])
            places = points[:, :2] @ camera[:, :2].T + camera[:, 2]
            away = np.linalg.norm(places - cells(size)[shown], axis=1)
            assert np.quantile(away - rounding(shots.avatar, pose, triangle[shown], camera), 0.999) * size < 0.05
            if size == LABEL_PX:
                assert np.quantile(np.abs(points[:, 2] - sample.depth[shown]), 0.99) < 0.002
        assert np.isneginf(sample.depth[sample.triangle < 0]).all()


def test_parts_cover_exactly_the_pixels(shots: Shots) -> None:
    """Where the picture is opaque there is a part, where it is empty there is none."""
    for sample in shots.samples:
        alpha = cv2.resize(sample.picture[..., 3], (LABEL_PX, LABEL_PX), interpolation=cv2.INTER_AREA)
        named = sample.parts != Part.NOTHING
        # Outlines stand outside of the surface, and blended wisps of hair count where they cover half.
        assert named[alpha == 255].mean() > (0.995 if sample.framing == "portrait" else 0.985)
        assert named[alpha == 0].mean() < 0.002
        assert np.array_equal(named, sample.triangle >= 0)


def test_visible_joints_lie_on_their_limbs(shots: Shots) -> None:
    """At a visible joint's pixel the picture is opaque and shows a part that such a joint moves."""
    body = {Part.CLOTHES, Part.BODY_SKIN, Part.ACCESSORIES, Part.HAIR}
    head = set(Part) - {Part.NOTHING, Part.HANDS}
    counted = 0
    for sample in shots.samples:
        for bone, index in BONE_INDEX.items():
            if not sample.joints_visible[index]:
                continue
            x, y = np.floor(sample.joints[index, :2] * LABEL_PX).astype(int)
            part = Part(int(sample.parts[y, x]))
            if "eye" in bone or bone == "head":
                expected = head
            elif "hand" in bone or bone.endswith(("proximal", "intermediate", "distal", "lower_arm")):
                expected = {Part.HANDS, *body}
            else:
                expected = body | {Part.FACE_SKIN, Part.HANDS}
            assert part in expected, (bone, part)
            counted += 1
    assert counted > 10 * len(shots.samples)


def test_joints_stand_behind_the_surface_that_shows_them(shots: Shots) -> None:
    """A visible joint is inside its limb: behind the surface, by no more than a limb's thickness."""
    for sample in shots.samples:
        shown = sample.joints_visible
        x, y = np.floor(sample.joints[shown, :2] * LABEL_PX).astype(int).T
        behind = sample.depth[y, x] - sample.joints[shown, 2]
        assert behind.max() < 0.17
        assert np.quantile(behind, 0.05) > -0.03  # joints of thin fingers and coarse wrists stand out a little


def test_flow_warps_the_next_frame_onto_this_one(shots: Shots) -> None:
    """Looking where the flow points, the next frame has this frame's colours, but for the turn of shading."""
    compared = 0
    for now, after in zip(shots.samples, shots.samples[1:], strict=False):
        if now.sequence != after.sequence:
            continue
        assert now.flow is not None
        assert now.flow_visible is not None
        here = cv2.resize(over_background(now.picture), (LABEL_PX, LABEL_PX), interpolation=cv2.INTER_AREA)
        there = looked_up(over_background(after.picture), cells(LABEL_PX) + now.flow)
        error = np.abs(here - there).max(axis=-1)
        calm = now.flow_visible & smooth(over_background(now.picture), LABEL_PX)
        assert now.flow_visible[now.parts > 0].mean() > 0.8
        assert np.median(error[now.flow_visible]) < 4
        assert (error[calm] < 16).mean() > 0.97
        compared += 1
    assert compared == 4


def test_flow_is_where_the_surface_goes(shots: Shots) -> None:
    """The flow agrees with the posed mesh of the next frame to a fifth of a pixel of 512, but for rounding."""
    for index, now in enumerate(shots.samples[:-1]):
        if now.sequence != shots.samples[index + 1].sequence:
            continue
        assert now.flow is not None
        shown = now.triangle >= 0
        points = carried(
            shots.poses[index + 1].positions, shots.avatar.triangles, now.triangle[shown], now.barycentric[shown]
        )
        places = points[:, :2] @ now.camera[:, :2].T + now.camera[:, 2]
        away = np.linalg.norm(cells(LABEL_PX)[shown] + now.flow[shown] - places, axis=1)
        slack = rounding(shots.avatar, shots.poses[index + 1], now.triangle[shown], now.camera)
        assert np.quantile(away - slack, 0.999) * SIZE < 0.2


#: How many portraits the characters' sheet begins with, and where its faces begin.
PORTRAITS = sum(view.camera == "portrait" for view in VIEW_SETS["character"])
FACES = sum(view.camera != "face" for view in VIEW_SETS["character"])


@pytest.fixture(scope="module")
def truth(shots: Shots, renderer: Renderer) -> tuple[ViewTruth, list[F32]]:
    """Return the truth and the pictures of the avatar's key views, over the plain colour."""
    views = VIEW_SETS["character"]
    sheet = draw_views(renderer, shots.avatar, views)
    return ViewTruth.of(renderer, shots.avatar, views), [over_background(one) for one in sheet.pictures]


def test_every_key_view_warps_onto_the_picture(shots: Shots, truth: tuple[ViewTruth, list[F32]]) -> None:
    """Where a pose view shows a cell's surface, it has the colour that the picture has there."""
    known, pictures = truth
    errors = []
    for sample in shots.samples:
        places, seen = known.flow(sample.triangle, sample.barycentric, slice(0, PORTRAITS))
        here = cv2.resize(over_background(sample.picture), (LABEL_PX, LABEL_PX), interpolation=cv2.INTER_AREA)
        calm = smooth(over_background(sample.picture), LABEL_PX)
        for view in range(PORTRAITS):
            there = looked_up(pictures[view], places[view].transpose(1, 2, 0))
            ok = seen[view] & calm & smooth_at(pictures[view], places[view])
            errors.append(np.abs(here - there).max(axis=-1)[ok])
    error = np.concatenate(errors)
    assert len(error) > 1000
    assert np.median(error) < 6
    assert (error < 32).mean() > 0.9  # the rest is lit in one and in shade in the other


def test_every_face_view_warps_onto_the_face(shots: Shots, truth: tuple[ViewTruth, list[F32]]) -> None:
    """The same in the head-aligned face frame, for all expressions."""
    known, pictures = truth
    errors = []
    for sample in shots.samples:
        places, seen = known.flow(sample.face_triangle, sample.face_barycentric, slice(FACES, None))
        picture = over_background(sample.picture)
        to_picture = _between(sample.face_camera, sample.camera)
        here = looked_up(picture, cells(FACE_LABEL_PX) @ to_picture[:, :2].T + to_picture[:, 2])
        inside = np.abs(cells(FACE_LABEL_PX) @ to_picture[:, :2].T + to_picture[:, 2] - 0.5).max(axis=-1) < 0.49
        calm = smooth(here, FACE_LABEL_PX) & inside
        for view in range(places.shape[0]):
            there = looked_up(pictures[FACES + view], places[view].transpose(1, 2, 0))
            ok = seen[view] & calm & smooth_at(pictures[FACES + view], places[view])
            errors.append(np.abs(here - there).max(axis=-1)[ok])
    error = np.concatenate(errors)
    assert len(error) > 1000
    assert np.median(error) < 8
    assert (error < 32).mean() > 0.9


def smooth_at(picture: F32, places: F32) -> Bools:
    """Return which places (2, H, W) of a picture are away from its edges and lines."""
    calm = smooth(picture, LABEL_PX).astype(np.float32)
    return looked_up(calm, places.transpose(1, 2, 0)) > 0.99


def _between(source: F32, target: F32) -> F32:
    """Return the map from one camera's picture to another's, worked out the long way."""
    full = [np.vstack([camera, [0, 0, 1]]).astype(np.float64) for camera in (source, target)]
    return np.asarray((full[1] @ np.linalg.inv(full[0]))[:2], np.float32)


def test_hidden_joints_are_told_from_visible_ones(renderer: Renderer, boxes: Avatar) -> None:
    """What is behind the body, behind the head or outside of the picture is not visible."""
    parts, palette = parts_of(boxes), palette_of(boxes)

    def visible(framing: Framing, yaw: float) -> set[str]:
        vector = controls.controls({"root_yaw": yaw})
        pose = posed(boxes, vector)
        drawing = drawn(renderer, boxes, pose, framing, 256)
        sample = labelled(boxes, parts.triangles, palette, pose, vector, drawing, framing=framing)
        return {bone for bone, index in BONE_INDEX.items() if sample.joints_visible[index]}

    eyes, hands = {"left_eye", "right_eye"}, {"left_hand", "right_hand"}
    assert eyes | hands | {"head", "chest"} <= visible("full", 0.0)
    assert visible("full", 90.0) & hands == {"right_hand"}  # it looks to its left: the viewer is at its right
    assert visible("full", -90.0) & hands == {"left_hand"}
    assert visible("full", 180.0) & (eyes | hands) == hands
    assert not visible("portrait", 0.0) & hands  # they hang below the picture


def test_cameras_are_those_of_the_framing(shots: Shots) -> None:
    """The stored camera is the canonical one, to the bit."""
    for sample in shots.samples:
        assert np.array_equal(sample.camera, camera_of(sample.framing, shots.avatar.proportions))
