"""Speeds, measured and written down."""
