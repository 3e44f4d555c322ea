"""The catalogue of named queries: checking them, choosing one for a question, filling its variables."""
