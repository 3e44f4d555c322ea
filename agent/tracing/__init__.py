"""Use cases of recorded runs: look at one, run it again, change a step, compare two, keep one as a test."""
