"""Decides when a run's graph may begin."""

import asyncio

CALM_SECONDS = 0.0005
"""A turn of the event loop that takes less leaves room for work."""
PATIENCE_SECONDS = 0.025
"""Longest that the run at the head of the line is held up."""


class Starts:
    """Lets graphs begin one after another, behind everything that only has to be passed on.

    A graph begins with a burst of work on the processor. Many at once would hold up every reply of the
    process; so the next one begins when a turn of the event loop was short, because those before it wait
    for something, or when it has waited long enough.
    """

    def __init__(self, *, patience_seconds: float = PATIENCE_SECONDS) -> None:
        """Make nobody at the head of the line wait longer than this."""
        self._patience_seconds = patience_seconds
        self._head = asyncio.Lock()

    async def turn(self) -> None:
        """Return when the caller may begin; first come, first served."""
        loop = asyncio.get_running_loop()
        async with self._head:
            latest = loop.time() + self._patience_seconds
            while (before := loop.time()) < latest:
                await asyncio.sleep(0)
                if loop.time() - before < CALM_SECONDS:
                    return
