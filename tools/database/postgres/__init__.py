"""PostgreSQL as a source of the engine."""
