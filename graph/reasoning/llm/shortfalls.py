"""How a reader is told that the language model was of no help: what happened, never what it said."""

from tools.errors import (
    BudgetExceeded,
    ModelError,
    ModelOutputError,
    ModelRefused,
    ModelUnavailable,
    PlumblineError,
)
from tools.types import Note

REASONS: tuple[tuple[type[ModelError], str], ...] = (
    (ModelUnavailable, "is not available"),
    (ModelRefused, "refused the request"),
    (ModelOutputError, "gave no usable reply"),
)
LIMITS = {"seconds": "time", "tokens": "tokens", "usd": "money", "model_calls": "model calls"}


def told(done: str, error: PlumblineError) -> Note:
    """Return the note of something that was done by the local mode instead.

    Args:
        done: What was done, such as "written".
        error: Why a model did not do it; its message is for operators and is not repeated.
    """
    if isinstance(error, BudgetExceeded):
        spent = LIMITS[error.limit]
        return f"The question's budget of {spent} is used up; this was {done} without the language model."
    reason = next((words for kind, words in REASONS if isinstance(error, kind)), "failed")
    return f"The language model {reason}; this was {done} without it."
