"""Measurements, run by `python -m bench`: they print tables and pass no judgement on the code."""
