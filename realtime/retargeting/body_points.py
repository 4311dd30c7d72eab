"""The tracker's body points in the space of the controls, with what is known about how far to believe them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from realtime.observation import F32, PersonObservation

F64 = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]

#: What the body network calls visible.
VISIBLE = 0.5
#: Points over whose extent pixels per metre are measured: shoulders, hips, knees, ankles.
_SCALE_POINTS = (11, 12, 23, 24, 25, 26, 27, 28)


@dataclass(frozen=True, slots=True, kw_only=True)
class BodyPoints:
    """One body, in MediaPipe's order of 33 points; +X picture right, +Y up, +Z to the camera.

    Args:
        picture: float64 (33, 3), pixels; depth in the network's own, doubtful scale.
        world: float64 (33, 3), metres from between the hips.
        visibility: float64 (33,), 0..1, as the network gives it.
        visible: bool (33,): visibility above a half.
        normalised: float64 (33, 2), 0..1 inside the picture, y down.
    """

    picture: F64
    world: F64
    visibility: F64
    visible: Bools
    normalised: F64

    @classmethod
    def of(cls, person: PersonObservation) -> BodyPoints | None:
        """Return a person's body, or None where none was found."""
        if person.pose is None or person.pose_world is None or person.pose_visibility is None:
            return None
        return cls(
            picture=picture_points(person.pose, person.image_size),
            world=person.pose_world.astype(np.float64) * [1, -1, -1],
            visibility=person.pose_visibility.astype(np.float64),
            visible=person.pose_visibility > VISIBLE,
            normalised=person.pose[:, :2].astype(np.float64),
        )

    def seen(self, point: int, margin: float = 0.0) -> bool:
        """Return whether a point is visible and at most `margin` picture sizes outside the picture."""
        x, y = self.normalised[point]
        return bool(self.visible[point] and -margin <= x <= 1 + margin and -margin <= y <= 1 + margin)

    def direction(self, start: int, end: int, unlean: F64 | None = None) -> F64:
        """Return a limb's vector, (3,): length and depth from the world points, direction from the picture.

        Args:
            start: the point nearer to the trunk.
            end: the point further out.
            unlean: float64 (3, 3), a rotation that takes a known bias out of the world points.
        """
        vector = self.world[end] - self.world[start]
        if unlean is not None:
            vector = unlean @ vector
        seen = self.picture[end, :2] - self.picture[start, :2]
        length = float(np.linalg.norm(seen))
        if length > 1e-6:
            vector[:2] = seen / length * np.linalg.norm(vector[:2])
        return np.asarray(vector, np.float64)

    def px_per_metre(self) -> float:
        """Return the body's scale in the picture: the ratio of the spreads of trunk and legs."""
        points = list(_SCALE_POINTS)
        seen, world = self.picture[points, :2], self.world[points, :2]
        spread = np.linalg.norm(world - world.mean(0))
        return float(np.linalg.norm(seen - seen.mean(0)) / max(float(spread), 1e-6))


def picture_points(points: F32, image_size: tuple[int, int]) -> F64:
    """Return normalised points as pixels with y up and z towards the camera, (N, 3)."""
    width, height = image_size
    return np.asarray(points.astype(np.float64) * [width, -height, -width], np.float64)
