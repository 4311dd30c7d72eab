"""Motion clips."""
