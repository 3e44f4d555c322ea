"""Fills the parameters of a named query from the words of a question.

Each kind reads in its own way: text by its pattern, values by linking, choices by their words, periods and
dates by the calendar, numbers last, from what the others left. A place of the question serves one parameter.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import lru_cache

from tools.database.calendar.periods import find_periods
from tools.database.linking import ValueIndex
from tools.types import Cell, NamedQuery, Parameter, ParameterKind

MOST_FILLINGS = 8
"""Most values of one variable that a question is answered for."""

_ORDER: tuple[ParameterKind, ...] = ("text", "value", "choice", "period", "date", "number", "integer")
_BRANCHING: frozenset[ParameterKind] = frozenset({"text", "value", "period"})
_NUMBER = re.compile(r"(?<![\w.,-])-?\d{1,15}(?:,\d{3})*(?:\.\d{1,10})?(?![\w]|[.,-]\d)")
_NUMBER_WORDS = {"two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8, "nine": 9} | {
    "ten": 10,
    "twelve": 12,
    "twenty": 20,
}
_NUMBER_WORD = re.compile(r"\b(" + "|".join(_NUMBER_WORDS) + r")\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """A stand-alone question that many queries read; a kind of value is looked for once."""

    text: str
    indexes: Mapping[str, ValueIndex]
    """For each `table.column` that a parameter links to, its values."""
    today: date
    """The day that relative dates count from."""
    _found: dict[tuple[object, ...], tuple["Found", ...]] = field(default_factory=dict, repr=False)

    def find(self, parameter: Parameter) -> tuple["Found", ...]:
        """Return every place that a parameter could be read from."""
        key = (parameter.name, *_source(parameter))
        if key not in self._found:
            self._found[key] = tuple(_find(self, parameter))
        return self._found[key]


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """One reading of a parameter at one place of the question."""

    name: str
    """Name of the parameter."""
    values: tuple[tuple[str, Cell], ...]
    start: int
    end: int
    telling: bool = True
    """Whether a query that cannot take it is the wrong one: not so for numbers and words of a choice."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Filling:
    """All parameters of a query for one question."""

    values: tuple[tuple[str, Cell], ...]
    """For the statement, sorted by name, defaults included."""
    missing: tuple[str, ...]
    """Questions to ask back."""
    linked: tuple[str, ...]
    """Words that were used, in the order of the question."""
    filled: tuple[Parameter, ...]
    """Parameters that the question itself gave."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What a question says about a query's parameters."""

    fillings: tuple[Filling, ...]
    """One, or one for each value where the question names several for one parameter."""
    masked: str
    """The question with every used value, and names taken for values, replaced by the parameter's name."""
    certain: str
    """The same without names that are only taken for values."""
    places: tuple[Found, ...]
    """Every place that was used, or that stands where a missing value should."""


def bound_names(parameter: Parameter) -> tuple[str, ...]:
    """Return the names that a parameter has in the statement."""
    if parameter.kind == "period":
        return f"{parameter.name}_start", f"{parameter.name}_end"
    return (parameter.name,)


def fill(question: Question, query: NamedQuery, *, names: Sequence[tuple[int, int]] = ()) -> Reading:
    """Read a query's parameters from a question.

    Args:
        question: What was asked.
        query: Whose parameters to fill.
        names: Places of unknown names; a value that is required and missing is taken to be one of them, so
            that the question is understood although the value has to be asked for.
    """
    found = _find_all(question, query.parameters)
    places = [place for places in found.values() for place in places]
    guessed = [*places, *_guessed(query, found, names)]
    axis = next((name for name, several in found.items() if len(several) > 1), None)
    chosen = {name: several[0] for name, several in found.items() if several}
    variants = [chosen]
    if axis is not None:
        variants = [{**chosen, axis: place} for place in found[axis][:MOST_FILLINGS]]
    return Reading(
        fillings=tuple(_filling(question, query, variant) for variant in variants),
        masked=_masked(question.text, guessed),
        certain=_masked(question.text, places),
        places=tuple(guessed),
    )


def default_values(parameter: Parameter, today: date) -> tuple[tuple[str, Cell], ...] | None:
    """Return what an optional parameter is bound to when it is not given; None when its default is unread."""
    names = bound_names(parameter)
    if parameter.default is None or parameter.kind not in {"period", "date"}:
        return tuple((name, parameter.default) for name in names) if parameter.kind != "period" else None
    periods = find_periods(str(parameter.default), today)
    if not periods:
        return None
    days = (periods[0].start.isoformat(), periods[0].end.isoformat())
    return tuple(zip(names, days, strict=False))


def _find_all(question: Question, parameters: Sequence[Parameter]) -> dict[str, list[Found]]:
    taken: list[tuple[int, int]] = []
    found: dict[str, list[Found]] = {}
    ordered = sorted(parameters, key=lambda parameter: _ORDER.index(parameter.kind))
    for position, parameter in enumerate(ordered):
        free = [
            place
            for place in question.find(parameter)
            if all(place.end <= start or place.start >= end for start, end in taken)
        ]
        shared = any(_source(parameter) == _source(later) for later in ordered[position + 1 :])
        kept = free if parameter.kind in _BRANCHING and not shared else free[:1]
        found[parameter.name] = _distinct(kept)
        taken += [(place.start, place.end) for place in kept]
    return found


def _guessed(
    query: NamedQuery, found: Mapping[str, list[Found]], names: Sequence[tuple[int, int]]
) -> Iterator[Found]:
    taken = [(place.start, place.end) for places in found.values() for place in places]
    free = [name for name in names if all(name[1] <= start or name[0] >= end for start, end in taken)]
    asked = [item for item in query.parameters if item.kind == "value" and not found[item.name]]
    for parameter, (start, end) in zip(asked, free, strict=False):
        yield Found(name=parameter.name, values=(), start=start, end=end)


def _source(parameter: Parameter) -> tuple[object, ...]:
    return parameter.kind, parameter.column, parameter.pattern, parameter.choices


def _distinct(places: list[Found]) -> list[Found]:
    first: dict[tuple[tuple[str, Cell], ...], Found] = {}
    for place in places:
        first.setdefault(place.values, place)
    return list(first.values())


def _find(question: Question, parameter: Parameter) -> Iterator[Found]:
    match parameter.kind:
        case "text":
            yield from _texts(question.text, parameter)
        case "value":
            for link in question.indexes[parameter.column or ""].link(question.text):
                yield _found(parameter, (link.value,), link.start, link.end)
        case "choice":
            yield from _choices(question.text, parameter)
        case "period" | "date":
            yield from _periods(question.text, parameter, question.today)
        case "number" | "integer":
            yield from _numbers(question.text, parameter)


def _found(parameter: Parameter, values: Sequence[Cell], start: int, end: int) -> Found:
    pairs = tuple(zip(bound_names(parameter), values, strict=True))
    telling = parameter.kind in {"text", "value", "period", "date"}
    return Found(name=parameter.name, values=pairs, start=start, end=end, telling=telling)


def _texts(question: str, parameter: Parameter) -> Iterator[Found]:
    pattern = re.compile(parameter.pattern or "$^", re.IGNORECASE)
    for match in pattern.finditer(question):
        group = 1 if pattern.groups else 0
        if match[group]:
            yield _found(
                parameter, (_spelled(match[group], parameter),), match.start(group), match.end(group)
            )


def _spelled(text: str, parameter: Parameter) -> str:
    """Return the text in the case its pattern is written for: "ab-12" as "AB-12"."""
    exact = re.compile(parameter.pattern or "$^")
    return next((form for form in (text, text.upper(), text.lower()) if exact.search(form)), text)


def _choices(question: str, parameter: Parameter) -> Iterator[Found]:
    index, meaning = _choice_index(parameter.choices)
    for link in index.link(question):
        yield _found(parameter, (meaning[link.value],), link.start, link.end)


@lru_cache(maxsize=1024)
def _choice_index(choices: tuple[tuple[str, tuple[str, ...]], ...]) -> tuple[ValueIndex, Mapping[str, str]]:
    """Return an index of the words of a choice, and the value that each of them means."""
    meaning = {word: value for value, words in choices for word in (value, *words)}
    return ValueIndex(list(meaning), typing_errors=False), meaning


def _periods(question: str, parameter: Parameter, today: date) -> Iterator[Found]:
    position = 0
    for period in find_periods(question, today):
        start = question.find(period.text, position)
        position = start + len(period.text)
        days = (period.start.isoformat(), period.end.isoformat())
        if parameter.kind == "period":
            yield _found(parameter, days, start, position)
        elif period.start == period.end:
            yield _found(parameter, days[:1], start, position)


def _numbers(question: str, parameter: Parameter) -> Iterator[Found]:
    places: list[tuple[int, int, float]] = [
        (match.start(), match.end(), float(match.group().replace(",", "")))
        for match in _NUMBER.finditer(question)
    ]
    places += [
        (match.start(), match.end(), float(_NUMBER_WORDS[match.group().lower()]))
        for match in _NUMBER_WORD.finditer(question)
    ]
    for start, end, number in sorted(places):
        if parameter.kind == "number":
            yield _found(parameter, (number,), start, end)
        elif number.is_integer():
            yield _found(parameter, (int(number),), start, end)


def _filling(question: Question, query: NamedQuery, chosen: Mapping[str, Found]) -> Filling:
    values: dict[str, Cell] = {}
    missing: list[str] = []
    for parameter in query.parameters:
        place = chosen.get(parameter.name)
        given = place.values if place else default_values(parameter, question.today)
        if place is None and parameter.required and parameter.default is None:
            missing.append(parameter.ask or f"Which {parameter.name.replace('_', ' ')} do you mean?")
        else:
            values.update(given or ((name, None) for name in bound_names(parameter)))
    used = sorted(chosen.values(), key=lambda place: place.start)
    return Filling(
        values=tuple(sorted(values.items())),
        missing=tuple(missing),
        linked=tuple(question.text[place.start : place.end] for place in used),
        filled=tuple(parameter for parameter in query.parameters if parameter.name in chosen),
    )


def _masked(question: str, places: Sequence[Found]) -> str:
    for place in sorted(places, key=lambda place: place.start, reverse=True):
        question = question[: place.start] + place.name.replace("_", " ") + question[place.end :]
    return question


def distinct_places(readings: Sequence[Reading], names: Sequence[tuple[int, int]]) -> list[Found]:
    """Return the unknown names and what any query reads as a value, text or period, no place twice."""
    kept: list[Found] = []
    places = [place for reading in readings for place in reading.places if place.telling]
    places += [Found(name="", values=(), start=start, end=end) for start, end in names]
    for place in sorted(places, key=lambda place: place.start - place.end):
        if not overlaps(place, kept):
            kept.append(place)
    return kept


def overlaps(place: Found, others: Sequence[Found]) -> bool:
    """Tell whether a place shares characters with any of the others."""
    return any(place.start < other.end and place.end > other.start for other in others)
