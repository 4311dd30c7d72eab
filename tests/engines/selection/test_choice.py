"""What follows from measurements, in words; without measuring."""

from __future__ import annotations

from engines.backends.candidate import Candidate
from engines.selection.choice import ranked, reason, rejected, why_not
from engines.selection.trial import Trial

OPENVINO_BF16 = Trial(candidate=Candidate(backend="openvino", precision="bf16"), ms=11.04, parity_db=84.0)
OPENVINO_F32 = Trial(candidate=Candidate(backend="openvino", precision="f32"), ms=17.0, parity_db=120.0)
ONNXRUNTIME = Trial(candidate=Candidate(backend="onnxruntime", precision="f32", provider="CPU"), ms=21.55)
TENSORRT = Trial(candidate=Candidate(backend="tensorrt"), refusal="no card")
ALL = [ONNXRUNTIME, OPENVINO_F32, TENSORRT, OPENVINO_BF16]


def test_fastest_comes_first_and_refused_ones_not_at_all() -> None:
    """The order is the times'."""
    assert ranked(ALL) == [OPENVINO_BF16, OPENVINO_F32, ONNXRUNTIME]
    assert ranked([TENSORRT]) == []


def test_every_other_way_has_its_reason() -> None:
    """Slower ones with both figures, refused ones with the refusal; a backend's only way is called by its name."""
    assert rejected(ALL, OPENVINO_BF16.candidate) == {
        "onnxruntime": "slower: 21.6 ms a picture against 11.0",
        "openvino f32": "slower: 17.0 ms a picture against 11.0",
        "tensorrt": "no card",
    }


def test_reason_names_the_field_the_figure_and_the_day() -> None:
    """How many there were, how fast it is, when that was measured."""
    assert reason(ALL, OPENVINO_BF16.candidate, "now") == "fastest of 3 that run here: 11.0 ms a picture, measured now"
    assert reason([ONNXRUNTIME, TENSORRT], ONNXRUNTIME.candidate, "2026-11-23") == (
        "the only one that runs here: 21.6 ms a picture, measured 2026-11-23"
    )
    assert "fastest that could be opened again of 3" in reason(ALL, ONNXRUNTIME.candidate, "now")


def test_what_was_never_measured_says_so() -> None:
    """A trial without figure and without refusal hides nothing."""
    assert why_not(Trial(candidate=Candidate(backend="torch")), OPENVINO_BF16) == "not measured"


def test_candidate_is_named_by_its_parts() -> None:
    """Backend, provider, precision: those there are."""
    assert ONNXRUNTIME.candidate.name == "onnxruntime CPU f32"
    assert TENSORRT.candidate.name == "tensorrt"
