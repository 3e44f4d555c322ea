"""What the API takes and gives about threads and their messages, as JSON."""

from datetime import datetime
from typing import Annotated, Literal

from fastapi import Path, Query
from pydantic import BaseModel, ConfigDict, Field

from agent.answer import Answer
from agent.rendering import to_html
from agent.storage.records import Earlier, Feedback, Message, Page, Thread, Thumb

MOST_AT_ONCE = 200
"""Things of one page of a list."""
THREAD_ID = "3f2a9c0b5d7e4f1a8c6b2e9d0f4a7c31"
RUN_ID = "b81d5e0a97c34f62a0d3c5e7f9124680"
CREATED = "2026-03-16T09:30:00Z"


ThreadId = Annotated[str, Path(pattern=r"^[A-Za-z0-9_\-]{1,64}$", examples=[THREAD_ID])]
RunId = Annotated[str, Path(pattern=r"^[0-9a-f]{32}$", examples=[RUN_ID])]
Cursor = Annotated[
    str | None, Query(max_length=200, description="Where to go on: `next` of the part before.")
]
Limit = Annotated[int, Query(ge=1, le=MOST_AT_ONCE, description="Most of them.")]


class Taken(BaseModel):
    """What a request carries; unknown keys are refused."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Given(BaseModel):
    """What a reply carries."""

    model_config = ConfigDict(frozen=True)


class EarlierTaken(Taken):
    """An exchange of a conversation that was held elsewhere."""

    question: str
    answer: str

    def as_record(self) -> Earlier:
        """Return it as the conversations know it."""
        return Earlier(question=self.question, answer=self.answer)


class ThreadTaken(Taken):
    """A thread to open; everything may be left out."""

    history: list[EarlierTaken] = []
    """What was said elsewhere before."""
    thread_id: Annotated[str, Field(pattern=r"^[A-Za-z0-9_\-]{1,64}$")] | None = None
    """With scope admin: the id it is to have; a thread of this id is returned as it is."""


class MessageTaken(Taken):
    """A question, or the reply to what was asked back."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"content": "How long is the warranty?"}]})

    content: str
    """Up to 8,000 characters."""


class ThreadGiven(Given):
    """A conversation."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "thread_id": THREAD_ID,
                    "title": "How long is the warranty?",
                    "created_at": CREATED,
                    "updated_at": CREATED,
                }
            ]
        }
    )

    thread_id: str
    title: str
    """The beginning of its first question; empty before."""
    created_at: datetime
    updated_at: datetime

    @classmethod
    def of(cls, thread: Thread) -> "ThreadGiven":
        """Render a thread."""
        return cls(
            thread_id=thread.id, title=thread.title, created_at=thread.created, updated_at=thread.updated
        )


class ThreadsGiven(Given):
    """Some of the caller's threads, latest first."""

    threads: list[ThreadGiven]
    next: str | None
    """Pass it as `cursor` for the threads that follow; null when there are no more."""

    @classmethod
    def of(cls, page: Page[Thread]) -> "ThreadsGiven":
        """Render a page of threads."""
        return cls(threads=[ThreadGiven.of(thread) for thread in page.items], next=page.next)


class AnswerGiven(Answer):
    """An answer with everything needed to check it."""

    html: str
    """The answer as HTML that is safe to show; citations are elements with `data-citation`."""

    @classmethod
    def of(cls, answer: Answer) -> "AnswerGiven":
        """Render an answer."""
        return cls.model_construct(**dict(answer), html=to_html(answer))


class FeedbackGiven(Given):
    """What the asker thinks of an answer."""

    run_id: str
    thumb: Thumb
    reason: str
    correction: str
    created_at: datetime

    @classmethod
    def of(cls, feedback: Feedback) -> "FeedbackGiven":
        """Render feedback."""
        return cls(
            run_id=feedback.run_id,
            thumb=feedback.thumb,
            reason=feedback.reason,
            correction=feedback.correction,
            created_at=feedback.created,
        )


class MessageGiven(Given):
    """One message of a thread."""

    id: str
    run_id: str
    role: Literal["user", "assistant"]
    content: str
    html: str | None
    """Of the assistant's messages: HTML that is safe to show."""
    created_at: datetime
    answer: Answer | None
    """Of the assistant's messages."""
    feedback: FeedbackGiven | None

    @classmethod
    def of(cls, message: Message) -> "MessageGiven":
        """Render a message."""
        return cls(
            id=message.id,
            run_id=message.run_id,
            role=message.role,
            content=message.content,
            html=to_html(message.answer) if message.answer is not None else None,
            created_at=message.created,
            answer=message.answer,
            feedback=FeedbackGiven.of(message.feedback) if message.feedback is not None else None,
        )


class ThreadRead(ThreadGiven):
    """A conversation with some of its messages, oldest first."""

    messages: list[MessageGiven]
    next: str | None
    """Pass it as `cursor` for the messages that follow; null when there are no more."""

    @classmethod
    def with_messages(cls, thread: Thread, page: Page[Message]) -> "ThreadRead":
        """Render a thread with a page of its messages."""
        return cls(
            **dict(ThreadGiven.of(thread)),
            messages=[MessageGiven.of(message) for message in page.items],
            next=page.next,
        )
