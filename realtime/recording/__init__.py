"""Recordings: what was seen of people over time, as files of our own and of other estimators."""
