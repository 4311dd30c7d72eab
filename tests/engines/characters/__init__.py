"""Tests of characters: listed, shown, made, sampled, mixed."""
