"""The student: the small network that runs, and how it learns."""
