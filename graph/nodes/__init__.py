"""One file per node, each one coroutine of the same name."""
