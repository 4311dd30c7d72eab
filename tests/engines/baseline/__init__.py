"""Tests of direct synthesis."""
