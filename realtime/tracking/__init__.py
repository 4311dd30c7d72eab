"""MediaPipe: where people are found in pictures."""
