"""One call of the port: its attempts, its deadline, and its line in the question's record."""

import asyncio
import random
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from math import inf
from typing import TypeVar

from tools.metering import Call, Meter
from tools.models.breaker import Passage
from tools.models.endpoint import Endpoint
from tools.models.failures import SLOW, Failed
from tools.models.pricing import Price, Usage, tokens_of_all
from tools.types import Message, Prompt

LONGEST_BACKOFF_SECONDS = 8.0
FEWEST_OUTPUT_TOKENS = 64
"""A shorter reply is of no use: with less of the budget left, the call is refused."""

Result = TypeVar("Result")


class Turn:
    """A call that was admitted; `open_turn` makes it."""

    def __init__(
        self,
        endpoint: Endpoint,
        *,
        meter: Meter,
        call: Call,
        price: Price,
        output_tokens: int,
        until: float,
    ) -> None:
        self.passage = Passage()
        self.output_tokens = output_tokens
        """Longest reply of one request."""
        self.ends = until
        """The event loop's time by which the attempt under way must be over."""
        self._endpoint = endpoint
        self._meter = meter
        self._call = call
        self._price = price
        self._until = until
        self._failed = 0
        self._used: Usage | None = None

    async def send(self, attempt: Callable[[], Awaitable[Result]]) -> Result:
        """Attempt until it succeeds, waiting in between.

        Raises:
            Failed: It did not succeed, and another attempt makes no sense or has no time.
        """
        while True:
            try:
                return await self._once(attempt)
            except Failed as failed:
                await self._wait_after(failed)

    async def in_time(self, step: Awaitable[Result]) -> Result:
        """Await a step of the attempt under way, and note what it tells about the endpoint."""
        try:
            async with asyncio.timeout_at(self.ends):
                result = await step
        except TimeoutError as error:
            self.passage.alive = False
            raise Failed(SLOW) from error
        except Failed as failed:
            self.passage.alive = not failed.kind.dead
            raise
        self.passage.alive = True
        return result

    def used(self, usage: Usage) -> None:
        """Write down what a reply used."""
        self._used = usage if self._used is None else self._used + usage
        _note(self._call, self._used, self._price)

    def affords(self, messages: Sequence[Message]) -> bool:
        """Tell whether the budget has room for one more request."""
        more = Usage(input_tokens=tokens_of_all(messages), output_tokens=self.output_tokens)
        tokens = self._meter.tokens + more.input_tokens + more.output_tokens
        usd = self._meter.usd + self._price.cost(more)
        return tokens <= self._meter.budget.tokens and usd <= self._meter.budget.usd

    def ended(self) -> None:
        """Correct the record of a call that got no reply."""
        if self._used is None:
            _note(self._call, Usage(), self._price)

    async def _once(self, attempt: Callable[[], Awaitable[Result]]) -> Result:
        now = asyncio.get_running_loop().time()
        if now >= self._until:
            raise Failed(SLOW)
        self.ends = min(self._until, now + self._endpoint.timeout_seconds)
        self._call.attempts += 1
        return await self.in_time(attempt())

    async def _wait_after(self, failed: Failed) -> None:
        if not failed.kind.again:
            raise failed
        self._failed += 1
        if self._failed >= self._endpoint.attempts:
            raise failed
        doubled = self._endpoint.backoff_seconds * 2.0 ** (self._failed - 1)
        jitter = random.uniform(0.5, 1.0)  # noqa: S311  spreads the load; nobody gains by guessing it
        wait = min(doubled, LONGEST_BACKOFF_SECONDS) * jitter
        if failed.wait_seconds is not None:
            wait = failed.wait_seconds
        if asyncio.get_running_loop().time() + wait >= self._until:
            raise failed
        await asyncio.sleep(wait)


@asynccontextmanager
async def open_turn(
    endpoint: Endpoint,
    prompt: Prompt,
    *,
    meter: Meter,
    model: str,
    price: Price,
    output_tokens: int,
    extra_tokens: int = 0,
    optional: bool = False,
) -> AsyncIterator[Turn]:
    """Admit a call and write it down, however it ends.

    Until the endpoint says what was used, the record holds the most that could be, so that the calls
    beside this one cannot spend it too.

    Args:
        endpoint: Where the model is.
        prompt: What is asked.
        meter: The question's.
        model: Its name.
        price: Of its tokens.
        output_tokens: Longest reply; shorter when the budget has less left.
        extra_tokens: Input beside the prompt, such as a schema.
        optional: The answer can do without.

    Raises:
        BudgetExceeded: As the meter does.
        ModelError: What a `Failed` of the block carries.
    """
    asked = tokens_of_all(prompt.messages) + extra_tokens
    limit = _output_limit(output_tokens, meter.budget.tokens - meter.tokens - asked)
    worst = Usage(input_tokens=asked, output_tokens=limit, estimated=True)
    meter.admit(tokens=asked + limit, usd=price.cost(worst), optional=optional)
    until = asyncio.get_running_loop().time() + meter.seconds_left(optional=optional)
    with meter.call(prompt=prompt.name, prompt_hash=prompt.hash, model=model) as call:
        _note(call, worst, price)
        turn = Turn(endpoint, meter=meter, call=call, price=price, output_tokens=limit, until=until)
        try:
            async with endpoint.admitted(until=until) as turn.passage:
                yield turn
        except Failed as failed:
            raise failed.error from (failed.__cause__ or failed)
        finally:
            turn.ended()


def _output_limit(wanted: int, left: float) -> int:
    floor = min(wanted, FEWEST_OUTPUT_TOKENS)
    return wanted if left == inf else max(floor, min(wanted, int(left)))


def _note(call: Call, usage: Usage, price: Price) -> None:
    call.input_tokens = usage.input_tokens
    call.cached_tokens = usage.cached_tokens
    call.output_tokens = usage.output_tokens
    call.estimated = usage.estimated
    call.cost_usd = price.cost(usage)
