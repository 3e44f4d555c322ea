"""SQLite as a source of the engine."""
