"""TensorRT, by two roads: TensorRT proper, and TensorRT for RTX, which ONNX Runtime loads as a plug-in."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

from engines.backends.cuda import why_no_driver
from engines.backends.tensorrt_network import TensorRtNetwork, has_plan, network_file
from engines.backends.tensorrt_rtx import TensorRtRtxNetwork, has_compiled
from engines.errors import BackendError
from engines.network import Network, NetworkOptions, Precision
from engines.weights import Weights

#: Name of the second road; the first has none.
RTX = "RTX"
#: Packages of either road.
_PACKAGES: dict[str | None, tuple[str, ...]] = {
    None: ("tensorrt", "cuda.bindings"),
    RTX: ("onnxruntime_ep_nv_tensorrt_rtx",),
}
_EXTRAS = "pip install animirror[tensorrt] (data centre and all cards), or animirror[tensorrt-rtx] (GeForce 30 on)"
_PRECISIONS: tuple[Precision, ...] = ("f16", "f32")


def roads() -> tuple[tuple[str | None, Precision], ...]:
    """Return the roads that are installed, each with its precisions, the first to take first.

    Raises:
        BackendError: there is no driver, or no road is installed.
    """
    reason = why_no_driver()
    if reason:
        raise BackendError(f"{reason}; packages here: {', '.join(_installed()) or 'none'}")
    found = tuple(
        (road, precision)
        for road, packages in _PACKAGES.items()
        if all(map(_is_there, packages))
        for precision in _PRECISIONS
    )
    if not found:
        missing = "; ".join(" and ".join(packages) for packages in _PACKAGES.values())
        raise BackendError(f"no package of TensorRT can be imported (needs {missing}); {_EXTRAS}")
    return found


def open_tensorrt(weights: Weights, options: NetworkOptions, cache: Path) -> Network:
    """Return the network on a road: the one asked for, else the first that works.

    Raises:
        BackendError: none does, with the reason of each.
        DeviceMemoryError: the card has no memory for it.
    """
    wanted = {road for road, _ in roads()} if options.provider is None else {options.provider}
    if not wanted <= set(_PACKAGES):
        raise BackendError(f"TensorRT has no road {options.provider!r}; leave engine.provider out, or RTX")
    precision: Precision = options.precision or _PRECISIONS[0]
    reasons = []
    for road in sorted(wanted, key=lambda road: road is not None):
        try:
            if road == RTX:
                return TensorRtRtxNetwork(weights, network_file(weights, precision), precision, cache)
            return TensorRtNetwork(weights, precision, cache)
        except BackendError as error:
            if len(wanted) == 1:
                raise
            reasons.append(str(error))
    raise BackendError("; ".join(reasons))


def why_slow(weights: Weights, options: NetworkOptions, cache: Path) -> str | None:
    """Return why opening takes longer than a start may: a plan must be built first; None where it is there.

    Raises:
        BackendError: it cannot run here at all.
    """
    precision: Precision = options.precision or _PRECISIONS[0]
    if options.provider == RTX:
        kept = has_compiled(network_file(weights, precision), precision, cache)
    else:
        kept = has_plan(weights, precision, cache)
    if kept:
        return None
    return "no plan is built yet: `animirror engines --measure` builds and measures it, or ask for --engine tensorrt"


def _installed() -> list[str]:
    return [package for packages in _PACKAGES.values() for package in packages if _is_there(package)]


def _is_there(package: str) -> bool:
    try:
        return find_spec(package) is not None
    except ModuleNotFoundError:
        return False
