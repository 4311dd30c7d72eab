"""Shows what the character makes of a clip: `python -m scripts.motion_film CLIP... --out FOLDER`.

Beside each other: the person, what the tracker found, and a character that follows: an avatar drawn by the studio
(`--avatar`), else a shipped character drawn by the engine.  Writes a film and a sheet of frames for each clip.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import av
import cv2
import numpy as np
import numpy.typing as npt
from PIL import Image

from engines.condition import Condition
from engines.controls import INDEX, ControlVector
from engines.framing import Framing, camera_of
from engines.loading import load_engine
from engines.studio.avatar import load_avatar
from engines.studio.film import over, write_film
from engines.studio.renderer import Renderer
from realtime.frame import Frame
from realtime.motion import Motion
from realtime.observation import PersonObservation
from realtime.tracking.mediapipe_tracker import MediaPipeTracker

U8 = npt.NDArray[np.uint8]
Draw = Callable[[int, ControlVector], U8]

PANEL_PX = 384
BACKGROUND = (219, 225, 237)
FRAMES_IN_SHEET, COLUMNS = 12, 2
_COLOURS = ((90, 220, 130), (250, 170, 60), (110, 170, 250), (240, 110, 170), (200, 200, 80), (160, 120, 240))
_BODY_LINES = ((11, 12), (11, 13), (13, 15), (12, 14), (14, 16), (11, 23), (12, 24), (23, 24), (23, 25), (25, 27),
               (24, 26), (26, 28), (27, 31), (28, 32))  # fmt: skip
_HAND_LINES = tuple((base + step - 1 if step else 0, base + step) for base in (1, 5, 9, 13, 17) for step in range(4))
#: Controls that are written under the tracker's panel.
_SAID = ("head_yaw", "head_pitch", "head_roll", "torso_yaw", "gaze_yaw", "gaze_pitch", "blink_left", "blink_right",
         "brow_left", "aa", "smile", "joy", "surprised")  # fmt: skip


@dataclass(frozen=True, slots=True)
class Moment:
    """One frame of a clip, who was found in it, and how their characters stand."""

    picture: U8
    people: tuple[PersonObservation, ...]
    controls: dict[int, ControlVector]


def moments(path: Path, people: int, framing: Framing) -> Iterator[tuple[float, Moment]]:
    """Yield the frames of a clip with its frame rate."""
    tracker = MediaPipeTracker(people=people, framing=framing)
    motions: dict[int, Motion] = {}
    try:
        with av.open(str(path)) as container:
            stream = container.streams.video[0]
            fps = float(stream.average_rate or 25)
            for number, decoded in enumerate(container.decode(stream)):
                picture = np.asarray(decoded.to_ndarray(format="rgb24"), np.uint8)
                at_s = number / fps
                frame = Frame(image=picture, pts=number, time_base=Fraction(1 / fps).limit_denominator(1000),
                              captured_s=at_s)  # fmt: skip
                found = tracker.track(frame)
                for person in found:
                    motions.setdefault(person.person_id, Motion(needs_face=False, framing=framing))
                for person_id, motion in motions.items():
                    motion.observe(tuple(p for p in found if p.person_id == person_id), at_s)
                yield fps, Moment(picture, found, {id_: m.controls_at(at_s) for id_, m in motions.items()})
    finally:
        tracker.close()


def drawn_points(moment: Moment) -> U8:
    """Return the landmarks of everybody over the darkened picture."""
    canvas = np.ascontiguousarray(moment.picture // 3)
    height, width = canvas.shape[:2]

    def at(point: npt.NDArray[np.float32]) -> tuple[int, int]:
        return int(np.clip(point[0], -1, 2) * width), int(np.clip(point[1], -1, 2) * height)

    for person in moment.people:
        colour = _COLOURS[person.person_id % len(_COLOURS)]
        if person.pose is not None and person.pose_visibility is not None:
            for start, end in _BODY_LINES:
                seen = min(person.pose_visibility[start], person.pose_visibility[end]) > 0.5
                cv2.line(canvas, at(person.pose[start]), at(person.pose[end]), colour if seen else (70, 70, 70), 2)
        if person.face is not None:
            for point in person.face:
                cv2.circle(canvas, at(point), 1, (230, 230, 230), -1)
        for hand, shade in ((person.left_hand, (120, 200, 255)), (person.right_hand, (255, 160, 120))):
            if hand is not None:
                for start, end in _HAND_LINES:
                    cv2.line(canvas, at(hand[start]), at(hand[end]), shade, 2)
        anchor = person.face[10] if person.face is not None else person.pose[0] if person.pose is not None else None
        if anchor is not None:
            x, y = at(anchor)
            cv2.putText(canvas, str(person.person_id), (x, y - 8), cv2.FONT_HERSHEY_SIMPLEX, 0.7, colour, 2)
    return canvas


def panels(moment: Moment, draw: Draw, said: bool) -> U8:
    """Return person, landmarks and characters side by side, (PANEL_PX, ..., 3)."""
    left = _fitted(moment.picture)
    middle = _fitted(drawn_points(moment))
    if said and moment.controls:
        vector = next(iter(moment.controls.values()))
        for line, name in enumerate(_SAID):
            text = (
                f"{name} {vector[INDEX[name]]:.2f}"
                if abs(vector[INDEX[name]]) < 2
                else f"{name} {vector[INDEX[name]]:.0f}"
            )
            cv2.putText(middle, text, (4, 14 + 13 * line), cv2.FONT_HERSHEY_SIMPLEX, 0.38, (255, 255, 255), 1)
    shown = [draw(person_id, vector) for person_id, vector in sorted(moment.controls.items())[:3]]
    blank = np.full((PANEL_PX, PANEL_PX, 3), BACKGROUND, np.uint8)
    return np.concatenate([left, middle, *(shown or [blank])], axis=1)


def pictures(found: Sequence[Moment], draw: Draw, people: int, said: bool) -> Iterator[U8]:
    """Yield the panels of a clip with the frame's number, all of one even width."""
    width = (_fitted(found[0].picture).shape[1] * 2 + PANEL_PX * people) // 2 * 2
    for number, moment in enumerate(found):
        picture = panels(moment, draw, said)
        picture = np.pad(picture, ((0, 0), (0, max(width - picture.shape[1], 0)), (0, 0)))[:, :width].copy()
        cv2.putText(picture, str(number), (6, PANEL_PX - 8), cv2.FONT_HERSHEY_SIMPLEX, 0.6, (255, 255, 0), 2)
        yield picture


def sheet(found: Sequence[U8]) -> U8:
    """Return pictures of one size in columns, smaller."""
    rows = [np.concatenate(found[at : at + COLUMNS], axis=1) for at in range(0, len(found), COLUMNS)]
    whole = np.concatenate([row for row in rows if row.shape == rows[0].shape])
    height, width = whole.shape[:2]
    return np.asarray(cv2.resize(whole, (width * 2 // 3, height * 2 // 3), interpolation=cv2.INTER_AREA), np.uint8)


def _opaque(picture: U8) -> U8:
    return np.concatenate([picture, np.full((*picture.shape[:2], 1), 255, np.uint8)], axis=2)


def _fitted(picture: U8) -> U8:
    height, width = picture.shape[:2]
    size = (round(width * PANEL_PX / height), PANEL_PX)
    return np.asarray(cv2.resize(picture, size, interpolation=cv2.INTER_AREA), np.uint8)


def studio_draw(path: Path, framing: Framing) -> Draw:
    """Return what draws an avatar with the studio's renderer."""
    avatar, renderer = load_avatar(path), Renderer()
    camera = camera_of(framing, avatar.proportions)

    def draw(person_id: int, vector: ControlVector) -> U8:
        return over(renderer.render(avatar, vector, camera, PANEL_PX), BACKGROUND)

    return draw


def engine_draw(names: Sequence[str], framing: Framing) -> Draw:
    """Return what draws shipped characters with the engine, another for each person."""
    engine = load_engine("auto", None, 2)
    names = names or engine.characters

    def draw(person_id: int, vector: ControlVector) -> U8:
        name = names[(person_id - 1) % len(names)]
        picture = engine.generate(Condition(character=name, controls=vector, framing=framing))
        return np.asarray(cv2.resize(over(picture, BACKGROUND), (PANEL_PX, PANEL_PX), interpolation=cv2.INTER_AREA))

    return draw


def main(arguments: Sequence[str] | None = None) -> None:
    """Make the films and sheets."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("clips", nargs="+", type=Path)
    parser.add_argument("--out", type=Path, required=True, help="folder for the films and sheets")
    parser.add_argument("--avatar", type=Path, help="VRM file to draw with the studio's renderer")
    parser.add_argument("--characters", nargs="*", default=[], help="shipped characters to draw with the engine")
    parser.add_argument("--framing", choices=("portrait", "full"), default="portrait")
    parser.add_argument("--people", type=int, default=1, help="how many to follow")
    parser.add_argument("--said", action="store_true", help="write the controls' values beside the landmarks")
    parser.add_argument("--frames", type=int, nargs=2, default=(0, 100_000), help="first frame and number of the sheet")
    given = parser.parse_args(arguments)
    draw = studio_draw(given.avatar, given.framing) if given.avatar else engine_draw(given.characters, given.framing)
    given.out.mkdir(parents=True, exist_ok=True)
    for clip in given.clips:
        followed = list(moments(clip, given.people, given.framing))
        found = [moment for _, moment in followed]
        shown = list(pictures(found, draw, given.people, given.said))
        write_film(given.out / f"{clip.stem}.mp4", (_opaque(picture) for picture in shown), followed[0][0])
        first, count = given.frames
        chosen = np.linspace(first, min(first + count, len(shown)) - 1, FRAMES_IN_SHEET).astype(int)
        Image.fromarray(sheet([shown[at] for at in dict.fromkeys(chosen.tolist())])).save(
            given.out / f"{clip.stem}.png"
        )


if __name__ == "__main__":
    main()
