"""How the generator learns; the only part besides the torch backend that imports torch."""
