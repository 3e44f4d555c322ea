"""Threads and runs: what people do with the assistant, whichever front they came through."""
