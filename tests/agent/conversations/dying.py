"""A process that says a message and is killed at a chosen moment: `python dying.py FOLDER MOMENT`."""

import asyncio
import sys
from pathlib import Path
from typing import Any

from agent.answer import Answer
from agent.session import Session
from tests.agent.conversations.opened import HeldPlanner, begun, caller_of, knowing, opened


class Stuck(Session):
    """Hangs when the graph has come to its end and kept it."""

    async def ask(self, question: str, **more: Any) -> Answer:  # noqa: ANN401  # passes all on
        """Ask, and never return."""
        await super().ask(question, **more)
        print("answered", flush=True)  # noqa: T201  # tells the test that the moment has come
        await asyncio.Event().wait()
        raise AssertionError


async def main(folder: Path, moment: str) -> None:
    """Say a message, tell its ids, and come to the moment."""
    planner = HeldPlanner()
    async with opened(
        folder, knowing(planner), session=Stuck if moment == "answered" else Session
    ) as conversations:
        thread_id, run_id = await begun(conversations, caller_of())
        print(thread_id, run_id, flush=True)  # noqa: T201  # as above
        if moment == "planning":
            await planner.began.wait()
            print("planning", flush=True)  # noqa: T201  # as above
        elif moment == "answered":
            planner.let.set()
        await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]), sys.argv[2]))
