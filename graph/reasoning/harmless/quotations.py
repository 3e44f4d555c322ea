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
    what makes a reader's program take them for a link. Doing it again changes nothing.
    """
    shown = sanitize(text, kept=addresses_in(text, of_links=True))
    return re.sub(MARK, lambda mark: mark[0].translate(_ROUND), shown, flags=re.IGNORECASE)
