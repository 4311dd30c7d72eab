"""Backends that run the generator's networks, one library each."""
