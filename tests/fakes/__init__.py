"""Stand-ins for the parts that a test is not about."""
