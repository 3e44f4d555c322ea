"""The plumbline command: one module for each group of commands."""
