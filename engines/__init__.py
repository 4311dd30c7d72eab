"""Characters, the generator that draws them, and the engines that run it."""
