"""The sheets that are built in, and sheets from TOML files: which key views a character is drawn from.

Source of the choice: what the first student lacked.  Half-closed lids and eye layers let a lid move instead of
fading; hand views give fingers; turns and tilts keep outlines where contours turn.
"""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

from engines import controls
from engines.errors import ViewsError
from engines.framing import Framing
from engines.key_view import VIEW_PX, KeyView, Layer
from engines.sheet import SHEET_VIEWS
from engines.studio.views import LAYERS

_MAX_PX = 2048
#: Portrait views show this many times the picture's width.
_SCALE = 1.25
#: An arm whose hand stands beside the shoulder, of either side: that of the characters' second view.
_RAISED = {
    name.removeprefix("left_"): value
    for name, value in SHEET_VIEWS[1].controls.items()
    if name.startswith("left_") and not name.endswith("_curl")
}


def _faces() -> tuple[KeyView, ...]:
    lids = {"blink_left", "blink_right"}
    brows = ("brow_left", "brow_right")
    views = {
        "neutral": {},
        **{f"lids_{part}": dict.fromkeys(lids, part / 100) for part in (25, 50, 75, 100)},
        **{viseme: {viseme: 1.0} for viseme in controls.VISEMES},
        **{expression: {expression: 1.0} for expression in controls.EXPRESSIONS},
        "smile": {"smile": 1.0},
        "brows_up": dict.fromkeys(brows, 1.0),
        "brows_down": dict.fromkeys(brows, -1.0),
        "gaze_left": {"gaze_yaw": 28.0},
        "gaze_right": {"gaze_yaw": -28.0},
        "gaze_up": {"gaze_pitch": -22.0},
        "gaze_down": {"gaze_pitch": 22.0},
    }
    drawn = [KeyView(name=f"face_{name}", camera="face", controls=values) for name, values in views.items()]
    eyes: tuple[Layer, ...] = ("eye_white", "iris", "face", "brows")
    layers = [KeyView(name=f"layer_{layer}", camera="face", layer=layer) for layer in eyes]
    shut = KeyView(name="layer_lids_100", camera="face", controls=dict.fromkeys(lids, 1.0), layer="face")
    return (*drawn, *layers, shut)


def _hands(side: str, curl: float, palm: float) -> dict[str, float]:
    """Return a hand beside the shoulder, its palm to the viewer (0), the side (-90) or away (-180)."""
    values = {f"{side}_{name}": value for name, value in _RAISED.items()}
    values[f"{side}_forearm_twist"] = palm
    return values | {f"{side}_{finger}_curl": curl for finger in controls.FINGERS}


def _poses(camera: Framing) -> tuple[KeyView, ...]:
    arms_out = {name: 0.0 for side in controls.SIDES for name in (f"{side}_upper_arm_z", f"{side}_elbow")}
    hands = {
        name: _hands("left", curl, palm) | _hands("right", curl, palm)
        for name, curl, palm in (("open", 0.0, 0.0), ("fists", 1.0, 0.0), ("backs", 0.1, -100.0), ("edges", 0.1, -50.0))
    }
    views: dict[str, dict[str, float]] = {
        "front": {},
        **{f"yaw_{angle:+d}": {"head_yaw": float(angle)} for angle in (-50, -25, 25, 50)},
        **{f"pitch_{angle:+d}": {"head_pitch": float(angle)} for angle in (-25, 25)},
        **{f"roll_{angle:+d}": {"head_roll": float(angle)} for angle in (-22, 22)},
        **{f"torso_{angle:+d}": {"torso_yaw": float(angle)} for angle in (-30, 30)},
        "arms_out": arms_out,
        **{f"hands_{name}": values for name, values in hands.items()},
    }
    scale = _SCALE if camera == "portrait" else 1.0  # a full figure has all that a lean could bring in
    drawn = [KeyView(name=name, camera=camera, controls=values, scale=scale) for name, values in views.items()]
    apart: tuple[Layer, ...] = ("no_hair", "no_arms")
    layers = [KeyView(name=f"layer_{layer}", camera=camera, layer=layer, scale=scale) for layer in apart]
    return (*drawn, *layers)


def _legs() -> tuple[KeyView, ...]:
    views: dict[str, dict[str, float]] = {
        "stride_left": {"left_upper_leg_x": -45.0, "left_knee": 30.0, "right_upper_leg_x": 25.0, "right_knee": 20.0},
        "stride_right": {"right_upper_leg_x": -45.0, "right_knee": 30.0, "left_upper_leg_x": 25.0, "left_knee": 20.0},
        "legs_apart": {"left_upper_leg_z": 35.0, "right_upper_leg_z": 35.0},
        **{f"turned_{angle:+d}": {"root_yaw": float(angle)} for angle in (-90, -45, 45, 90, 180)},
    }
    return tuple(KeyView(name=name, camera="full", controls=values) for name, values in views.items())


#: The sheets that are built in: `character` is what characters are drawn from; `portrait` and `full` show layers too.
VIEW_SETS: dict[str, tuple[KeyView, ...]] = {
    "character": SHEET_VIEWS,
    "portrait": (*_poses("portrait"), *_faces()),
    "full": (*_poses("full"), *_legs(), *_faces()),
}


def view_set(source: str | Path) -> tuple[KeyView, ...]:
    """Return a built-in sheet's views by name, or those of a TOML file.

    The file has one ``[[view]]`` table per view, with the fields of :class:`KeyView`.

    Raises:
        ViewsError: there is no such sheet, or the file says something that no view has.
    """
    if str(source) in VIEW_SETS:
        return VIEW_SETS[str(source)]
    path = Path(source)
    if path.suffix != ".toml":
        raise ViewsError(f"{source}: no such sheet; choose one of {', '.join(VIEW_SETS)} or a .toml file")
    try:
        document = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ViewsError(f"{path.name}: cannot be read ({error.strerror})") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ViewsError(f"{path.name}: is not TOML ({error})") from error
    tables = document.get("view")
    if not isinstance(tables, list) or not tables:
        raise ViewsError(f"{path.name}: has no [[view]] table; each needs at least a name and a camera")
    views = tuple(_view(path.name, index, table) for index, table in enumerate(tables))
    names = [view.name for view in views]
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice:
        raise ViewsError(f"{path.name}: two views are called {twice!r}; give each its own name")
    return views


def _view(file: str, index: int, table: Any) -> KeyView:
    where = f"{file}: view {index + 1}"
    fields = KeyView.__dataclass_fields__
    if not isinstance(table, dict) or not set(table) <= set(fields):
        raise ViewsError(f"{where}: got {sorted(table) if isinstance(table, dict) else table!r}, known are {[*fields]}")
    name, camera, layer = table.get("name"), table.get("camera"), table.get("layer")
    if not isinstance(name, str) or not name.replace("_", "").replace("-", "").isalnum():
        raise ViewsError(f"{where}: its name is {name!r}; use letters, digits, _ and -")
    if camera not in {"portrait", "full", "face"}:
        raise ViewsError(f"{where}: its camera is {camera!r}, expected portrait, full or face")
    if layer is not None and layer not in LAYERS:
        raise ViewsError(f"{where}: its layer is {layer!r}, expected one of {', '.join(LAYERS)}")
    values = table.get("controls", {})
    wrong = [key for key, value in values.items() if key not in controls.INDEX or not isinstance(value, int | float)]
    if wrong:
        raise ViewsError(f"{where}: no such control, or no number: {', '.join(wrong)}")
    scale, size = table.get("scale", 1.0), table.get("size_px", VIEW_PX)
    if not isinstance(scale, int | float) or not 0.1 <= scale <= 10:
        raise ViewsError(f"{where}: its scale is {scale!r}, expected 0.1 to 10")
    if not isinstance(size, int) or not 16 <= size <= _MAX_PX:
        raise ViewsError(f"{where}: its size_px is {size!r}, expected 16 to {_MAX_PX}")
    return KeyView(**table)
