"""Whether a text holds a fact, however it is set."""

import re


def folded(text: str) -> str:
    """Return a text in one case and spacing, without marks of emphasis and thousands separators."""
    text = re.sub(r"(?<=\d)[, \u00a0\u202f](?=\d{3}\b)", "", text.replace("*", ""))
    return " ".join(text.casefold().split())


def holds(text: str, fact: str) -> bool:
    """Tell whether a folded text holds a fact, or one of the alternatives that `|` joins."""
    return any(folded(alternative) in text for alternative in fact.split("|"))
