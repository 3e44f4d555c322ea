"""The fake of the chat port, proved equal to the real adapter by `tests/contracts/test_chat.py`."""

import re
from collections.abc import AsyncGenerator, Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import TypeAlias

from pydantic import BaseModel, ValidationError

from tools.errors import ModelError, ModelOutputError
from tools.metering import Call, Meter
from tools.models.pricing import tokens_of, tokens_of_all
from tools.ports import ReplyType
from tools.types import Prompt

Reply: TypeAlias = str | BaseModel | ModelError
"""What the model says: a text, an object, or an error that is raised."""
OUTPUT_TOKENS = 100


class FakeChat:
    """Says what it is told to; records prompts and honours the meter.

    Args:
        replies: Given in order, one a call; or what to reply to a prompt.
        name: Of the model.
        available: What `ping` raises, if anything.
    """

    def __init__(
        self,
        replies: Iterable[Reply] | Callable[[Prompt], Reply],
        *,
        name: str = "fake",
        available: ModelError | None = None,
    ) -> None:
        self.name = name
        self.prompts: list[Prompt] = []
        self._reply = replies if callable(replies) else _in_order(replies)
        self._available = available

    async def text(self, prompt: Prompt, *, meter: Meter) -> str:
        """Return the reply."""
        with self._asked(prompt, meter) as call:
            return _said(self._reply(prompt), call)

    async def stream(self, prompt: Prompt, *, meter: Meter) -> AsyncGenerator[str]:
        """Yield the reply word by word."""
        with self._asked(prompt, meter) as call:
            for piece in re.findall(r"\s*\S+\s*", _said(self._reply(prompt), call)):
                yield piece

    async def typed(
        self, prompt: Prompt, form: type[ReplyType], *, meter: Meter, optional: bool = False
    ) -> ReplyType:
        """Return the reply as an object of the form."""
        with self._asked(prompt, meter, optional=optional) as call:
            said = _said(self._reply(prompt), call)
            try:
                return form.model_validate_json(said)
            except ValidationError as error:
                raise ModelOutputError(
                    "the reply is not of the form asked for; correct the script"
                ) from error

    async def ping(self) -> None:
        """Raise what the model is to be unavailable for."""
        if self._available is not None:
            raise self._available

    @contextmanager
    def _asked(self, prompt: Prompt, meter: Meter, *, optional: bool = False) -> Iterator[Call]:
        tokens = tokens_of_all(prompt.messages)
        meter.admit(tokens=tokens + OUTPUT_TOKENS, usd=0.0, optional=optional)
        self.prompts.append(prompt)
        with meter.call(prompt=prompt.name, prompt_hash=prompt.hash, model=self.name) as call:
            call.attempts, call.input_tokens = 1, tokens
            yield call


def _in_order(replies: Iterable[Reply]) -> Callable[[Prompt], Reply]:
    rest = iter(replies)

    def reply(_prompt: Prompt) -> Reply:
        following = next(rest, None)
        if following is None:
            raise AssertionError("the model was asked for more replies than were scripted")
        return following

    return reply


def _said(reply: Reply, call: Call) -> str:
    """Return a reply's text, or raise it."""
    if isinstance(reply, ModelError):
        raise reply
    said = reply.model_dump_json() if isinstance(reply, BaseModel) else reply
    call.output_tokens = tokens_of(said)
    if not said.strip():
        raise ModelOutputError("the reply is empty; correct the script")
    return said
