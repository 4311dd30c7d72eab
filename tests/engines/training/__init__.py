"""Tests of engines.training."""
