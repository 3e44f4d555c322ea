"""What counts as a question."""

import unicodedata

from tools.errors import InvalidInput

LONGEST_QUESTION = 8_000
"""Characters; longer messages are documents, not questions."""


def clean(question: str) -> str:
    """Return a question as plain text: no control characters, no broken surrogates.

    Raises:
        InvalidInput: Nothing readable is left, it is mostly not text, or it is too long.
    """
    text = question.encode("utf-8", "replace").decode("utf-8")
    if not text.isprintable():
        text = "".join(
            " " if unicodedata.category(character) in ("Cc", "Cs", "Co", "Cn") else character
            for character in text
        )
    kept = " ".join(text.split())
    if not kept:
        raise InvalidInput("the question is empty; ask something in words")
    if len(kept) > LONGEST_QUESTION:
        raise InvalidInput(
            f"the question has {len(kept)} characters, at most {LONGEST_QUESTION} are read; "
            "shorten it, or ingest the text as a document"
        )
    if sum(character.isalnum() for character in kept) * 4 < len(kept.replace(" ", "")) or "�" * 3 in kept:
        raise InvalidInput("the question is not readable text; ask something in words")
    return kept
