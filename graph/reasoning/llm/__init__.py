"""Judgment with a language model, whose every word is untrusted until it is checked."""
