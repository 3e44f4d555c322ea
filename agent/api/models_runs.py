"""What the API takes and gives about runs, the work on one message each, and about hand-offs, as JSON."""

from collections.abc import Sequence
from datetime import datetime
from typing import Literal

from pydantic import ConfigDict

from agent.api.models import CREATED, RUN_ID, THREAD_ID, AnswerGiven, Given, Taken
from agent.storage.records import HandOff, Message, Run, RunStatus, Thumb


class FeedbackTaken(Taken):
    """What the asker thinks of an answer."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"thumb": "down", "reason": "out of date"}]})

    thumb: Thumb
    reason: str = ""
    correction: str = ""
    """What the answer should have been."""


class HandOffTaken(Taken):
    """Asks for a person."""

    contact: str = ""
    """How to reach the asker."""
    note: str = ""


class RunAccepted(Given):
    """The message was kept, and work on it has begun."""

    run_id: str
    thread_id: str


class RunGiven(Given):
    """The work on one message."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "run_id": RUN_ID,
                    "thread_id": THREAD_ID,
                    "question": "How long is the warranty?",
                    "status": "running",
                    "attempts": 1,
                    "started_at": CREATED,
                    "ended_at": None,
                    "answer": None,
                    "error": None,
                }
            ]
        }
    )

    run_id: str
    thread_id: str
    question: str
    status: RunStatus
    attempts: int
    """How often it was begun; more than once when a server died over it."""
    started_at: datetime
    ended_at: datetime | None
    answer: AnswerGiven | None
    error: str | None
    """With status `failed`: what happened and what to do."""

    @classmethod
    def of(cls, run: Run) -> "RunGiven":
        """Render a run."""
        return cls(
            run_id=run.id,
            thread_id=run.thread_id,
            question=run.question,
            status=run.status,
            attempts=run.attempts,
            started_at=run.started,
            ended_at=run.ended,
            answer=AnswerGiven.of(run.answer) if run.answer is not None else None,
            error=run.error,
        )


class Said(Given):
    """A message as a person who takes over reads it."""

    role: Literal["user", "assistant"]
    content: str
    created_at: datetime


class HandOffGiven(Given):
    """A conversation that a person is to take over, with all that was said."""

    action: Literal["handoff"] = "handoff"
    handoff_id: str
    thread_id: str
    contact: str
    note: str
    transcript: list[Said]

    @classmethod
    def of(cls, handoff: HandOff, messages: Sequence[Message]) -> "HandOffGiven":
        """Render a hand-off with the messages of its thread."""
        return cls(
            handoff_id=handoff.id,
            thread_id=handoff.thread_id,
            contact=handoff.contact,
            note=handoff.note,
            transcript=[
                Said(role=message.role, content=message.content, created_at=message.created)
                for message in messages
            ],
        )


class HandOffRead(HandOffGiven):
    """A hand-off as whoever takes over finds it."""

    owner: str
    """Who asked for a person: a key's owner, a visitor, or a user of the site."""
    site: str | None
    created_at: datetime

    @classmethod
    def found(cls, handoff: HandOff, messages: Sequence[Message]) -> "HandOffRead":
        """Render a hand-off of anybody."""
        return cls(
            **dict(HandOffGiven.of(handoff, messages)),
            owner=handoff.owner,
            site=handoff.site,
            created_at=handoff.created,
        )


class HandOffsGiven(Given):
    """Some of the conversations that a person is to take over, latest first."""

    handoffs: list[HandOffRead]
    next: str | None
    """Pass it as `cursor` for those that follow; null when there are no more."""
