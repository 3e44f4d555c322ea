"""A question with everything that its phrases may mean, for the rules to choose from."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from typing import TypeVar

from graph.reasoning.local.sql.elements import Candidate, Element, Elements
from graph.reasoning.local.sql.frame import Days, Mention
from graph.reasoning.local.sql.joins import Joins
from graph.reasoning.local.sql.lexicon import DETERMINERS, NUMBERS, word_set
from graph.reasoning.local.sql.superlatives import Superlative, superlative_at
from graph.reasoning.local.sql.values import Values
from graph.reasoning.local.sql.words import IRREGULAR_PLURALS, Token, root

Meaning = TypeVar("Meaning")

_LONGEST_NAME = 6
_LONGEST_VALUE = 10
_NEAR_BEST = 0.75
_KEYWORD = 0.9
_SAID = 0.2
_PAIR = 2
_KEY = 0.6
_MOST_CANDIDATES = 8
_MOST_MOMENTS = 60
_INNER = frozenset({"of", "the", "in", "a", "an"})
_UNNAMED = word_set(
    "a an the of in and or is are was were do does did have has had all each that who which what how"
)


class Lattice:
    """One question over one schema."""

    def __init__(
        self,
        tokens: tuple[Token, ...],
        elements: Elements,
        joins: Joins,
        values: Values,
        periods: Mapping[int, tuple[int, Days]],
    ) -> None:
        """Link every phrase.

        Args:
            tokens: The question.
            elements: The schema.
            joins: Its foreign keys.
            values: What is in the columns; those of the tables that matter are read.
            periods: First token of each period of time → its end and its days.
        """
        self.tokens = tokens
        self.elements = elements
        self.joins = joins
        self.values = values
        self.periods = periods
        self._tables: dict[int, list[Mention]] = {}
        self._columns: dict[int, list[Mention]] = {}
        self._values: dict[int, list[Mention]] = {}
        for start in range(len(tokens)):
            self._link_names(start)

    def __len__(self) -> int:
        """Return the number of tokens."""
        return len(self.tokens)

    def word(self, at: int) -> str:
        """Return the folded token at a place, or nothing behind the end."""
        return self.tokens[at].folded if at < len(self.tokens) else ""

    def tables(self, at: int) -> list[Mention]:
        """Return the phrases from a place on that mean tables."""
        return self._tables.get(at, [])

    def columns(self, at: int) -> list[Mention]:
        """Return the phrases from a place on that mean columns."""
        return self._columns.get(at, [])

    def named_values(self, at: int) -> list[Mention]:
        """Return the phrases from a place on that are values in the database, the longest first."""
        if at not in self._values:
            self._values[at] = list(self._find_values(at))
        return self._values[at]

    def phrase(self, at: int, phrases: Mapping[tuple[str, ...], Meaning]) -> tuple[int, Meaning] | None:
        """Return the end and the meaning of the longest of some phrases that stands here."""
        for size in range(_LONGEST_NAME, 0, -1):
            words = tuple(token.folded for token in self.tokens[at : at + size])
            if len(words) == size and words in phrases:
                return at + size, phrases[words]
        return None

    def among(self, at: int, phrases: Collection[tuple[str, ...]]) -> list[int]:
        """Return the ends of those phrases that stand here, the longest first."""
        words = tuple(token.folded for token in self.tokens[at : at + _LONGEST_NAME])
        return [at + size for size in range(len(words), 0, -1) if words[:size] in phrases]

    def past_determiners(self, at: int) -> int:
        """Return the place behind articles and the like."""
        while self.word(at) in DETERMINERS or (self.word(at) == "of" and self.word(at + 1) == "the"):
            at += 1
        return at

    def superlative(self, at: int) -> Superlative | None:
        """Return the superlative that stands here."""
        return superlative_at(self.word(at), self.word(at + 1), at)

    def ranked(self, mention: Mention) -> Mention | None:
        """Return the columns that can be more or less than a number."""
        found = tuple(
            item
            for item in mention.candidates
            if self.elements.kind(item.element) == "number"
            or self.amount(item.element)
            or self.moment(item.element)
        )
        return replace(mention, candidates=found) if found else None

    def figured(self, mention: Mention, *, moments: bool) -> Mention | None:
        """Return the columns of amounts, and of moments when those may be compared as well."""
        found = tuple(
            item
            for item in mention.candidates
            if self.amount(item.element) or (moments and self.moment(item.element))
        )
        return replace(mention, candidates=found) if found else None

    def all_amounts(self, mention: Mention) -> bool:
        """Tell whether a phrase can mean nothing but columns of amounts."""
        return not mention.is_table and all(self.amount(item.element) for item in mention.candidates)

    def is_rows(self, mention: Mention) -> bool:
        """Tell whether "order" or "orders" means rows rather than the column `ordered_on`."""
        if mention.is_table or not any(one.end == mention.end for one in self.tables(mention.start)):
            return False
        return all(self.moment(item.element) for item in mention.candidates)

    def is_plural(self, mention: Mention) -> bool:
        """Tell whether the last word of a phrase means several."""
        word = self.word(mention.end - 1)
        return word.endswith("s") or word in IRREGULAR_PLURALS

    def measurable(self, mention: Mention) -> Mention | None:
        """Return the columns of which one value is more than another: amounts and moments."""
        found = tuple(
            item for item in mention.candidates if self.amount(item.element) or self.moment(item.element)
        )
        return replace(mention, candidates=found) if found else None

    def moment(self, element: Element) -> bool:
        """Tell whether a column holds dates or years."""
        if self.elements.kind(element) == "date" or self.values.dated(element):
            return True
        return "year" in self.elements.words(element)

    def measured(self, at: int, end: int, nouns: tuple[str, ...]) -> Mention | None:
        """Return the columns that an adjective measures, by the nouns it goes with."""
        found: dict[object, Candidate] = {}
        for noun in nouns:
            for candidate in self.elements.find((noun,))[1]:
                known = found.get(candidate.element)
                if known is None or known.score < candidate.score:
                    found[candidate.element] = candidate
        if not found:
            return None
        return self._mention(at, end, self.by_verb(found.values()))

    def by_verb(self, candidates: Iterable[Candidate]) -> list[Candidate]:
        """Prefer columns of which other words of the question speak: "released" for a year of release."""
        weighed = (
            replace(
                found, score=found.score + _SAID * len(self._stems & set(self.elements.words(found.element)))
            )
            for found in candidates
        )
        return sorted(weighed, key=lambda candidate: -candidate.score)

    @cached_property
    def _stems(self) -> frozenset[str]:
        return frozenset(token.stem for token in self.tokens)

    @cached_property
    def moments(self) -> tuple[Element, ...]:
        """The columns that hold dates or years; of a huge schema those of the tables that are named."""
        found = tuple(element for element in self.elements.everything if self.moment(element))
        if len(found) <= _MOST_MOMENTS:
            return found
        named = {
            one.element.table
            for mentions in self._tables.values()
            for two in mentions
            for one in two.candidates
        }
        return tuple(element for element in found if element.table in named)[:_MOST_MOMENTS]

    def _link_names(self, start: int) -> None:
        for end in range(start + 1, min(start + _LONGEST_NAME, len(self.tokens)) + 1):
            last = self.tokens[end - 1]
            if last.kind not in {"word", "number"}:
                return
            if last.folded in _UNNAMED or self.word(start) in _UNNAMED:
                if end == start + 1 or last.folded not in _INNER:
                    return
                continue
            phrase = [token.stem for token in self.tokens[start:end] if token.folded not in _INNER]
            if len(phrase) == 1 and self.tokens[start].folded in NUMBERS:
                continue
            tables, columns = self._named(start, end, phrase)
            if tables and len(phrase) == end - start:
                self._tables.setdefault(start, []).append(self._mention(start, end, tables))
            if columns:
                self._columns.setdefault(start, []).append(self._mention(start, end, columns))

    def _named(self, start: int, end: int, phrase: list[str]) -> tuple[list[Candidate], list[Candidate]]:
        tables, found = self.elements.find(phrase)
        if not found and len(phrase) == _PAIR:
            together = root("".join(token.folded for token in self.tokens[start:end]))
            found = [replace(one, score=one.score + 1) for one in self.elements.called(together)]
        counting = self.word(start) in {"number", "count", "amount"} and self.word(start + 1) == "of"
        inner = _KEYWORD * (end - start - len(phrase))
        columns = [
            replace(kept, score=kept.score + inner)
            for one in found
            if (kept := self._unless_key(one, phrase, counting)) is not None
        ]
        return tables, sorted(columns, key=lambda candidate: -candidate.score)

    def _unless_key(self, found: Candidate, phrase: list[str], counting: bool) -> Candidate | None:
        """Doubt that a key is meant by the name of the rows it identifies; nobody says "number of" it."""
        element = found.element
        if not self.joins.is_key(element):
            return found
        if counting:
            return None
        edge = self.joins.references.get(element)
        place = edge.parent if edge is not None else element.table
        rows = set(self.elements.words(Element(table=place)))
        if not set(phrase) <= rows:
            return found
        named = edge is None and self.elements.kind(element) == "text"
        return replace(found, score=found.score - _KEY) if named else None

    def keys(self, mention: Mention) -> Mention | None:
        """Return the columns of numbers that identify the rows of the tables a phrase may mean."""
        found = tuple(
            replace(candidate, element=element)
            for candidate in mention.candidates
            for element in self.elements.columns(candidate.element.table)
            if self.elements.kind(element) == "number"
            and self.elements.table(element).primary_key == (self.elements.column(element).name,)
        )
        return replace(mention, candidates=found) if found else None

    def amount(self, element: Element) -> bool:
        """Tell whether a column holds amounts: numbers that are neither keys nor years."""
        numeric = self.elements.kind(element) == "number" or self.values.numeric(element)
        return numeric and not self.joins.is_key(element) and "year" not in self.elements.words(element)

    def _find_values(self, at: int) -> Iterator[Mention]:
        if self.tokens[at].kind == "quoted":
            found = self.values.find(self.tokens[at : at + 1])
            if found:
                yield self._mention(at, at + 1, found)
            return
        for end in range(min(at + _LONGEST_VALUE, len(self.tokens)), at, -1):
            inside = self.tokens[at:end]
            if (
                inside[0].kind == "mark"
                or inside[-1].kind == "mark"
                or any(token.kind == "quoted" for token in inside)
            ):
                continue
            found = self.values.find(inside)
            if found and not self._is_schema_word(inside, found):
                yield self._mention(at, end, found)

    def _is_schema_word(self, inside: Sequence[Token], found: Sequence[Candidate]) -> bool:
        """Tell "states" as a column from "State" as a value that is spelled otherwise."""
        token = inside[0]
        if len(inside) > 1 or not token.text.islower():
            return False
        if any(one.score >= 1 for one in self.elements.find((token.stem,))[0]):
            return True
        if not self.elements.called(token.stem):
            return False
        return not any(value.strip().lower() == token.folded for one in found for value in one.values)

    def _mention(self, start: int, end: int, candidates: list[Candidate]) -> Mention:
        best = candidates[0].score
        near = [candidate for candidate in candidates if candidate.score >= best - _NEAR_BEST]
        return Mention(start, end, tuple(near[:_MOST_CANDIDATES]))
