"""From avatar files to labelled pictures."""
