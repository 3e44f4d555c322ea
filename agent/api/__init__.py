"""The HTTP front: FastAPI over a `Host`."""
