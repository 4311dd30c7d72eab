"""Tests of `scripts.parity`."""
