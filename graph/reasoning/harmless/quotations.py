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
    rounded = re.sub(MARK, _rounded, shown, flags=re.IGNORECASE)
    return shown if rounded == shown else quotation(rounded)  # other brackets may make something else of it


def _rounded(mark: re.Match[str]) -> str:
    """Return a marker in round brackets, apart from its neighbours: `](3)` were a link, `(3)x.y/z` a word."""
    before, behind = mark.string[: mark.start()], mark.string[mark.end() :]
    ahead = " " if before and not before[-1].isspace() and before[-1] not in "[(" else ""
    after = " " if behind and (behind[0].isalnum() or behind[0] == "_") else ""
    return f"{ahead}{mark[0].translate(_ROUND)}{after}"
