"""Errors as values, and back: a recording repeats what a call ended with."""

import asyncio
from collections.abc import Mapping

from agent.recording.recording import Call, Failure, Json
from tools import errors
from tools.errors import BudgetExceeded, PlumblineError, RejectedQuery, TooManyRequests

_DETAILS = ("problem", "limit", "retry_after")


class Unplayable(Exception):
    """A recording cannot answer; no node handles it, so that it ends the run and is seen."""


class Unrepeatable(Unplayable):
    """Stands for an error of a kind that is not ours."""


def failure_of(error: BaseException) -> Failure:
    """Write an error down; of those that are not ours only the kind, for nobody knows what they tell."""
    if not isinstance(error, PlumblineError | Unplayable):
        return Failure(type=type(error).__name__, message="not raised on purpose; the log has it")
    details = {name: getattr(error, name) for name in _DETAILS if hasattr(error, name)}
    return Failure(type=type(error).__name__, message=str(error), details=details)


def repeated(call: Call) -> BaseException | None:
    """Return what a recorded call ended with; None when it was answered.

    A call that was given up ended because time ran out, wherever that was noticed.
    """
    if call.interrupted:
        return TimeoutError()
    if call.failure is None:
        return None
    return raised(call.failure)


def raised(failure: Failure) -> BaseException:
    """Return an error as it was; one that is not ours as `Unrepeatable`."""
    kind = getattr(errors, failure.type, None)
    if failure.type == "TimeoutError":
        return TimeoutError()
    if not (isinstance(kind, type) and issubclass(kind, PlumblineError)):
        return Unrepeatable(f"{failure.type}: {failure.message}")
    return _with_details(kind, failure.message, failure.details)


def _with_details(kind: type[PlumblineError], message: str, details: Mapping[str, Json]) -> PlumblineError:
    if kind is RejectedQuery:
        return RejectedQuery(message, details.get("problem", "refused"))
    if kind is BudgetExceeded:
        return BudgetExceeded(details.get("limit", "seconds"), message)
    if kind is TooManyRequests:
        return TooManyRequests(message, float(details.get("retry_after", 1.0)))
    return kind(message)


def was_given_up(error: BaseException) -> bool:
    """Tell whether a call ended because its caller no longer waited."""
    return isinstance(error, asyncio.CancelledError | GeneratorExit)
