"""Characters: listed, shown, made of a user's avatar, sampled, and mixed."""
