"""Who things belong to."""

LOCAL = "local"
"""Owner of what is done on this machine without a key, and through the command line."""
