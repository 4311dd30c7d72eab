"""Where each person is in each picture, as a folder of greyscale PNG files."""

from __future__ import annotations

from pathlib import Path

from PIL import Image

from realtime.recording.recording import Moment


class MaskWriter:
    """Writes `person-<id>/<frame>.png`: 8 bits, 255 where the picture shows the person, as large as the picture.

    Args:
        folder: where to, existing.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._frame = 0
        self.count = 0

    def put(self, moment: Moment) -> None:
        """Write the masks of the next moment; people without one get no file for this frame."""
        for person in moment.people:
            if person.mask is None:
                continue
            folder = self._folder / f"person-{person.person_id}"
            folder.mkdir(exist_ok=True)
            Image.fromarray(person.mask).save(folder / f"{self._frame:06d}.png")
            self.count += 1
        self._frame += 1
