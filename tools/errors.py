"""Every error Plumbline raises on purpose, named for who must act.

    PlumblineError
    ├── ConfigurationError   the operator: a file, key, path or version is wrong
    │   └── StoreInUse       the operator: another process holds the embedded store
    ├── InvalidInput         the caller: the question or argument cannot be used
    ├── RejectedQuery        the asker: a SQL statement is refused, with the reason
    ├── LoadingError         the document's owner: a file cannot be read, with the reason
    └── TransientError       nobody: a service is away; try again or answer without it
        └── DeadlineExceeded the work took longer than its budget

A message says what happened, where, and what to do, in one line.
"""


class PlumblineError(Exception):
    """Base of everything raised on purpose."""


class ConfigurationError(PlumblineError):
    """The installation is set up wrongly; the operator must change something."""


class StoreInUse(ConfigurationError):
    """Another process holds the embedded store, which serves one process at a time."""


class InvalidInput(PlumblineError):
    """The caller passed something that cannot be used."""


class RejectedQuery(PlumblineError):
    """A SQL statement is refused; the message is the reason."""


class LoadingError(PlumblineError):
    """A document cannot be turned into text; the message is the reason."""


class TransientError(PlumblineError):
    """A service is away or failed for now."""


class DeadlineExceeded(TransientError):
    """The work took longer than it was allowed to."""
