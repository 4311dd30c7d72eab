"""Programs that throw mutated input at readers."""
