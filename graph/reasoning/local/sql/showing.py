"""Which columns show what a question asks to see."""

from dataclasses import replace

from graph.reasoning.local.sql.elements import Element, Elements
from graph.reasoning.local.sql.frame import Frame, Target
from graph.reasoning.local.sql.lexicon import word_set
from graph.reasoning.local.sql.meanings import Meaning
from graph.reasoning.local.sql.paths import Paths
from graph.reasoning.local.sql.query import NotUnderstood
from graph.reasoning.local.sql.words import root

_ADDABLE = frozenset(
    map(root, word_set("quantity total hours amount stock units pieces count minutes days copies"))
)
"""Words in names of columns of which the sum over rows means something."""
_PARTS_OF_NAMES = word_set("first last")


class Showing:
    """The things that one reading shows."""

    def __init__(self, frame: Frame, meaning: Meaning, elements: Elements, paths: Paths) -> None:
        """Note what each phrase means."""
        self._frame = frame
        self._meaning = meaning
        self._elements = elements
        self._paths = paths
        self.targets = self._wanted()
        """All of them, with what must be added up."""

    def _wanted(self) -> list[Target]:
        """Return the targets without rows of which columns are named: "sort the shops, show their names"."""
        named = {
            self._meaning.element(item.mention).table
            for item in self._frame.targets
            if item.function is None and item.mention is not None and not item.mention.is_table
        }
        return [
            self._added_up(item)
            for item in self._frame.targets
            if item.function is not None
            or item.everything
            or item.mention is None
            or not item.mention.is_table
            or self._meaning.element(item.mention).table not in named
        ]

    def _added_up(self, target: Target) -> Target:
        """Add up what "how many" asks of several rows: hours and pieces; show it of a row that is named."""
        if not target.summed or target.function is not None or target.mention is None:
            return target
        element = self._meaning.element(target.mention)
        limits = [self._meaning.element(found.mention) for found in self._frame.filters]
        one = any(limit.table == element.table and self._paths.identifies(limit) for limit in limits)
        if self._frame.superlative or (one and not (self._frame.groups or self._frame.each)):
            return target
        if not _ADDABLE & set(self._elements.words(element)):
            raise NotUnderstood("it is not said how the numbers are put together")
        return replace(target, function="sum")

    def columns_of(self, target: Target) -> list[Element]:
        """Return the columns that a target shows as they are."""
        if target.function is not None or target.mention is None or target.everything:
            return []
        return self.columns(self._meaning.element(target.mention))

    def columns(self, element: Element) -> list[Element]:
        """Return a column, or the columns that name the rows of a table.

        Raises:
            NotUnderstood: The rows have no name.
        """
        if element.column is not None:
            return [element]
        display = self._elements.display(element.table)
        if display is not None:
            return [display]
        parts = [
            item
            for item in self._elements.columns(element.table)
            if "name" in self._elements.words(item) and _PARTS_OF_NAMES & set(self._elements.words(item))
        ]
        if not parts:
            raise NotUnderstood("the rows have no name")
        return parts
