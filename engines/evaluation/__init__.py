"""How good weights are, measured on the pictures that the run time draws with them."""
