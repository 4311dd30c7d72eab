"""Trains the student: ``python -m engines.training.train --help``."""

from __future__ import annotations

import argparse
import json
import logging
import math
import time
from dataclasses import dataclass
from pathlib import Path

import torch
from safetensors.torch import load_file
from torch import Tensor
from torch.utils.data import DataLoader, RandomSampler

from engines import controls
from engines.character import characters_folder, list_cards, load_character
from engines.errors import SpecMismatchError, WeightsError
from engines.training import losses, warp
from engines.training.data import CharacterTensors, PoseDataset
from engines.training.evaluate import contact_sheet, evaluate
from engines.training.network import Student, StudentConfig, StudentOutput
from engines.weights import SAFETENSORS_FILE, find_weights

logger = logging.getLogger(__name__)

#: Pixels per side of the pose views for each picture size, so that sheet and picture have one scale.
SHEET_PX = {128: 160, 256: 320}


@dataclass(frozen=True, slots=True, kw_only=True)
class Schedule:
    """How long and how fast to learn.

    Args:
        steps: batches in all.
        batch: pictures per batch.
        rate: peak learning rate (cosine to a twentieth).
        warm_up: batches until the peak.
        coarse_steps: batches at 128 px before 256 px.
    """

    steps: int
    batch: int = 8
    rate: float = 2e-3
    warm_up: int = 50
    coarse_steps: int = 0

    def rate_at(self, step: int) -> float:
        """Return the learning rate of a step."""
        ramp = min(1.0, (step + 1) / self.warm_up)
        return self.rate * ramp * (0.05 + 0.95 * 0.5 * (1 + math.cos(math.pi * min(1.0, step / self.steps))))


class Trainer:
    """Student, styles, averages and optimiser, with a checkpoint that continues to the step."""

    def __init__(self, folder: Path, run: Path, schedule: Schedule, config: StudentConfig) -> None:
        torch.manual_seed(0)
        self.run = run
        self.schedule = schedule
        self.device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
        self.data = PoseDataset(folder)
        self.held_out = PoseDataset(folder, "held_out_poses", like=self.data)
        self.names = list(self.data.names)
        self.student = Student(config).to(self.device)
        self.student.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        self.styles = torch.nn.Embedding(len(self.names), config.w_dim).to(self.device)
        torch.nn.init.normal_(self.styles.weight, std=0.5)
        self.parameters = [*self.student.parameters(), *self.styles.parameters()]
        self.optimiser = torch.optim.Adam(self.parameters, lr=schedule.rate, betas=(0.9, 0.99), eps=1e-8)
        self.average = [parameter.detach().clone() for parameter in self.parameters]
        self.step = 0
        self.sheets = {
            size: CharacterTensors.of(self.data.characters, px).to(self.device) for size, px in SHEET_PX.items()
        }
        self.face_weight = losses.face_weight(self.data_face_px()).to(self.device)
        self.log_path = run / "log.jsonl"

    def data_face_px(self) -> int:
        """Return the pixels per side of the stored face pictures."""
        return int(self.sheets[256].face_views.shape[-1])

    def forward(self, batch: dict[str, Tensor], size: int) -> tuple[StudentOutput, Tensor, Tensor]:
        """Return the prediction, the whole picture (B, 4, size, size) and the face composite."""
        sheets, chosen = self.sheets[size], batch["character"]
        face_inputs = sheets.face_inputs[chosen]
        w = self.styles(batch["character"])
        with torch.autocast(self.device.type, dtype=torch.bfloat16):
            out = self.student(batch["body"], batch["face"], face_inputs, batch["condition"], w)
        views = sheets.pose_views[chosen]
        body = warp.warp_views(views, batch["base"] + out.flow, out.weights, out.residual, size)
        face_views = sheets.face_views[chosen]
        face, share = warp.face_picture(out, face_views, batch["face_base"], self.data_face_px())
        whole = warp.over_body(body, face, share, batch["picture_to_face"])
        composite = losses.face_composite(face, share, body, batch["picture_to_face"])
        return out, whole, composite

    def losses(self, batch: dict[str, Tensor], size: int) -> dict[str, Tensor]:
        """Return every term, already weighted."""
        out, whole, composite = self.forward(batch, size)
        picture = batch["picture"].float() / 255
        if size != picture.shape[-1]:
            picture = torch.nn.functional.avg_pool2d(picture, picture.shape[-1] // size)
        face = batch["face_picture"].float() / 255
        flow, views = losses.flow_loss(out, batch["face_base"], batch["face_places"], batch["face_seen"])
        fade = max(0.5, 1 - self.step / (0.5 * self.schedule.steps))
        return {
            "picture": losses.picture_loss(whole, picture),
            "face": losses.picture_loss(composite, face, self.face_weight),
            "flow": 2.0 * flow * fade,
            "views": 0.1 * views * fade,
            "small": 0.02 * out.flow.abs().mean() + 0.002 * out.residual[:, 4].mean(),
        }

    def train(self, minutes: float, evaluate_every: int, workers: int = 1) -> None:
        """Train until the schedule ends or the minutes are over, saving every few minutes.

        Raises:
            WeightsError: a loss is not a number; the last checkpoint stays.
        """
        sampler = RandomSampler(self.data, replacement=True, num_samples=self.schedule.steps * self.schedule.batch)
        loader = DataLoader(
            self.data, batch_size=self.schedule.batch, sampler=sampler, num_workers=workers, prefetch_factor=4
        )
        start, saved = time.monotonic(), time.monotonic()
        first = self.step
        totals: dict[str, float] = {}
        for batch in loader:
            if self.step >= self.schedule.steps or time.monotonic() - start > minutes * 60:
                break
            on_device = {name: value.to(self.device, non_blocking=True) for name, value in batch.items()}
            size = 128 if self.step < self.schedule.coarse_steps else 256
            terms = self.losses(on_device, size)
            loss = torch.stack(list(terms.values())).sum()
            if not torch.isfinite(loss):
                bad = [name for name, value in terms.items() if not torch.isfinite(value)]
                raise WeightsError(f"step {self.step}: not a number in {', '.join(bad)}; the last checkpoint is kept")
            for group in self.optimiser.param_groups:
                group["lr"] = self.schedule.rate_at(self.step)
            self.optimiser.zero_grad(set_to_none=True)
            loss.backward()
            torch.nn.utils.clip_grad_norm_(self.parameters, 1.0)
            self.optimiser.step()
            self.step += 1
            decay = min(0.998, (1 + self.step) / (10 + self.step))
            with torch.no_grad():
                torch._foreach_lerp_(self.average, [p.detach() for p in self.parameters], 1 - decay)
            for name, value in terms.items():
                totals[name] = totals.get(name, 0.0) + float(value.detach())
            if self.step % 50 == 0:
                rate = (self.step - first) * self.schedule.batch / (time.monotonic() - start)
                row = {name: round(value / 50, 5) for name, value in totals.items()}
                totals.clear()
                self.log({"step": self.step, "images_per_s": round(rate, 2), **row})
            if time.monotonic() - saved > 180:
                self.save()
                saved = time.monotonic()
            if self.step % evaluate_every == 0:
                self.report()
        self.save()
        self.report()

    def averaged(self) -> tuple[Student, Tensor]:
        """Return a copy of the student with averaged weights, and the averaged styles (characters, w_dim)."""
        copy = Student(self.student.config)
        for target, value in zip(copy.parameters(), self.average, strict=False):
            target.data.copy_(value)
        return copy.eval(), self.average[-1].cpu()

    def report(self) -> None:
        """Evaluate the averaged weights on held-out rows; write figures and a contact sheet."""
        student, styles = self.averaged()
        result = evaluate(student, styles, self.held_out, limit_per_character=20)
        self.log({"step": self.step, "held_out": result})
        contact_sheet(student, styles, self.held_out, self.run / f"sheet_{self.step:06d}.png")

    def log(self, row: dict[str, object]) -> None:
        """Append a row to the run's log and say it."""
        logger.info("%s", row)
        with self.log_path.open("a") as file:
            file.write(json.dumps(row) + "\n")

    def save(self) -> None:
        """Write the checkpoint beside its place and move it there."""
        state = {
            "spec_hash": controls.spec_hash(),
            "config": self.student.config.to_json(),
            "names": self.names,
            "step": self.step,
            "student": self.student.state_dict(),
            "styles": self.styles.state_dict(),
            "average": self.average,
            "optimiser": self.optimiser.state_dict(),
        }
        partial = self.run / "checkpoint.partial"
        torch.save(state, partial)
        partial.replace(self.run / "checkpoint.pt")

    def start_from(self, folder: Path) -> None:
        """Begin with exported weights, such as the shipped ones, instead of at random.

        Characters they know keep their style; others start with the mean style.

        Raises:
            WeightsError: they are missing, damaged or made for something else.
        """
        weights = find_weights(folder)
        self.student.load_state_dict(load_file(weights.folder / SAFETENSORS_FILE))
        known = {
            card.name: torch.from_numpy(load_character(characters_folder(folder) / card.name).w)
            for card in list_cards(folder)
        }
        mean = torch.stack(list(known.values())).mean(0)
        with torch.no_grad():
            for index, name in enumerate(self.names):
                self.styles.weight[index] = known.get(name, mean)
        self.average = [parameter.detach().clone() for parameter in self.parameters]

    def resume(self, path: Path) -> None:
        """Continue from a checkpoint; characters it does not know start with the mean style.

        Raises:
            SpecMismatchError: it belongs to another control spec.
            WeightsError: it belongs to another architecture.
        """
        state = torch.load(path, map_location=self.device, weights_only=True)
        if state["spec_hash"] != controls.spec_hash():
            raise SpecMismatchError(
                f"{path}: made for control spec {state['spec_hash']}, this is {controls.spec_hash()}"
            )
        if StudentConfig.from_json(state["config"]) != self.student.config:
            raise WeightsError(f"{path}: another architecture ({state['config']})")
        self.student.load_state_dict(state["student"])
        with torch.no_grad():
            known = state["styles"]["weight"]
            for index, name in enumerate(self.names):
                source = known[state["names"].index(name)] if name in state["names"] else known.mean(0)
                self.styles.weight[index] = source
        if state["names"] == self.names:
            self.average = state["average"]
            self.optimiser.load_state_dict(state["optimiser"])
            self.step = int(state["step"])
        else:
            self.average = [parameter.detach().clone() for parameter in self.parameters]


def main() -> None:
    """Train the student on a data set made by `animirror dataset make --views student`."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("data", type=Path, help="folder of the data set")
    parser.add_argument("--run", type=Path, required=True, help="where checkpoints, log and contact sheets go")
    parser.add_argument("--resume", type=Path, help="checkpoint to continue from (default: the run's own)")
    parser.add_argument("--start-from", type=Path, help="exported weights to begin with")
    parser.add_argument("--steps", type=int, default=6000)
    parser.add_argument("--batch", type=int, default=8)
    parser.add_argument("--rate", type=float, default=2e-3)
    parser.add_argument("--coarse-steps", type=int, default=800, help="batches at 128 px first")
    parser.add_argument("--minutes", type=float, default=1e9, help="stop after this long")
    parser.add_argument("--workers", type=int, default=1, help="processes that compute structure maps")
    parser.add_argument("--evaluate-every", type=int, default=500)
    arguments = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    arguments.run.mkdir(parents=True, exist_ok=True)
    schedule = Schedule(
        steps=arguments.steps, batch=arguments.batch, rate=arguments.rate, coarse_steps=arguments.coarse_steps
    )
    trainer = Trainer(arguments.data, arguments.run, schedule, StudentConfig())
    checkpoint = arguments.resume or arguments.run / "checkpoint.pt"
    if checkpoint.exists():
        trainer.resume(checkpoint)
    elif arguments.start_from:
        trainer.start_from(arguments.start_from)
    trainer.train(arguments.minutes, arguments.evaluate_every, arguments.workers)


if __name__ == "__main__":
    main()
