"""Capabilities: knowledge, database, ranking and models, each usable without the graph."""
