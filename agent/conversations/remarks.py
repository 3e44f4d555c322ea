"""What people write besides questions."""

import unicodedata
from collections.abc import Sequence

from agent.storage.records import Earlier
from tools.errors import InvalidInput

MOST_EXCHANGES = 50
"""That a thread may begin with."""
LONGEST_SAYING = 16_000
"""Characters of a question or an answer among them."""


def remark(text: str, *, what: str, most: int) -> str:
    """Return text as it can be kept: without control characters and broken surrogates.

    Raises:
        InvalidInput: It is longer than `most` characters.
    """
    if len(text) > most:
        raise InvalidInput(f"the {what} has {len(text)} characters, at most {most} are kept; shorten it")
    whole = text.encode("utf-8", "replace").decode("utf-8")
    return "".join(one for one in whole if one in "\n\t" or unicodedata.category(one) != "Cc").strip()


def exchanges(history: Sequence[Earlier]) -> tuple[Earlier, ...]:
    """Return what was said elsewhere as it can be kept.

    Raises:
        InvalidInput: It is too long.
    """
    if len(history) > MOST_EXCHANGES:
        raise InvalidInput(f"the history has {len(history)} exchanges; give the last {MOST_EXCHANGES}")
    return tuple(
        Earlier(
            question=remark(earlier.question, what="earlier question", most=LONGEST_SAYING),
            answer=remark(earlier.answer, what="earlier answer", most=LONGEST_SAYING),
        )
        for earlier in history
    )
