"""Every error Plumbline raises on purpose, named for who must act.

    PlumblineError
    ├── ConfigurationError   the operator: a file, key, path or version is wrong
    │   └── StoreInUse       the operator: another process holds the embedded store
    ├── InvalidInput         the caller: the question or argument cannot be used
    │   └── NotFound         there is no such thing, or it is somebody else's
    ├── Conflict             the caller: something else is under way there; wait for it, or end it
    ├── AccessDenied         the caller: the credentials do not allow it
    │   └── Unauthenticated  there are none, or they are not valid
    ├── TooManyRequests      the caller: slow down
    ├── RejectedQuery        the asker: a SQL statement is refused, with the reason
    ├── LoadingError         the document's owner: a file cannot be read, with the reason
    │   └── AccessUnclear    the same: nobody can tell who may read it, so nobody may
    ├── TransientError       nobody: a service is away; try again or answer without it
    │   └── DeadlineExceeded the work took longer than its budget
    ├── ModelError           nobody: the language model is of no help here; answer without it
    │   ├── ModelUnavailable away, overloaded or too slow, after retries; or not asked, because it was lately
    │   ├── ModelRefused     the operator: key, model name or request is not accepted; retrying is useless
    │   └── ModelOutputError the reply is cut off, empty, or not of the form asked for
    └── BudgetExceeded       the asker: the question may not spend more; go on without what it would buy

A message says what happened, where, and what to do, in one line.
"""

from typing import Literal

Limit = Literal["seconds", "tokens", "usd", "model_calls"]
"""What a question may run out of."""
Problem = Literal[
    "refused",
    "syntax",
    "unknown_table",
    "unknown_column",
    "ambiguous",
    "type",
    "parameters",
    "too_expensive",
    "too_large",
    "timeout",
]
"""What is wrong with a SQL statement: all but the first can be mended by writing another."""


class PlumblineError(Exception):
    """Base of everything raised on purpose."""


class ConfigurationError(PlumblineError):
    """The installation is set up wrongly; the operator must change something."""


class StoreInUse(ConfigurationError):
    """Another process holds the embedded store, which serves one process at a time."""


class InvalidInput(PlumblineError):
    """The caller passed something that cannot be used."""


class NotFound(InvalidInput):
    """There is no such thing for this caller."""


class Conflict(PlumblineError):
    """It cannot be done now, because something else is under way."""


class AccessDenied(PlumblineError):
    """The caller is known and may not do this."""


class Unauthenticated(AccessDenied):
    """The caller showed no credentials, or credentials that are not valid (any more, or here)."""


class TooManyRequests(PlumblineError):
    """The caller has used up what it may do in a while."""

    def __init__(self, message: str, retry_after: float) -> None:
        """Say in how many seconds it may try again."""
        super().__init__(message)
        self.retry_after = retry_after


class RejectedQuery(PlumblineError):
    """A SQL statement is refused, by us or by the database; the message is the reason."""

    def __init__(self, message: str, problem: Problem = "refused") -> None:
        """Say what kind of problem it is, so that who wrote the statement can mend it."""
        super().__init__(message)
        self.problem: Problem = problem


class LoadingError(PlumblineError):
    """A document cannot be turned into text; the message is the reason."""


class AccessUnclear(LoadingError):
    """A document says that not everybody may read it, and not who may: no version of it may be served."""


class TransientError(PlumblineError):
    """A service is away or failed for now."""


class DeadlineExceeded(TransientError):
    """The work took longer than it was allowed to."""


class ModelError(PlumblineError):
    """The language model gave no usable reply; the message never repeats what it or its endpoint said."""


class ModelUnavailable(ModelError):
    """The endpoint is away, overloaded or slow, or was so a moment ago."""


class ModelRefused(ModelError):
    """The endpoint does not accept the key, the model's name or the request."""


class ModelOutputError(ModelError):
    """The reply is cut off, empty, or not of the form that was asked for."""


class BudgetExceeded(PlumblineError):
    """One more model call would exceed what the question may spend."""

    def __init__(self, limit: Limit, message: str) -> None:
        """Name the limit that would be exceeded."""
        super().__init__(message)
        self.limit: Limit = limit
