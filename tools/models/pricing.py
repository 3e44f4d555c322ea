"""Tokens and what they cost."""

from collections.abc import Iterable
from dataclasses import dataclass
from math import ceil

from tools.types import Message

BYTES_A_TOKEN = 3
"""Too few for English (about four), one character of Chinese: an estimate that is rather too high."""
TOKENS_A_MESSAGE = 4
"""What a chat template adds around each message."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """Tokens of one reply, or of several together."""

    input_tokens: int = 0
    cached_tokens: int = 0
    """Part of `input_tokens`."""
    output_tokens: int = 0
    estimated: bool = False

    def __add__(self, other: "Usage") -> "Usage":
        """Return the usage of both."""
        return Usage(
            input_tokens=self.input_tokens + other.input_tokens,
            cached_tokens=self.cached_tokens + other.cached_tokens,
            output_tokens=self.output_tokens + other.output_tokens,
            estimated=self.estimated or other.estimated,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Price:
    """US dollars for a million tokens of one model."""

    input: float = 0.0
    output: float = 0.0
    cached_input: float | None = None
    """As much as `input` by default."""

    def cost(self, usage: Usage) -> float:
        """Return what the tokens cost, in US dollars."""
        cached = self.input if self.cached_input is None else self.cached_input
        fresh_tokens = usage.input_tokens - usage.cached_tokens
        micros = fresh_tokens * self.input + usage.cached_tokens * cached + usage.output_tokens * self.output
        return micros / 1_000_000


def tokens_of(text: str) -> int:
    """Estimate the tokens of a text from its bytes, rounded up."""
    return ceil(len(text.encode("utf-8", "replace")) / BYTES_A_TOKEN)


def tokens_of_all(messages: Iterable[Message]) -> int:
    """Estimate the tokens of a conversation."""
    return sum(tokens_of(message.text) + TOKENS_A_MESSAGE for message in messages)
