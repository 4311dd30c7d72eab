"""Tests of the selection of a backend."""
