"""How a run ends: what is kept of it and what is told last."""

from collections.abc import Sequence
from dataclasses import dataclass

from agent.answer import Answer
from agent.events import Done, Event, Failed, RunEnd, concluding


@dataclass(frozen=True, slots=True, kw_only=True)
class Ending:
    """The end of a run."""

    status: RunEnd
    answer: Answer | None = None
    error: str | None = None
    """With status `failed`: what happened and what to do."""
    events: Sequence[Event]
    """What is told last."""


def completed(answer: Answer) -> Ending:
    """End with an answer: its sources first, then what it asks back."""
    return Ending(status="completed", answer=answer, events=concluding(answer))


def failed(error: str) -> Ending:
    """End without an answer."""
    return Ending(status="failed", error=error, events=[Failed(message=error), Done(status="failed")])


def cancelled() -> Ending:
    """End because somebody wanted it to."""
    return Ending(status="cancelled", events=[Done(status="cancelled")])


def went_wrong(run_id: str) -> Ending:
    """End with an error that nobody but the operator can do anything about."""
    return failed(f"something went wrong here; the operator finds it in the log under run {run_id}")


def lost() -> Ending:
    """End because process after process died over the run."""
    return failed("the server stopped while this was being answered, more than once; ask again")
