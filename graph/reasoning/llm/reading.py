"""Read a model's reply as it arrives: which lines it has, and their harmless text.

The stream and the finished draft are both made of what this reader gives out, so that they agree, and they
do so however the reply was cut into pieces.
"""

from collections.abc import Iterator, Sequence
from typing import TypeAlias

from graph.reasoning.harmless.sanitizing import Scanner
from graph.reasoning.harmless.words import visible
from graph.reasoning.llm.lines import Line, line_of
from graph.reasoning.llm.marking import without_markers
from graph.reasoning.llm.sources import Source, addresses_of
from tools.errors import ModelOutputError

Event: TypeAlias = Line | str
"""A line that begins, or text of the line that began last, its markers encoded (see `marks`)."""
LONGEST_REPLY = 20_000
"""Most characters of a reply, reasoning left out: ten times a long answer. A longer one has run away."""
_THOUGHT, _THOUGHT_END = "<think>", "</think>"


class ReplyReader:
    """Turns the pieces of a reply into lines and harmless text.

    Left out are: reasoning between <think> tags, lists of the sources, definitions, and markers of numbers
    that are no sources. The content of a code fence is read as ordinary lines.
    """

    def __init__(self, sources: Sequence[Source]) -> None:
        self._scanner = Scanner(
            sources=frozenset(source.number for source in sources),
            kept=addresses_of(sources),
        )
        self._beginning = ""
        """The current line, until it is known what it is."""
        self._line: Line | None = None
        self._thinking = False
        self._listing = False
        """True inside a list of the sources."""
        self._separated = False
        """True when an empty line was seen inside it."""
        self._room = LONGEST_REPLY
        """Characters that may still come."""

    def feed(self, piece: str) -> Iterator[Event]:
        """Yield what has become certain.

        Raises:
            ModelOutputError: The reply is longer than any answer.
        """
        first, *others = visible(without_markers(piece)).split("\n")
        yield from self._go_on(first)
        for following in others:
            yield from self._end_line()
            self._count("\n")
            yield from self._go_on(following)

    def close(self) -> Iterator[Event]:
        """Yield the rest."""
        yield from self._end_line()

    def _go_on(self, characters: str) -> Iterator[Event]:
        self._count(characters)
        if self._line is None:
            self._beginning += characters
            if not self._thinking:
                yield from self._begin_line(complete=False)
        elif characters and self._is_read(self._line):
            yield self._scanner.feed(characters)

    def _begin_line(self, *, complete: bool) -> Iterator[Event]:
        line = line_of(self._beginning, complete=complete)
        if line is None:
            return
        self._listing = line.kind == "sources" or (self._listing and not self._ends_listing(line))
        self._separated = self._listing and (self._separated or line.kind == "blank")
        self._line = line
        content, self._beginning = self._beginning[line.content :], ""
        if self._is_read(line):
            yield from (line, self._scanner.feed(content))
        elif not self._listing and line.kind != "definition":
            yield line

    def _end_line(self) -> Iterator[Event]:
        if self._line is None:
            self._skip_thought()
            if not self._thinking:
                yield from self._begin_line(complete=True)
        if self._line is not None and self._is_read(self._line):
            yield self._scanner.end()
        self._line = None
        self._beginning = ""

    def _count(self, characters: str) -> None:
        self._room -= 0 if self._thinking else len(characters)
        if self._room < 0:
            raise ModelOutputError("the model's answer does not come to an end; ask another model")

    def _skip_thought(self) -> None:
        if self._beginning.lstrip().startswith(_THOUGHT):
            self._thinking = True
        if self._thinking and _THOUGHT_END in self._beginning:
            self._thinking = False
            self._beginning = self._beginning.rpartition(_THOUGHT_END)[2]

    def _ends_listing(self, line: Line) -> bool:
        return line.kind == "heading" or (
            self._separated and line.kind == "text" and not self._beginning.lstrip().startswith(("[", "【"))
        )

    def _is_read(self, line: Line) -> bool:
        return line.has_words and not self._listing
