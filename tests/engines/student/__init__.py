"""Tests of the student."""
