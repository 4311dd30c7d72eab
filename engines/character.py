"""Characters: everything that makes one person out of the generator, and its folder on disk.

A character folder holds ``character.json`` (card, proportions, style), ``pose_<n>.webp`` and ``face_<n>.webp``
(the sheet's views, premultiplied RGBA), ``points.npz`` (the surface points, quantised) and ``thumbnail.webp``.
"""

from __future__ import annotations

import json
import zipfile
import zlib
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
from PIL import Image

from engines import controls
from engines.errors import CharacterError, SpecMismatchError
from engines.sheet import FACE_VIEWS, POSE_VIEW_PX, POSE_VIEWS, SHEET_SCALE, PointCloud, Sheet
from engines.skeleton import BONES, Proportions

if TYPE_CHECKING:
    from engines.studio.avatar import Avatar

F32 = npt.NDArray[np.float32]

#: Characters that ship with the weights.
PRETRAINED = Path(__file__).parent / "pretrained"
THUMBNAIL_PX = 512
#: WebP quality of a sheet's views: 95 keeps the line art, at about 60 kB a view.
WEBP_QUALITY = 95


@dataclass(frozen=True, slots=True, kw_only=True)
class CharacterCard:
    """What a person is told about a character.

    Args:
        name: identifier, also the folder's name.
        title: name to show.
        credit: whom to thank.
        licence: terms of the character's looks.
        thumbnail: a small picture, or None where the folder has none.
    """

    name: str
    title: str
    credit: str
    licence: str
    thumbnail: Path | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Character:
    """A character: card, proportions, sheet, and style `w`, float32 (w_dim,)."""

    card: CharacterCard
    proportions: Proportions
    sheet: Sheet
    w: F32


def card_from_avatar(name: str, avatar: Avatar) -> CharacterCard:
    """Return the card of an avatar's character, from the terms written in the avatar."""
    credit = avatar.credit
    return CharacterCard(name=name, title=credit.title or name, credit=credit.author, licence=credit.licence)


def characters_folder(folder: Path | None = None) -> Path:
    """Return the folder of characters beside the weights in `folder` (default: the shipped ones)."""
    return (folder or PRETRAINED) / "characters"


def list_cards(folder: Path | None = None) -> tuple[CharacterCard, ...]:
    """Return the cards of all characters beside the weights in `folder`, sorted by name.

    Raises:
        CharacterError: there are none.
    """
    root = characters_folder(folder)
    paths = sorted(root.glob("*/character.json"))
    if not paths:
        raise CharacterError(f"{root}: no characters; the folder must hold one sub-folder with character.json each")
    return tuple(_read_card(path) for path in paths)


def save_character(folder: Path, character: Character, effort: int = 6) -> None:
    """Write a character's folder.  Every file is written beside its place and moved there when complete.

    Args:
        folder: made if it is not there.
        character: whose.
        effort: WebP's method, 0 (fast) to 6 (small).
    """
    folder.mkdir(parents=True, exist_ok=True)
    sheet = character.sheet
    for prefix, views in (("pose", sheet.pose_views), ("face", sheet.face_views)):
        for index, view in enumerate(views):
            _save_webp(folder / f"{prefix}_{index}.webp", view, effort)
    _save_points(folder / "points.npz", sheet.points)
    margin = round(POSE_VIEW_PX * (1 - 1 / SHEET_SCALE) / 2)
    front = Image.fromarray(_straight(sheet.pose_views[0, margin:-margin, margin:-margin]))
    thumbnail = folder / "thumbnail.webp"
    front.resize((THUMBNAIL_PX, THUMBNAIL_PX), Image.Resampling.LANCZOS).save(thumbnail, quality=90)
    card = asdict(character.card)
    del card["thumbnail"]
    proportions = {
        name: np.round(np.asarray(value, np.float64), 6).tolist()
        for name, value in asdict(character.proportions).items()
    }
    document = {
        **card,
        "spec_hash": controls.spec_hash(),
        "proportions": proportions,
        "w": np.round(character.w.astype(np.float64), 6).tolist(),
    }
    partial = folder / "character.json.partial"
    partial.write_text(json.dumps(document, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    partial.replace(folder / "character.json")


def load_character(folder: Path) -> Character:
    """Read a character's folder.

    Raises:
        CharacterError: a file is missing or damaged.
        SpecMismatchError: it was made for another control spec.
    """
    path = folder / "character.json"
    card = _read_card(path)
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
        if document["spec_hash"] != controls.spec_hash():
            raise SpecMismatchError(
                f"{path}: made for control spec {document['spec_hash']}, this program has {controls.spec_hash()}; "
                "make the character anew or install the version it belongs to"
            )
        stored = document["proportions"]
        proportions = Proportions(
            joints=np.array(stored["joints"], np.float32),
            left_eye=np.array(stored["left_eye"], np.float32),
            right_eye=np.array(stored["right_eye"], np.float32),
            mouth=np.array(stored["mouth"], np.float32),
            head_top=float(stored["head_top"]),
            eye_gain=float(stored["eye_gain"]),
        )
        sheet = Sheet(
            pose_views=np.stack([_load_webp(folder / f"pose_{index}.webp") for index in range(len(POSE_VIEWS))]),
            face_views=np.stack([_load_webp(folder / f"face_{index}.webp") for index in range(len(FACE_VIEWS))]),
            points=_load_points(folder / "points.npz"),
        )
        w = np.array(document["w"], np.float32)
    except SpecMismatchError:
        raise
    except (OSError, ValueError, KeyError, TypeError, zipfile.BadZipFile, zlib.error) as error:
        raise CharacterError(f"{folder}: damaged or incomplete ({error}); fetch or make the character again") from error
    return Character(card=card, proportions=proportions, sheet=sheet, w=w)


def _read_card(path: Path) -> CharacterCard:
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
        thumbnail = path.parent / "thumbnail.webp"
        return CharacterCard(
            name=document["name"],
            title=document["title"],
            credit=document["credit"],
            licence=document["licence"],
            thumbnail=thumbnail if thumbnail.exists() else None,
        )
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise CharacterError(f"{path}: cannot be read ({error})") from error


def _straight(image: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
    """Return premultiplied RGBA as straight-alpha RGBA."""
    alpha = np.maximum(image[..., 3:].astype(np.float32), 1.0)
    colour = np.clip(image[..., :3] * (255.0 / alpha), 0, 255)
    return np.asarray(np.concatenate([colour + 0.5, image[..., 3:]], axis=-1), np.uint8)


def _save_webp(path: Path, image: npt.NDArray[np.uint8], effort: int) -> None:
    partial = path.with_suffix(".partial")
    Image.fromarray(image).save(partial, "WEBP", quality=WEBP_QUALITY, alpha_quality=100, method=effort, exact=True)
    partial.replace(path)


def _load_webp(path: Path) -> npt.NDArray[np.uint8]:
    with Image.open(path) as image:
        pixels = np.array(image.convert("RGBA"))
    pixels[..., :3] = np.minimum(pixels[..., :3], pixels[..., 3:])  # lossy colour may exceed its alpha
    return pixels


#: Points keep this many bones each; skinning uses no more (VRM 0.x, glTF JOINTS_0).
_BONES_PER_POINT = 4


def _save_points(path: Path, points: PointCloud) -> None:
    low, high = points.position.min(axis=0), points.position.max(axis=0)
    order = np.argsort(-points.weights, axis=1)[:, :_BONES_PER_POINT]
    top = np.take_along_axis(points.weights, order, axis=1)
    top = top / top.sum(axis=1, keepdims=True)
    partial = path.with_suffix(".partial.npz")
    np.savez_compressed(
        partial,
        low=low,
        high=high,
        position=np.round((points.position - low) / (high - low) * 65535).astype(np.uint16),
        normal=np.round(points.normal * 127).astype(np.int8),
        bone=order.astype(np.uint8),
        weight=np.round(top * 255).astype(np.uint8),
        colour=points.colour,
        visible=points.visible,
    )
    partial.replace(path)


def _load_points(path: Path) -> PointCloud:
    with path.open("rb") as stream, np.load(stream) as file:
        low, high = file["low"], file["high"]
        position = (low + file["position"].astype(np.float32) / 65535 * (high - low)).astype(np.float32)
        weights = np.zeros((len(position), len(BONES)), np.float32)
        weight = file["weight"].astype(np.float32)
        np.put_along_axis(weights, file["bone"].astype(np.int64), weight / weight.sum(axis=1, keepdims=True), axis=1)
        normal = file["normal"].astype(np.float32)
        normal /= np.maximum(np.linalg.norm(normal, axis=1, keepdims=True), 1e-6)
        return PointCloud(
            position=position, normal=normal, weights=weights, colour=file["colour"], visible=file["visible"]
        )
