"""A character's sheet: the key views that its pictures are drawn from, kept as WebP pictures and a description."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image

from engines import controls
from engines.errors import ViewsError
from engines.key_view import KeyView
from engines.skeleton import rotation_from_vector, vector_from_rotation

U8 = npt.NDArray[np.uint8]

_DESCRIPTION = "views.json"
#: WebP quality 0..100: at 90 the loss is below the renderer's own dithering of edges to the eye.
QUALITY = 90


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Sheet:
    """Key views and their pictures.

    Args:
        views: what the pictures show.
        pictures: uint8, (size_px, size_px, 4) each, straight-alpha RGBA.
    """

    views: tuple[KeyView, ...]
    pictures: tuple[U8, ...]

    def save(self, folder: Path, quality: int = QUALITY, effort: int = 4) -> int:
        """Write one WebP picture per view and the description; return the number of bytes.

        Args:
            folder: made if it is not there.
            quality: 0..100; 100 is lossless.
            effort: WebP's method, 0 (fast) to 6 (small).
        """
        folder.mkdir(parents=True, exist_ok=True)
        for view, picture in zip(self.views, self.pictures, strict=True):
            partial = folder / f"{view.name}.partial"
            image = Image.fromarray(picture)
            image.save(partial, "WEBP", lossless=quality == 100, quality=quality, method=effort)
            partial.replace(folder / f"{view.name}.webp")
        text = json.dumps({"spec_hash": controls.spec_hash(), "views": [_plain(view) for view in self.views]}, indent=1)
        partial = folder / f"{_DESCRIPTION}.partial"
        partial.write_text(text + "\n", encoding="utf-8")
        partial.replace(folder / _DESCRIPTION)
        return sum(path.stat().st_size for path in folder.iterdir())

    @classmethod
    def load(cls, folder: Path) -> Sheet:
        """Read a folder that :meth:`save` wrote.

        Raises:
            ViewsError: something is missing, damaged or made for another control spec.
        """
        try:
            document = json.loads((folder / _DESCRIPTION).read_text(encoding="utf-8"))
            if document["spec_hash"] != controls.spec_hash():
                raise ViewsError(
                    f"{folder.name}: made for control spec {document['spec_hash']}, this is {controls.spec_hash()}; "
                    "render the sheet again"
                )
            views = tuple(_view(view) for view in document["views"])
            pictures = [_picture(folder, view) for view in views]
        except (OSError, KeyError, TypeError, ValueError, AttributeError, SyntaxError) as error:
            raise ViewsError(f"{folder.name}: cannot be read as a sheet ({error}); render it again") from error
        return cls(views=views, pictures=tuple(pictures))


def _view(values: dict[str, Any]) -> KeyView:
    """Return a view from JSON.

    Raises:
        KeyError: it names a control that there is not.
        ValueError: its name is no file's.
    """
    view = KeyView(**values)
    if not view.name.replace("_", "").replace("-", "").replace("+", "").isalnum():
        raise ValueError(f"a view is called {view.name!r}")
    view.vector()
    return view


def _picture(folder: Path, view: KeyView) -> U8:
    """Return a view's picture.

    Raises:
        ValueError: it has not the view's size.
    """
    with Image.open(folder / f"{view.name}.webp") as image:
        if image.size != (view.size_px, view.size_px):
            width, height = image.size
            raise ValueError(f"{view.name}.webp: got {width} x {height}, expected {view.size_px} x {view.size_px}")
        return np.array(image.convert("RGBA"), np.uint8)


def _plain(view: KeyView) -> dict[str, object]:
    """Return the view as JSON takes it."""
    return asdict(view) | {"controls": dict(view.controls)}


def premultiplied(image: U8) -> U8:
    """Return straight-alpha RGBA as premultiplied RGBA, uint8, (..., 4)."""
    alpha = image[..., 3:].astype(np.uint16)
    colour = (image[..., :3].astype(np.uint16) * alpha + 127) // 255
    return np.asarray(np.concatenate([colour, alpha], axis=-1), np.uint8)


#: Portrait views show 1.25 times the picture's width, at its 512 pixels per width: what a lean or a turn brings in
#: from outside the frame has to come from somewhere.
_WIDER, _WIDER_PX = 1.25, 640
#: Face views show the face frame a little larger than it stands in a 512 pixel portrait.
_FACE_PX = 256


def _arms(left: tuple[float, float, float, float], right: tuple[float, float, float, float]) -> dict[str, float]:
    """Return arm controls from (lift, turn, elbow, forearm twist) per side, all in degrees.

    Lift is the angle above the T-pose's horizontal, turn rotates the upper arm about its own axis (-90 makes
    the elbow bend upwards instead of forwards).
    """
    values: dict[str, float] = {}
    for side, (lift, turn, elbow, twist) in (("left", left), ("right", right)):
        matrix = rotation_from_vector((0, 0, lift)) @ rotation_from_vector((turn, 0, 0))
        vector = vector_from_rotation(matrix)
        for axis, angle in zip("xyz", vector, strict=True):
            values[f"{side}_upper_arm_{axis}"] = float(angle)
        values[f"{side}_elbow"] = elbow
        values[f"{side}_forearm_twist"] = twist
    return values


def _both(lift: float, turn: float, elbow: float, twist: float, curl: float | None = None) -> dict[str, float]:
    """Return the same arm on both sides, and its fingers' curl."""
    values = _arms((lift, turn, elbow, twist), (lift, turn, elbow, twist))
    return values if curl is None else values | dict.fromkeys(_CURLS, curl)


def _pair(name: str, value: float) -> dict[str, float]:
    return {f"{name}_left": value, f"{name}_right": value}


_CURLS = tuple(name for name in controls.NAMES if name.endswith("_curl"))
#: Head, torso, arms and hands move independently and choose their views independently, so that each view can show
#: one pose of each.
_PORTRAIT: dict[str, dict[str, float]] = {
    "front": _both(-62, 0, 6, 0),
    "left": {"head_yaw": 42.0} | _both(-48, -90, 118, 0, 0.05),
    "right": {"head_yaw": -42.0} | _both(-12, 0, 5, 0, 0.1),
    "down": {"head_pitch": 24.0} | _both(-45, 75, 12, 0, 0.15),
    "up": {"head_pitch": -24.0, "torso_yaw": 28.0} | _both(-52, -90, 60, 0, 0.6),
    "turned": {"torso_yaw": -28.0} | _both(-45, -90, 110, -100, 0.1),
    "far_left": {"head_yaw": 66.0} | _both(-48, -90, 118, -50, 0.1),
    "far_right": {"head_yaw": -66.0} | _both(-48, -90, 118, 0, 1.0),
    "palms": {"head_pitch": 45.0} | _both(-48, -90, 118, 0, 0.0),
    "backs": {"head_pitch": -42.0} | _both(-30, -90, 110, -100, 0.35),
    "forward": {"torso_pitch": 25.0} | _both(-60, -40, 100, 60, 0.2),
}
#: The whole figure: legs, and what only a turn shows.
_FULL: dict[str, dict[str, float]] = {
    "stride_left": {"left_upper_leg_x": -45.0, "left_knee": 30.0, "right_upper_leg_x": 25.0, "right_knee": 20.0},
    "stride_right": {"right_upper_leg_x": -45.0, "right_knee": 30.0, "left_upper_leg_x": 25.0, "left_knee": 20.0},
    "legs_apart": {"left_upper_leg_z": 35.0, "right_upper_leg_z": 35.0, "left_knee": 60.0, "right_knee": 60.0},
    **{f"from_{angle:+d}": {"root_yaw": float(angle), **_both(-35, 0, 5, 0)} for angle in (-120, -60, 60, 120, 180)},
}
_FACES: dict[str, dict[str, float]] = {
    "face": {},
    "face_half_shut_smile": _pair("blink", 0.5) | {"smile": 1.0},
    "face_shut_aa": _pair("blink", 1.0) | {"aa": 1.0},
    "face_quarter_shut_aa": _pair("blink", 0.25) | {"aa": 0.5},
    "face_nearly_shut_oh": _pair("blink", 0.75) | {"oh": 0.5},
    "face_left_ih": {"gaze_yaw": 28.0, "ih": 1.0},
    "face_right_ou": {"gaze_yaw": -28.0, "ou": 1.0},
    "face_down_ee": {"gaze_pitch": 22.0, "ee": 1.0} | _pair("brow", -1.0),
    "face_up_oh": {"gaze_pitch": -22.0, "oh": 1.0} | _pair("brow", 1.0),
    **{f"face_{expression}": {expression: 1.0} for expression in controls.EXPRESSIONS},
}


#: The views of the characters that ship, and of all that are made: one sheet serves both framings.
SHEET_VIEWS: tuple[KeyView, ...] = (
    *(
        KeyView(name=name, camera="portrait", controls=pose, scale=_WIDER, size_px=_WIDER_PX)
        for name, pose in _PORTRAIT.items()
    ),
    *(KeyView(name=name, camera="full", controls=pose) for name, pose in _FULL.items()),
    *(KeyView(name=name, camera="face", controls=pose, size_px=_FACE_PX) for name, pose in _FACES.items()),
)
