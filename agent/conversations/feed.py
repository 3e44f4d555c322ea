"""The events of one run under way, kept in memory for any number of followers."""

import asyncio
from bisect import bisect_right
from collections.abc import Callable, Sequence

from agent.events import Event, Token
from agent.storage.records import Told

TOGETHER_SECONDS = 0.02
"""Tokens that come closer to one another are told together."""
ATTEMPT = 1_000_000
"""A run that is taken up anew counts on from here, and so on: a number is never told twice."""


class Feed:
    """Numbers what happens in a run and shows it to followers.

    A follower is nothing but the place it has reached: it may begin anywhere, stop, and come back.
    """

    def __init__(
        self, run_id: str, *, attempt: int, keep: Callable[[Told], None], earlier: Sequence[Told] = ()
    ) -> None:
        """Go on behind what earlier attempts told; `keep` is given every event of this one."""
        self._run_id = run_id
        self._told = list(earlier)
        self._last = (attempt - 1) * ATTEMPT
        self._keep = keep
        self._news = asyncio.Event()
        self._held = ""
        self._pause: asyncio.TimerHandle | None = None
        self.over = asyncio.Event()
        """Set when nothing more will be told."""

    def tell(self, event: Event) -> None:
        """Tell an event; tokens that follow one another closely become one."""
        if isinstance(event, Token) and not event.restart:
            self._held += event.text
            if self._pause is None:
                self._tell_held()
            return
        self._flush()
        self._keep_and_show(event)

    def number(self, events: Sequence[Event]) -> list[Told]:
        """Give the last events their places without telling them, because they are not committed yet."""
        self._flush()
        return [self._number(event) for event in events]

    def show(self, told: Sequence[Told]) -> None:
        """Show events that are kept already."""
        self._told.extend(told)
        self._news.set()
        self._news.clear()

    def close(self) -> None:
        """Let followers go."""
        if self._pause is not None:
            self._pause.cancel()
        self.over.set()
        self._news.set()

    async def after(self, sequence: int) -> Sequence[Told]:
        """Return what follows a place, as soon as there is something; nothing when it is over."""
        while (place := self._place(sequence)) == len(self._told) and not self.over.is_set():
            await self._news.wait()
        return self._told[place:]

    def _place(self, sequence: int) -> int:
        return bisect_right(self._told, sequence, key=lambda told: told.sequence)

    def _tell_held(self) -> None:
        self._pause = asyncio.get_running_loop().call_later(TOGETHER_SECONDS, self._end_pause)
        self._flush()

    def _end_pause(self) -> None:
        self._pause = None
        if self._held:
            self._tell_held()

    def _flush(self) -> None:
        if self._held:
            text, self._held = self._held, ""
            self._keep_and_show(Token(text=text))

    def _keep_and_show(self, event: Event) -> None:
        told = self._number(event)
        self._keep(told)
        self.show([told])

    def _number(self, event: Event) -> Told:
        self._last += 1
        return Told(run_id=self._run_id, sequence=self._last, event=event)
