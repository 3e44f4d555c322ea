"""Words and sentences: the plain-text layer under ranking and reasoning."""
