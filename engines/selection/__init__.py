"""Finds out which way of running the network is fastest on this machine, and remembers it."""
