"""Everything that can go wrong on the engines' side.

EnginesError
├── AvatarError        an avatar file cannot be read or used; the message names the part and what to do
├── MotionError        a motion file cannot be read or used; the message says what to do
├── CharacterError     a character folder is missing, incomplete or damaged
├── WeightsError       trained weights are missing, damaged or made for something else
│   └── SpecMismatchError   they were made for another control spec
├── BackendError       a backend cannot run here; the message carries the reason
│   └── DeviceMemoryError   the device has no memory left; fewer pictures at once may still go
├── FilmError          pictures cannot be written to a file
├── ViewsError         a sheet's key views are described in a way that cannot be drawn
├── DatasetError       a data set cannot be written, read or mixed
└── TrainingError      a training cannot begin or go on; what it had learnt is kept
    └── CheckpointError     a checkpoint cannot be written, is damaged, or belongs to another training
"""

from __future__ import annotations


class EnginesError(Exception):
    """Base of every error that `engines` raises on purpose."""


class AvatarError(EnginesError):
    """An avatar file cannot be read or used."""


class MotionError(EnginesError):
    """A motion file cannot be read or used."""


class CharacterError(EnginesError):
    """A character is missing, incomplete or damaged."""


class WeightsError(EnginesError):
    """Trained weights are missing, damaged or made for something else."""


class SpecMismatchError(WeightsError):
    """Weights, data or a recording were made for another control spec."""


class BackendError(EnginesError):
    """A backend cannot run here; the message says why."""


class DeviceMemoryError(BackendError):
    """The device has no memory left for this; fewer pictures at once may still go."""


class DatasetError(EnginesError):
    """A data set cannot be written, read or mixed."""


class ViewsError(EnginesError):
    """A sheet's key views are described in a way that cannot be drawn."""


class FilmError(EnginesError):
    """Pictures cannot be written to a file."""


class TrainingError(EnginesError):
    """A training cannot begin or go on; what it had learnt is kept."""


class CheckpointError(TrainingError):
    """A checkpoint cannot be written, is damaged, or belongs to another training."""
