"""The tables and columns of a schema as words, and which of them a phrase means."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal, TypeAlias

from graph.reasoning.local.sql.vocabulary import GENERIC, NAMING, PLAIN, SYNONYMS
from graph.reasoning.local.sql.words import identifier_words, root
from tools.database.schema import Column, Schema, TableSchema
from tools.text.words import stems

Kind: TypeAlias = Literal["number", "text", "date", "boolean"]

_OWN = 0.05
_NEAR = 0.25
_PLAIN = 0.02
_GENERIC = 0.2
_OTHER = 0.4
_PART = 0.6
_SYNONYM = 0.9
_ABBREVIATED = 0.8
_DESCRIBED = 0.6
_KIND = 0.5
_SHORTEST_PREFIX = 3
_KINDS = frozenset(map(root, ("year", "date")))
"""Words that say only of what kind a column is, and may be said without being part of its name."""
_GENERIC_ROOTS = frozenset(map(root, GENERIC))
_PLAIN_ROOTS = frozenset(map(root, PLAIN))
_NAME_PARTS = frozenset(map(root, ("first", "last", "surname")))
_NAMING_ROOTS = tuple(tuple(map(root, name.split())) for name in NAMING)


@dataclass(frozen=True, slots=True, kw_only=True)
class Element:
    """A column, or a table when `column` is None, by position in its schema."""

    table: int
    column: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """What a phrase may mean."""

    element: Element
    score: float
    """Number of words understood, less what is missing from the name."""
    values: tuple[str, ...] = ()
    """Spellings in the column, when the phrase is a value of it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Named:
    element: Element
    words: tuple[str, ...]
    owner: frozenset[str]
    """Words of the table's name."""
    near: frozenset[str]
    """Words that people leave out: those of the table, and of the table that is referred to."""
    described: frozenset[str]
    alias: tuple[str, ...] = ()
    """What it may be called besides: the "name" of its rows."""


class Elements:
    """Every table and column of a schema, ready to be found by words."""

    def __init__(self, schema: Schema) -> None:
        """Split all names once."""
        self.schema = schema
        self._named: list[_Named] = []
        self._with_word: dict[str, list[int]] = {}
        self.everything = tuple(
            Element(table=place, column=number)
            for place, table in enumerate(schema.tables)
            for number in range(len(table.columns))
        )
        """All columns."""
        self._kinds = {element: kind_of(self.column(element).type) for element in self.everything}
        self._matches: dict[str, dict[str, float]] = {}
        self._table_words = [identifier_words(table.name) for table in schema.tables]
        self._displays = [self._find_display(place) for place in range(len(schema.tables))]
        for place, table in enumerate(schema.tables):
            self._add(place, table)
        self._vocabulary = tuple(self._with_word)

    def table(self, element: Element) -> TableSchema:
        """Return the table that an element is or belongs to."""
        return self.schema.tables[element.table]

    def column(self, element: Element) -> Column:
        """Return the column that an element is."""
        if element.column is None:
            raise ValueError("a table is no column")
        return self.table(element).columns[element.column]

    def words(self, element: Element) -> tuple[str, ...]:
        """Return the stems of an element's own name."""
        if element.column is None:
            return self._table_words[element.table]
        return identifier_words(self.column(element).name)

    def described(self, element: Element) -> frozenset[str]:
        """Return the stems of what the configuration says about an element."""
        told = self.table(element) if element.column is None else self.column(element)
        return frozenset(stems(told.description))

    def kind(self, element: Element) -> Kind:
        """Return what the column's declared type holds."""
        return self._kinds[element]

    def columns(self, table: int) -> Iterator[Element]:
        """Yield the columns of one table."""
        for place in range(len(self.schema.tables[table].columns)):
            yield Element(table=table, column=place)

    def find(self, phrase: Sequence[str]) -> tuple[list[Candidate], list[Candidate]]:
        """Return the tables and the columns that a phrase of stems may mean, best first.

        Every word of the phrase must be in the element's name, its table's name, or its description.
        """
        matches = [self._known(word) for word in phrase]
        if not all(match or word in _KINDS for match, word in zip(matches, phrase, strict=True)):
            return [], []
        places = {place for match in matches for word in match for place in self._with_word[word]}
        kinds = [word in _KINDS for word in phrase]
        found = [self._weigh(self._named[place], matches, kinds) for place in sorted(places)]
        best = sorted(filter(None, found), key=lambda candidate: -candidate.score)
        tables = [candidate for candidate in best if candidate.element.column is None]
        return tables, [candidate for candidate in best if candidate.element.column is not None]

    def called(self, word: str) -> list[Candidate]:
        """Return the columns with exactly this word in their names."""
        return self.find((word,))[1] if word in self._with_word else []

    def display(self, table: int) -> Element | None:
        """Return the column that names the rows of a table, or None when no single one does."""
        return self._displays[table]

    def _find_display(self, table: int) -> Element | None:
        owner = set(self._table_words[table])
        ranked = []
        for element in self.columns(table):
            words = self.words(element)
            if self.kind(element) != "text":
                continue
            if words in _NAMING_ROOTS:
                ranked.append((0, element))
            elif any(
                words[-len(name) :] == name and set(words[: -len(name)]) <= owner for name in _NAMING_ROOTS
            ):
                ranked.append((1, element))
            elif set(words) <= owner:
                ranked.append((2, element))
        ranked.sort(key=lambda pair: pair[0])
        best = ranked[0][1] if ranked else None
        parts = sum(_NAME_PARTS & set(words) != set() for words in map(self.words, self.columns(table)))
        return None if best is not None and parts > 1 and "name" not in self.words(best) else best

    def _add(self, place: int, table: TableSchema) -> None:
        owner = frozenset(self._table_words[place])
        told = frozenset(stems(table.description))
        words = self._table_words[place]
        self._enter(
            _Named(element=Element(table=place), words=words, owner=owner, near=owner, described=told)
        )
        referred = {name: key.table for key in table.foreign_keys for name in key.columns}
        for number, column in enumerate(table.columns):
            element = Element(table=place, column=number)
            self._enter(
                _Named(
                    element=element,
                    words=identifier_words(column.name),
                    owner=owner,
                    near=owner | set(identifier_words(referred.get(column.name, ""))),
                    described=frozenset(stems(column.description)),
                    alias=_NAMING_ROOTS[0] if element == self._displays[place] else (),
                )
            )

    def _enter(self, named: _Named) -> None:
        for word in {*named.words, *named.described, *named.alias}:
            self._with_word.setdefault(word, []).append(len(self._named))
        self._named.append(named)

    def _known(self, word: str) -> dict[str, float]:
        """Return the words of the schema that a word of the question may stand for."""
        known = self._matches.get(word)
        if known is None:
            pairs = ((own, _likeness(word, own)) for own in self._vocabulary)
            known = self._matches[word] = {own: score for own, score in pairs if score}
        return known

    def _weigh(
        self, named: _Named, matches: Sequence[dict[str, float]], kinds: Sequence[bool]
    ) -> Candidate | None:
        score, used, own = 0.0, set[str](), False
        for match, kind in zip(matches, kinds, strict=True):
            word, quality = _best(match, [word for word in named.words if word not in used])
            if not word:
                word, quality = _best(match, named.alias)
                quality *= _SYNONYM
            if word:
                own = True
            else:
                word, quality = _best(match, named.owner - used)
            if not word:
                word, quality = _best(match, named.described)
                quality *= _DESCRIBED
                own = own or bool(word)
            if not word:
                if not kind or len(matches) == 1 or named.element.column is None:
                    return None
                quality = _KIND
            used.add(word)
            score += quality
        if not own and not (named.element.column is not None and set(named.words) <= named.owner):
            return None
        missing = sum(_cost(word, named) for word in named.words if word not in used)
        return Candidate(element=named.element, score=score - missing)


def kind_of(type_name: str) -> Kind:
    """Return what a type as the database spells it holds; text when unknown."""
    upper = type_name.upper()
    if "BOOL" in upper:
        return "boolean"
    if any(word in upper for word in ("INT", "REAL", "FLOA", "DOUB", "NUM", "DEC", "SERIAL", "MONEY")):
        return "number"
    if "DATE" in upper or "TIME" in upper:
        return "date"
    return "text"


def _best(match: dict[str, float], words: Sequence[str] | frozenset[str]) -> tuple[str, float]:
    return max(
        ((word, match[word]) for word in words if word in match), key=lambda pair: pair[1], default=("", 0.0)
    )


def _cost(word: str, named: _Named) -> float:
    """Return how much a word of the name that the phrase left out counts against it."""
    if named.element.column is None:
        return _PLAIN if word in _PLAIN_ROOTS else _PART
    if word in named.owner:
        return _OWN
    if word in named.near:
        return _NEAR
    return _GENERIC if word in _GENERIC_ROOTS else _OTHER


@lru_cache(maxsize=100_000)
def _likeness(word: str, own: str) -> float:
    """Return how well a word of a question stands for a word of a name, in [0, 1]."""
    if word == own:
        return 1.0
    if own in _synonyms().get(word, ()):
        return _SYNONYM
    if (
        _SHORTEST_PREFIX <= len(own) <= len(word) - _SHORTEST_PREFIX
        and word.startswith(own)
        and own not in _FULL_WORDS
    ):
        return _ABBREVIATED
    return 0.0


def same_words(word: str) -> frozenset[str]:
    """Return a stem and its synonyms."""
    return frozenset({word}) | _synonyms().get(word, frozenset())


@lru_cache(maxsize=1)
def _synonyms() -> dict[str, frozenset[str]]:
    found: dict[str, set[str]] = {}
    for group in SYNONYMS:
        words = {root(word) for word in group.split()}
        for word in words:
            found.setdefault(word, set()).update(words - {word})
    return {word: frozenset(others) for word, others in found.items()}


_FULL_WORDS = frozenset(
    root(word)
    for words in (*SYNONYMS, "age car art pet end per son king part man win cost model")
    for word in words.split()
)
"""Whole words, which abbreviate nothing: "art" is not short for "article"."""
