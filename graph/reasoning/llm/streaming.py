"""A model's draft, passed on while it is written."""

import re
from collections.abc import Iterable, Sequence

from graph.reasoning.harmless.marks import ENCODED, decode
from graph.reasoning.llm.lines import Line
from graph.reasoning.llm.reading import Event, ReplyReader
from graph.reasoning.llm.sources import Source
from tools.types import Rows

_RUNS = re.compile(f"({ENCODED.pattern})")


class DraftStream:
    """Passes on what is certainly harmless, as Markdown with the markers of the final answer.

    A word is passed on when it is complete. What follows a suspicious character waits until it is decided,
    at the latest at the end of its line; so does a line whose beginning does not tell what it is. Tables come
    with the final answer.
    """

    def __init__(self, sources: Sequence[Source]) -> None:
        self._reader = ReplyReader(sources)
        self._tables = frozenset(source.number for source in sources if isinstance(source.item, Rows))
        self._citations: dict[int, int] = {}
        """Citation by source, in the order of first appearance."""
        self._line = Line(kind="blank")
        self._begun = False
        """True when something of the line was shown."""
        self._break = ""
        """Line ends that stand before the next words."""
        self._step = 0
        self._listed = False
        """True while a line of text goes on a list item."""
        self._marked: list[int] = []
        """Citations shown since the last words."""
        self._last = ""

    def feed(self, piece: str) -> str:
        """Return what these characters make certain."""
        return self._shown(self._reader.feed(piece))

    def close(self) -> str:
        """Return the rest."""
        return self._shown(self._reader.close())

    def _shown(self, events: Iterable[Event]) -> str:
        shown = []
        for event in events:
            if isinstance(event, Line):
                self._begin(event)
            elif self._line.kind == "row":
                for source in decode(event):
                    self._citation(source)
            else:
                shown += [self._show(piece) for piece in _RUNS.split(event) if piece]
        return "".join(shown)

    def _begin(self, line: Line) -> None:
        self._line, self._begun = line, False
        self._marked.clear()
        if line.has_words and line.kind != "row":
            self._break = self._break or "\n"
            self._listed = line.kind != "text" or self._listed
            return
        self._break, self._listed = "\n\n", False
        if line.number in self._tables and line.kind == "table":
            self._citation(line.number)
        if line.kind in ("row", "table"):
            self._step = 0

    def _show(self, piece: str) -> str:
        text = self._marks(piece) if ENCODED.match(piece) else self._words(piece)
        if not text:
            return ""
        opening = "" if self._begun else self._opening()
        self._begun = True
        self._last = text[-1]
        return opening + text

    def _words(self, words: str) -> str:
        words = re.sub(" {2,}", " ", words)
        words = words if self._begun and self._last != " " else words.lstrip(" ")
        if words.strip(" "):
            self._marked.clear()
        return words

    def _marks(self, encoded: str) -> str:
        citations = [self._citation(source) for source in decode(encoded)]
        new = [citation for citation in citations if citation not in self._marked]
        blank = " " if self._begun and not self._marked and self._last not in " (（" and new else ""
        self._marked += new
        return blank + "".join(f"[{citation}]" for citation in new)

    def _opening(self) -> str:
        """Return what stands before a line's first words; steps count as the final answer counts them."""
        line_break, self._break = self._break if self._last else "", ""
        if self._line.kind == "step":
            self._step += 1
            return f"{line_break}{self._step}. "
        if self._line.kind == "item" or not self._listed:
            self._step = 0
        return line_break + ("- " if self._line.kind == "item" else "")

    def _citation(self, source: int) -> int:
        return self._citations.setdefault(source, len(self._citations) + 1)
