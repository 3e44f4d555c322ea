"""Why a statement is refused, on its way out of the guard's checks."""

from collections.abc import Iterable
from difflib import get_close_matches

from tools.errors import Problem

_MOST_SHOWN = 80


class Refused(Exception):
    """Carries the reason, for whoever wrote the statement, and what kind of problem it is."""

    def __init__(self, reason: str, problem: Problem = "refused") -> None:
        super().__init__(reason)
        self.problem: Problem = problem


def shown(name: str) -> str:
    """Quote a name on one line, cut when nobody would read it to the end."""
    return repr(name if len(name) <= _MOST_SHOWN else f"{name[:_MOST_SHOWN]}…")


def meant(name: str, choices: Iterable[str]) -> str:
    """Say which of the choices a name may have been meant for; empty when none is alike."""
    spelled = {choice.lower(): choice for choice in choices}
    close = get_close_matches(name[:_MOST_SHOWN].lower(), spelled, n=1)
    return f"; did you mean {shown(spelled[close[0]])}?" if close else ""
