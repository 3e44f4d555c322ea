"""When a run's graph may begin."""

import asyncio
import time

from agent.conversations.starting import CALM_SECONDS, Starts


async def test_a_start_waits_while_there_is_more_urgent_work() -> None:
    """And comes as soon as the event loop is calm; the first to come is the first to begin."""
    starts, order = Starts(patience_seconds=60), list[str]()

    async def start(name: str) -> None:
        await starts.turn()
        order.append(name)

    async def pass_on() -> None:
        for _ in range(20):
            time.sleep(CALM_SECONDS * 2)  # noqa: ASYNC251  # a reply that is being written
            await asyncio.sleep(0)
        order.append("passed on")

    await asyncio.gather(pass_on(), start("one"), start("two"))
    assert order == ["passed on", "one", "two"]


async def test_nobody_waits_for_ever() -> None:
    """A process that is never calm answers too."""
    starts, busy = Starts(patience_seconds=0.005), True

    async def pass_on() -> None:
        while busy:
            time.sleep(CALM_SECONDS * 2)  # noqa: ASYNC251  # as above
            await asyncio.sleep(0)

    passing = asyncio.create_task(pass_on())
    await starts.turn()
    await starts.turn()
    busy = False
    await passing


async def test_one_that_gives_up_holds_up_nobody() -> None:
    """Cancelled in the line."""
    starts = Starts()
    first, second, third = (asyncio.create_task(starts.turn()) for _ in range(3))
    await asyncio.sleep(0)
    second.cancel()
    await first
    await third
    assert second.cancelled()
