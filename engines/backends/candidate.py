"""One way of running the network: a backend, a precision, and which of the backend's roads."""

from __future__ import annotations

from dataclasses import dataclass

from engines.network import NetworkOptions, Precision


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A way of running the network that may or may not work here.

    Args:
        backend: of `engines.backends.catalogue.BACKENDS`.
        precision: in which it computes; None where the backend cannot even say which it has.
        provider: see `engines.network.NetworkOptions`.
    """

    backend: str
    precision: Precision | None = None
    provider: str | None = None

    @property
    def name(self) -> str:
        """Words for it, e.g. "onnxruntime CUDA f16"."""
        return " ".join(part for part in (self.backend, self.provider, self.precision) if part)

    def options(self, threads: int) -> NetworkOptions:
        """Return how its network is opened."""
        return NetworkOptions(threads=threads, precision=self.precision, provider=self.provider)
