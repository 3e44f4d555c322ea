"""The catalogue of named queries: finds the one that answers a question and fills in its variables."""

import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

import numpy

from tools.database.linking import ValueIndex
from tools.database.named.declarations import checked
from tools.database.named.filling import Found, Question, Reading, distinct_places, fill, overlaps
from tools.database.named.mentions import unknown_names
from tools.database.named.remembering import remembered
from tools.database.named.scoring import Signals, StemWeights, asks_advice, asks_for_own, probability
from tools.database.schema import ReflectedDatabase
from tools.errors import InvalidInput
from tools.ports import Embedder, Matrix
from tools.text.words import stem_set
from tools.types import ANYONE, Match, NamedQuery, Principal, Rows

MOST_VALUES = 20_000
"""Distinct values of a column that questions are linked to."""
MOST_CHARACTERS = 2_000
"""Of a question; the rest is not read."""
_LEAST_SCORE = 0.02
_MOST_OTHERS = 4
_ANY_DAY = date(2000, 1, 1)
"""For masking examples, where the meaning of "last month" does not matter."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Entry:
    query: NamedQuery
    statement: str
    """As the guard wrote it anew."""
    description: Matrix
    examples: Matrix
    """Rows in pairs: each example as written and masked."""
    sayings: tuple[frozenset[str], ...]
    """Stems of each masked example and of the description."""
    vocabulary: frozenset[str]
    """Stems of all that the query says."""
    gives_advice: bool


@dataclass(slots=True, kw_only=True)
class QueryCatalog:
    """Named queries over one database; the port `Catalog`. Methods block the thread."""

    database: ReflectedDatabase
    embedder: Embedder
    max_rows: int
    _entries: tuple[_Entry, ...] = ()
    _weights: StemWeights = field(default_factory=lambda: StemWeights(()))
    _tables: tuple[frozenset[str], ...] = ()
    """Stems of the name of each table."""
    _indexes: dict[str, tuple[tuple[str, ...], ValueIndex]] = field(default_factory=dict, repr=False)
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    @classmethod
    def open(
        cls,
        queries: Sequence[NamedQuery],
        *,
        database: ReflectedDatabase,
        embedder: Embedder,
        max_rows: int,
        memory: Path | None = None,
    ) -> "QueryCatalog":
        """Check all queries and embed their descriptions and examples.

        Args:
            queries: What may be asked.
            database: Where they run.
            embedder: The one that also embeds the questions.
            max_rows: Most rows a query gives back.
            memory: A file that keeps the vectors for the next opening; without it they are computed again.

        Raises:
            ConfigurationError: Some queries cannot be used; names each one with its problem.
            TransientError: The database is away or locked.
        """
        statements = checked(queries, database)
        catalog = cls(database=database, embedder=embedder, max_rows=max_rows)
        catalog._weights = StemWeights(_words(query) for query in queries)
        names = [table.name.replace("_", " ") for table in database.schema().tables]
        catalog._tables = tuple(stems for stems in map(stem_set, names) if stems)
        catalog._entries = catalog._embedded(queries, statements, memory)
        return catalog

    def match(self, question: str, vector: Matrix, *, today: date) -> list[Match]:
        """Choose the query that answers the question and fill its variables.

        Returns the best query, once for each value where the question names several for one variable, then
        other candidates, by falling score; may be empty.

        Args:
            question: A stand-alone question.
            vector: Its embedding, shape (1, dimension).
            today: The day that relative dates count from.
        """
        question = question[:MOST_CHARACTERS]
        if not self._entries or not question.strip():
            return []
        indexes = self._current_indexes([entry.query for entry in self._entries])
        asked = Question(text=question, indexes=indexes, today=today)
        readings = [fill(asked, entry.query) for entry in self._entries]
        names = self._unknown_names(question, readings)
        if names:
            readings = [fill(asked, entry.query, names=names) for entry in self._entries]
        vectors = self._masked_vectors(question, vector, readings)
        known = distinct_places(readings, names)
        scored = [
            (self._score(question, vector, vectors[reading.masked], entry, reading, known), position)
            for position, (entry, reading) in enumerate(zip(self._entries, readings, strict=True))
        ]
        scored.sort(key=lambda pair: (-pair[0], pair[1]))
        likely = [pair for pair in scored[: 1 + _MOST_OTHERS] if pair[0] >= _LEAST_SCORE]
        return [
            match
            for rank, (score, position) in enumerate(likely)
            for match in _matches(self._entries[position], readings[position], score, all_values=rank == 0)
        ]

    def run(self, match: Match, *, principal: Principal = ANYONE) -> Rows:
        """Run a match that misses nothing.

        Raises:
            InvalidInput: The query is unknown, or the match still misses parameters.
            RejectedQuery: The statement is refused or wrong.
            DeadlineExceeded: It ran longer than allowed.
            TransientError: The database is away or locked.
        """
        entry = next((entry for entry in self._entries if entry.query.name == match.query), None)
        if entry is None:
            raise InvalidInput(f"the catalogue has no query {match.query!r}; run one that match returned")
        if match.missing:
            raise InvalidInput(f"query {match.query!r} still needs: {' '.join(match.missing)}")
        table = self.database.fetch(
            entry.statement, dict(match.parameters), limit=self.max_rows, principal=principal
        )
        return Rows(
            name=match.query,
            statement=entry.statement,
            parameters=match.parameters,
            columns=table.columns,
            rows=table.rows,
            truncated=table.truncated,
            description=entry.query.description,
            answer=entry.query.answer,
            empty=entry.query.empty,
        )

    def _embedded(
        self, queries: Sequence[NamedQuery], statements: Mapping[str, str], memory: Path | None
    ) -> tuple[_Entry, ...]:
        indexes = self._current_indexes(queries)
        masked = [
            tuple(
                fill(Question(text=text, indexes=indexes, today=_ANY_DAY), query).masked
                for text in query.examples
            )
            for query in queries
        ]
        texts: list[str] = []
        for query, masks in zip(queries, masked, strict=True):
            texts += [query.description, *query.examples, *masks]
        if memory is None or not texts:
            vectors = self.embedder.embed(texts)
        else:
            vectors = remembered(texts, embedder=self.embedder, file=memory)
        entries, first = [], 0
        for query, masks in zip(queries, masked, strict=True):
            last = first + 1 + 2 * len(masks)
            entries.append(
                _Entry(
                    query=query,
                    statement=statements[query.name],
                    description=vectors[first : first + 1],
                    examples=vectors[first + 1 : last],
                    sayings=tuple(map(stem_set, (*masks, query.description))),
                    vocabulary=stem_set(_words(query)),
                    gives_advice=2 * sum(asks_advice(text) for text in query.examples) > len(query.examples),
                )
            )
            first = last
        return tuple(entries)

    def _current_indexes(self, queries: Sequence[NamedQuery]) -> dict[str, ValueIndex]:
        """Return the values of every linked column; indexed again when the database's have changed."""
        columns = {parameter.column for query in queries for parameter in query.parameters}
        found: dict[str, ValueIndex] = {}
        for name in sorted(column for column in columns if column):
            table, column = name.split(".", 1)
            values = self.database.values(table, column, limit=MOST_VALUES)
            with self._lock:
                if name not in self._indexes or self._indexes[name][0] is not values:
                    self._indexes[name] = (values, ValueIndex(values))
                found[name] = self._indexes[name][1]
        return found

    def _unknown_names(self, question: str, readings: Sequence[Reading]) -> list[tuple[int, int]]:
        taken = [place for reading in readings for place in reading.places]
        return [
            (start, end)
            for start, end in unknown_names(question, known=self._weights.knows)
            if all(end <= place.start or start >= place.end for place in taken)
        ]

    def _masked_vectors(
        self, question: str, vector: Matrix, readings: Sequence[Reading]
    ) -> dict[str, Matrix]:
        texts = sorted({reading.masked for reading in readings} - {question})
        vectors = {question: vector.reshape(1, -1)}
        if texts:
            rows = self.embedder.embed(texts)
            vectors |= {text: rows[place : place + 1] for place, text in enumerate(texts)}
        return vectors

    def _score(
        self,
        question: str,
        vector: Matrix,
        masked: Matrix,
        entry: _Entry,
        reading: Reading,
        known: Sequence[Found],
    ) -> float:
        return probability(self._signals(question, vector, masked, entry, reading, known))

    def _signals(
        self,
        question: str,
        vector: Matrix,
        masked: Matrix,
        entry: _Entry,
        reading: Reading,
        known: Sequence[Found],
    ) -> Signals:
        both = numpy.vstack([vector.reshape(1, -1), masked])
        filling, certain = reading.fillings[0], stem_set(reading.certain)
        code = any(parameter.kind == "text" for parameter in filling.filled)
        return Signals(
            meaning=float((entry.examples @ both.T).max(initial=0.0)),
            description=float((entry.description @ both.T).max(initial=-1.0)),
            words=max(self._weights.overlap(certain, saying) for saying in entry.sayings),
            foreign=self._weights.foreign(stem_set(reading.masked), entry.vocabulary),
            filled=float(any(parameter.kind in {"text", "value"} for parameter in filling.filled)),
            code=float(code),
            personal=_personal(entry.query) if asks_for_own(question) else 0.0,
            missing=float(bool(filling.missing)),
            unused=float(min(2, sum(not overlaps(place, reading.places) for place in known))),
            advice=float(asks_advice(question) and not entry.gives_advice),
            elsewhere=float(self._is_elsewhere(stem_set(reading.masked), entry) and not code),
        )

    def _is_elsewhere(self, asked: frozenset[str], entry: _Entry) -> bool:
        """Tell whether a question names a table of which a query says nothing."""
        return any(table <= asked and not table <= entry.vocabulary for table in self._tables)


def _matches(entry: _Entry, reading: Reading, score: float, *, all_values: bool) -> list[Match]:
    return [
        Match(
            query=entry.query.name,
            score=score,
            parameters=filling.values,
            missing=filling.missing,
            linked=filling.linked,
            unknown=tuple(sorted(stem_set(reading.masked) - entry.vocabulary)),
        )
        for filling in (reading.fillings if all_values else reading.fillings[:1])
    ]


def _personal(query: NamedQuery) -> float:
    """Return 1 for a query that looks up one record by a text, -1 for one over everybody's records."""
    required = [parameter for parameter in query.parameters if parameter.required]
    if any(parameter.kind == "text" for parameter in required):
        return 1.0
    return 0.0 if any(parameter.kind == "value" for parameter in required) else -1.0


def _words(query: NamedQuery) -> str:
    return " ".join((query.description, *query.examples, *(parameter.name for parameter in query.parameters)))
