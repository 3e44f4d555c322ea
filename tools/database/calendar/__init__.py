"""Days and periods of time in English words."""
