"""Finds the values of a database's text columns among the words of a question."""

import time
from collections.abc import Iterable, Iterator, Sequence

from graph.reasoning.local.sql.elements import Candidate, Element, Elements
from graph.reasoning.local.sql.shelf import LONGEST, Held, Shelf, keys_of
from graph.reasoning.local.sql.vocabulary import DEMONYMS
from graph.reasoning.local.sql.words import Token, root
from tools.database.schema import ReflectedDatabase
from tools.errors import DeadlineExceeded, RejectedQuery
from tools.text.words import STOP_WORDS
from tools.types import Principal

MOST_VALUES = 1_000
"""Distinct values read of one column."""
MOST_COLUMNS = 300
"""Columns of which values are read."""
MOST_SECONDS = 2.0
"""For all columns of one question; the next question goes on."""
_CODES = {"male": "m", "man": "m", "boy": "m", "female": "f", "woman": "f", "girl": "f"}


class Values:
    """The values that one question may name, as one principal sees them."""

    def __init__(
        self, database: ReflectedDatabase, elements: Elements, principal: Principal, shelf: Shelf
    ) -> None:
        """Start without any values."""
        self._database = database
        self._elements = elements
        self._principal = principal
        self._shelf = shelf
        self._held: dict[Element, Held] = {}
        self._coded: dict[Element, dict[str, str]] = {}
        self._starting: dict[str, list[Element]] = {}

    def prepare(self, tables: Iterable[int], *, seconds: float = MOST_SECONDS) -> None:
        """Read the values of the text columns of some tables; a column that cannot be read has none.

        Raises:
            PlumblineError: The database does not answer.
        """
        end = time.monotonic() + seconds
        texts = [
            element
            for table in tables
            for element in self._elements.columns(table)
            if self._elements.kind(element) in {"text", "date"}
        ]
        for element in texts[:MOST_COLUMNS]:
            if time.monotonic() > end:
                break
            self._read(element)
        self._starting.clear()

    def find(self, tokens: Sequence[Token]) -> list[Candidate]:
        """Return the columns that hold a phrase as a value."""
        key = tuple(word for token in tokens for word in keys_of(token.text))
        if not key or len(key) > LONGEST or self._is_little(tokens):
            return []
        found: dict[Element, list[str]] = {}
        for form in (key, *_other_forms(key)):
            for element in self._that_start(form[0]):
                values = self._held[element].spelled.get(form)
                if values is not None:
                    found.setdefault(element, values)
        for element, codes in self._coded.items():
            if len(key) == 1 and root(key[0]) in codes:
                found.setdefault(element, [codes[root(key[0])]])
        return [
            Candidate(element=element, score=float(len(tokens)), values=tuple(values))
            for element, values in found.items()
        ]

    def numeric(self, element: Element, *, strictly: bool = False) -> bool:
        """Tell whether a text column holds nothing but numbers, or also words such as "null" for none."""
        held = self._held.get(element)
        return held is not None and (held.strictly_numeric if strictly else held.numeric)

    def dated(self, element: Element) -> bool:
        """Tell whether a text column holds ISO dates."""
        held = self._held.get(element)
        return held is not None and held.dated

    def _read(self, element: Element) -> None:
        table, column = self._elements.table(element).name, self._elements.column(element).name
        if self._shelf.gave_up(table, column):
            return
        try:
            values = self._database.values(table, column, limit=MOST_VALUES, principal=self._principal)
        except (RejectedQuery, DeadlineExceeded):  # a text too long, a view too slow: this column only
            self._shelf.give_up(table, column)
            return
        self._held[element] = self._shelf.get(table, column, values)
        if {"sex", "gender"} & set(self._elements.words(element)):
            self._enter_codes(element, values)

    def _that_start(self, word: str) -> list[Element]:
        if word not in self._starting:
            self._starting[word] = [element for element, held in self._held.items() if word in held.first]
        return self._starting[word]

    def _enter_codes(self, element: Element, values: Sequence[str]) -> None:
        spelled = {value.strip().lower(): value for value in values}
        codes = {root(word): spelled[code] for word, code in _CODES.items() if code in spelled}
        full = {
            root(word): spelled["male" if code == "m" else "female"]
            for word, code in _CODES.items()
            if ("male" if code == "m" else "female") in spelled
        }
        self._coded[element] = codes or full

    @staticmethod
    def _is_little(tokens: Sequence[Token]) -> bool:
        """Tell the words "it" and "you" from values that are spelled like them."""
        return all(token.folded in STOP_WORDS and not token.text.isupper() for token in tokens)


def _other_forms(key: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
    """Yield the phrase in the singular, and the place that an adjective of nationality names."""
    last = key[-1]
    if len(last) > 3 and last.endswith("s") and not last.endswith("ss"):
        yield (*key[:-1], last[:-1])
        if last.endswith("ies"):
            yield (*key[:-1], last[:-3] + "y")
        if last.endswith("es"):
            yield (*key[:-1], last[:-2])
    if len(key) == 1:
        for place in DEMONYMS.get(last, "").split("|"):
            if place:
                yield tuple(place.split("_"))
