"""Judgment without a language model: small models on the CPU, statistics of the corpus, and rules."""
