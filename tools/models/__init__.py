"""Models: the bundled sentence embedder and how it was made."""
