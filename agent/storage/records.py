"""The values that are kept."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Generic, Literal, TypeVar

from agent.answer import Answer
from agent.events import Event

RunStatus = Literal["running", "completed", "failed", "cancelled"]
Thumb = Literal["up", "down"]
Record = TypeVar("Record")


@dataclass(frozen=True, slots=True, kw_only=True)
class Page(Generic[Record]):
    """A part of a list."""

    items: Sequence[Record]
    next: str | None
    """Cursor of the part that follows; None when this is the last."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Earlier:
    """An exchange of a conversation that was held elsewhere."""

    question: str
    answer: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Thread:
    """A conversation."""

    id: str
    owner: str
    title: str
    """The beginning of its first question; empty before."""
    created: datetime
    updated: datetime
    history: tuple[Earlier, ...] = ()
    """What was said elsewhere before the thread began."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """The work on one message."""

    id: str
    thread_id: str
    owner: str
    question: str
    status: RunStatus
    attempts: int
    """How often it was begun; more than once when a process died over it."""
    started: datetime
    ended: datetime | None = None
    answer: Answer | None = None
    error: str | None = None
    """With status `failed`: what happened and what to do."""
    site: str | None = None
    groups: tuple[str, ...] = ()
    attributes: tuple[tuple[str, str | int | float | bool | None], ...] = ()
    """With `groups`: on whose behalf it is done, so that it can be taken up again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """One message of a thread."""

    id: str
    thread_id: str
    run_id: str
    role: Literal["user", "assistant"]
    content: str
    created: datetime
    answer: Answer | None = None
    """Of the assistant's messages."""
    feedback: "Feedback | None" = None
    """What the owner said of the assistant's message."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """An event of a run with its place, counted from 1."""

    run_id: str
    sequence: int
    event: Event


@dataclass(frozen=True, slots=True, kw_only=True)
class Feedback:
    """What an owner thinks of an answer."""

    run_id: str
    thumb: Thumb
    reason: str = ""
    correction: str = ""
    """What the answer should have been."""
    created: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class HandOff:
    """A conversation that a person is to take over."""

    id: str
    thread_id: str
    owner: str
    site: str | None
    contact: str
    """How to reach the visitor, in their own words; may be empty."""
    note: str
    created: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Key:
    """An API key, without its secret."""

    id: str
    name: str
    owner: str
    digest: str
    """SHA-256 of the secret, in hexadecimal digits."""
    scopes: tuple[str, ...]
    groups: tuple[str, ...] = ()
    attributes: tuple[tuple[str, str | int | float | bool | None], ...] = ()
    created: datetime
    revoked: datetime | None = None
