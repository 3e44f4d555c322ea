"""What is quoted from documents and rows, as harmless Markdown: strangers wrote it."""

import re

from graph.reasoning.harmless.marks import MARK
from graph.reasoning.harmless.sanitizing import sanitize
from graph.reasoning.harmless.words import addresses_in

_ROUND = str.maketrans("[]【】［］", "()()()", "\\")
"""Brackets that are no marker's."""


def quotation(text: str) -> str:
    """Return quoted text without images, links and tags, in which nothing passes for a marker of ours.

    Addresses that stand in it as plain text stay: repeating them carries nothing away. Those of the web lose
    what makes a reader's program take them for a link.
    """
    shown = sanitize(text, kept=addresses_in(text, of_links=True))
    return re.sub(MARK, _rounded, shown, flags=re.IGNORECASE)


def _rounded(mark: re.Match[str]) -> str:
    """Return a marker in round brackets, apart from what is before it: `](3)` were a link."""
    before = mark.string[: mark.start()]
    joined = bool(before) and not before[-1].isspace() and before[-1] not in "[("
    return f"{' ' if joined else ''}{mark[0].translate(_ROUND)}"
