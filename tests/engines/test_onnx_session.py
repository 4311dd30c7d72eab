"""ONNX Runtime's sessions: providers are what was asked for, or the reason why not."""

from __future__ import annotations

from pathlib import Path

import pytest

from engines.errors import BackendError
from engines.network import OUTPUT
from engines.onnx_session import OnnxSession, available_providers, compiled, register_plugin
from engines.sample_inputs import sample_inputs
from engines.weights import find_weights


@pytest.fixture(scope="module")
def content() -> bytes:
    """Return the shipped network."""
    return find_weights().onnx.read_bytes()


def test_cpu_is_always_among_the_providers() -> None:
    """And nothing that computes elsewhere over a network."""
    assert available_providers()[-1] == "CPU"
    assert "Azure" not in available_providers()


def test_provider_that_cannot_take_the_network_is_refused(content: bytes) -> None:
    """A provider without a single operator of it: ONNX Runtime would run all of it on the CPU."""
    from onnxruntime import get_available_providers

    if "AzureExecutionProvider" not in get_available_providers():
        pytest.skip("this build has no provider that computes nothing")
    with pytest.raises(BackendError, match=r"refuses student\.onnx: .*fallback to CPU EP has been explicitly disabled"):
        OnnxSession("student.onnx", content, 1, provider="Azure")


def test_plugin_that_is_no_library_is_refused(tmp_path: Path) -> None:
    """What the system's loader says stands in the message; once more, it says the same."""
    library = tmp_path / "libplugin.so"
    library.write_bytes(b"no library")
    for _ in range(2):
        with pytest.raises(BackendError, match=r"ONNX Runtime cannot load libplugin\.so: "):
            register_plugin("Nothing", library)


def test_compiling_for_a_provider_that_is_not_there_is_refused(content: bytes) -> None:
    """The same words as for a session."""
    with pytest.raises(BackendError, match=r"no provider 'NvTensorRTRTX' here; this build has "):
        compiled("student.onnx", content, "NvTensorRTRTX", batch=1)


def test_compiling_what_is_no_network_is_refused() -> None:
    """The library's own words, behind the file's name."""
    with pytest.raises(BackendError, match=r"cannot compile student\.onnx: ."):
        compiled("student.onnx", b"nothing", "CPU")


def test_run_with_another_input_is_an_error_of_ours(content: bytes) -> None:
    """The file's name and what is missing."""
    session = OnnxSession("student.onnx", content, 1)
    inputs = sample_inputs(find_weights())
    del inputs["w"]
    with pytest.raises(BackendError, match=r"cannot run student\.onnx: .*w"):
        session.run([OUTPUT], inputs)
