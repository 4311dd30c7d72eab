"""How still, how late and how right the motion is, beside others' smoothing: `python -m benchmarks.motion`.

Records what the tracker sees (once; see `benchmarks.motion_traces`), makes controls of it, replays them through filters
and writes `benchmarks/results/motion.json` and the tables of `docs/motion-smoothing.md`.
"""

from __future__ import annotations

import argparse
import tempfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from benchmarks.motion_filters import CANDIDATES, Candidate, Raw, Sample, samples_of
from benchmarks.motion_measures import (
    LEAD_S,
    Series,
    detrended,
    deviation,
    foretelling,
    names_of,
    quiet_parts,
    replay,
    respond,
    rms,
    truth_of,
)
from benchmarks.motion_tables import write_page
from benchmarks.motion_traces import (
    GESTURES,
    PORTRAIT,
    Kind,
    Trace,
    load,
    pictures_of,
    record,
    save,
    still_pictures,
    stillest,
)
from benchmarks.rows import Row, provenance, write_rows
from realtime.control_group import Group

F64 = npt.NDArray[np.float64]

#: Whose jitter is measured, and under which names.
JITTER: dict[str, tuple[Group, tuple[str, ...]]] = {
    "head": (Group.HEAD, names_of(Group.HEAD)),
    "head_on_chest": (Group.HEAD, ("head_yaw", "head_pitch", "head_roll")),
    "blink": (Group.EYES, ("blink_left", "blink_right")),
    "gaze": (Group.EYES, ("gaze_yaw", "gaze_pitch")),
    "torso": (Group.TORSO, names_of(Group.TORSO)),
    "arms": (Group.RIGHT_ARM, names_of(Group.RIGHT_ARM)),
}
FORETOLD = (Group.HEAD, Group.LEFT_ARM, Group.RIGHT_ARM)
#: What moves in the synthetic movements: control, group, way, and every how many frames it is measured.
RESPONSES: tuple[tuple[str, Group, float, int], ...] = (
    ("head_yaw", Group.HEAD, 15.0, 1),
    ("head_pitch", Group.HEAD, 15.0, 1),
    ("left_upper_arm_y", Group.LEFT_ARM, 45.0, 2),
)
SHAPES = ("step", "ramp", "reach")
#: A trace with fewer samples of a group says nothing about it.
_FEWEST = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Material:
    """The traces of one clip as raw controls, and as those of MediaPipe's smoothed landmarks."""

    name: str
    kind: Kind
    raw: list[Sample]
    legacy: list[Sample]

    def samples(self, candidate: Candidate) -> list[Sample]:
        """Return what a candidate is given."""
        return self.legacy if candidate.landmarks else self.raw


def traces(folder: Path) -> list[Trace]:
    """Return the traces in a folder, recording those that are missing and can be recorded."""
    found = []
    for name in (*GESTURES, PORTRAIT):
        missing: list[Kind] = [kind for kind in ("clip", "still") if not (folder / f"{name}-{kind}.npz").exists()]
        pictures = pictures_of(name) if missing else []
        for kind in missing:
            if pictures:
                from realtime.tracking.mediapipe_tracker import MediaPipeTracker

                # An ample budget: what is looked at when must not depend on how busy the machine is.
                tracker = MediaPipeTracker(budget_ms=200.0)
                source = pictures if kind == "clip" else still_pictures(stillest(pictures))
                save(record(name, kind, source, tracker), folder)
                tracker.close()
                print(f"recorded {name} {kind}", flush=True)
        for kind in ("clip", "still"):
            trace = load(name, kind, folder)
            if trace is not None:
                found.append(trace)
    return found


def jitter(material: list[Material], candidate: Candidate) -> list[Row]:
    """Return rows of how still the filter's output is: in noise upon one picture, and in quiet parts of clips."""
    rows: list[Row] = []
    for what, (group, names) in JITTER.items():
        still: list[float] = []
        quiet: list[float] = []
        for one in material:
            filtered = replay(candidate.make, one.samples(candidate), group, names)
            if one.kind == "still" and len(filtered.times_s) >= _FEWEST:
                still.append(rms(deviation(filtered)))
            if one.kind == "clip" and what == "head":
                raw = replay(Raw, one.raw, group, names)
                for column in range(len(names)):
                    angle, out = (Series(times_s=x.times_s, values=x.values[:, [column]]) for x in (raw, filtered))
                    # What was seen in the first third of a second decides nothing: filters have just begun.
                    quiet += [rms(detrended(out, run)) for run in quiet_parts(angle) if run[0] >= 10]
        if still:
            rows.append({"measure": "still", "what": what} | _spread(still))
        if quiet:
            rows.append({"measure": "quiet", "what": what} | _spread(quiet))
    return rows


def _spread(values: list[float]) -> Row:
    return {
        "traces": len(values),
        "rms": round(rms(np.array(values)), 4),
        "median": round(float(np.median(values)), 4),
        "worst": round(max(values), 4),
    }


def responses(candidate: Candidate, noise: dict[str, F64]) -> list[Row]:
    """Return rows of how late a filter is, and how far its prediction overshoots."""
    rows: list[Row] = []
    for name, group, amplitude, every in RESPONSES:
        for shape in SHAPES:
            answer = respond(candidate.make, name, group, shape, amplitude, noise[name], every)
            row: Row = {"measure": "response", "what": name, "shape": shape, "amplitude": amplitude}
            rows.append(row | {"lag_ms": round(answer.lag_ms, 1), "overshoot": round(answer.overshoot, 4)})
    return rows


def predictions(material: list[Material], candidate: Candidate) -> list[Row]:
    """Return rows of the error 80 ms after capture, by clip and group, without and with prediction."""
    rows: list[Row] = []
    for group in FORETOLD:
        names = names_of(group)
        for one in material:
            raw = replay(Raw, one.raw, group, names)
            hidden = one.name == PORTRAIT and group is not Group.HEAD  # its elbows are outside of the picture
            if one.kind != "clip" or len(raw.times_s) < 15 or hidden:
                continue
            truth = truth_of(raw)
            samples = one.samples(candidate)
            plain = foretelling(candidate.unpredicted or candidate.make, samples, group, names, truth)
            ahead = foretelling(candidate.make, samples, group, names, truth)
            if not np.isfinite(plain):
                continue
            row: Row = {"measure": "prediction", "what": str(group), "clip": one.name}
            row |= {"moves": round(_moves(truth), 3), "unpredicted": round(plain, 3), "predicted": round(ahead, 3)}
            rows.append(row)
    return rows


def blinks(material: list[Material], candidate: Candidate) -> list[Row]:
    """Return a row of how much of the peak of the blinks in the clips is kept.

    A blink is a lid more than half shut for two frames or more; what flickers for one is taken for noise.
    """
    lids = ("blink_left", "blink_right")
    kept: list[float] = []
    for one in material:
        if one.kind != "clip":
            continue
        raw = replay(Raw, one.raw, Group.EYES, lids)
        filtered = replay(candidate.make, one.samples(candidate), Group.EYES, lids)
        for column in range(len(lids)):
            shut = raw.values[:, column] > 0.5
            for run in np.split(np.arange(len(shut)), np.flatnonzero(np.diff(shut)) + 1):
                if len(run) >= 2 and shut[run[0]] and run[0] > 0:
                    after = slice(run[0], run[-1] + 3)
                    kept.append(filtered.values[after, column].max() / raw.values[after, column].max())
    if not kept:
        return []
    row: Row = {"measure": "blinks", "n": len(kept)}
    return [row | {"mean": round(float(np.mean(kept)), 4), "worst": round(min(kept), 4)}]


def measured_noise(material: list[Material]) -> dict[str, F64]:
    """Return what is left of each moved control in the still trace with the middle spread: the noise to test with."""
    noise = {}
    for name, group, _, _ in RESPONSES:
        column = f"{name}_in_world" if group is Group.HEAD else name
        left = []
        for one in material:
            raw = replay(Raw, one.raw, group, (column,))
            if one.kind == "still" and len(raw.times_s) >= _FEWEST:
                late = raw.values[raw.times_s >= 2.0, 0]
                left.append(late - late.mean())
        left.sort(key=lambda one: float(one.std()))
        noise[name] = left[len(left) // 2]
    return noise


def _moves(truth: Series) -> float:
    steps = round(LEAD_S * 30)
    return rms(truth.values[steps:] - truth.values[:-steps])


def measure(found: list[Trace]) -> list[Row]:
    """Return all rows, of every candidate."""
    origin = provenance()
    material = [
        Material(name=one.name, kind=one.kind, raw=samples_of(one), legacy=samples_of(one, landmarks=True))
        for one in found
    ]
    noise = measured_noise(material)
    rows: list[Row] = []
    for candidate in CANDIDATES:
        own = jitter(material, candidate) + predictions(material, candidate) + blinks(material, candidate)
        if not candidate.landmarks:  # movements are made of controls, not of landmarks
            own += responses(candidate, noise)
        rows += [{"benchmark": "motion", "filter": candidate.name, **row} for row in own]
        print(f"measured {candidate.name}", flush=True)
    return [row | origin for row in rows]


def main() -> None:
    """Measure jitter, lag, prediction and overshoot of our smoothing and of others."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    default = Path(tempfile.gettempdir()) / "animirror-traces"
    parser.add_argument("--traces", type=Path, default=default, help="folder of recorded traces; missing ones are made")
    arguments = parser.parse_args()
    found = traces(arguments.traces)
    rows = measure(found)
    print(f"written: {write_rows('motion', rows)} and {write_page(rows)}")


if __name__ == "__main__":
    main()
