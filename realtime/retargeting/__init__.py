"""From what was seen of a person to the controls of a character."""
