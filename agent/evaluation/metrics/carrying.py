"""What an answer states, and whether a text says it: by words and numbers.

A run of neighbouring sentences r, with its heading h, says a statement s asked for by a question q when

    numbers(s) ⊆ numbers(r) ∪ numbers(h) ∪ numbers(q)   and   |S(s) ∩ (S(r) ∪ S(h) ∪ S(q))| / |S(s)| ≥ CARRIED

with S the stems of a text without stop words. Rows are one run, of which only the numbers must agree, because
they are retold in words of their own.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

from agent.answer import Answer, PassageQuote, RowsQuote
from agent.evaluation.measured import Observed, Passage
from graph.reasoning.tables import spell
from tools.text.sentences import plain, units
from tools.text.words import numbers, stem_set
from tools.types import Cell

CARRIED = 0.7
"""Share of a statement's words that must stand in what carries it."""
LONGEST_RUN = 3
"""Neighbouring sentences that may carry a statement together."""
_CITATION = re.compile(r"\s*\[(\d+)\]")
_BEHIND = re.compile(r"([.!?。！？])((?:\s*\[\d+\])+)")
"""Citations behind the end of their sentence, where they would be taken for the beginning of the next."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """One sentence, item or table row of an answer."""

    text: str
    citations: frozenset[int]
    """Numbers of what it cites; those of the whole answer where it cites nothing itself."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """A text that may carry a statement."""

    text: str
    retold: bool = False
    """Whether only its numbers count."""


def statements(answer: Answer) -> list[Statement]:
    """Return what an answer states; nothing where it refuses or asks back, or only introduces a list."""
    if answer.status not in ("answered", "partial"):
        return []
    everything = frozenset(one.id for one in answer.citations)
    found = []
    for unit in units(_BEHIND.sub(r"\2\1", answer.answer)):
        text = without_citations(unit.text)
        if unit.kind != "heading" and stem_set(text) and not text.endswith(":"):
            cited = frozenset(int(number) for number in _CITATION.findall(unit.text)) & everything
            found.append(Statement(text=text, citations=cited or everything))
    return found


def without_citations(text: str) -> str:
    """Return a text without the numbers of its citations."""
    return _CITATION.sub("", text).strip()


def runs_for(statement: Statement, observed: Observed) -> list[Run]:
    """Return the runs of what a statement cites; of all evidence where the answer cites nothing."""
    cited = [one for one in observed.answer.citations if one.id in statement.citations]
    question = " ".join((*observed.case.history, observed.case.question, observed.case.reply or ""))
    if not cited:
        return [*_runs(context_of(observed), question)]
    found: list[Run] = []
    for one in cited:
        if isinstance(one, RowsQuote):
            found.append(Run(text=f"{_told(one, observed)}\n{question}", retold=True))
        else:
            about = f"{one.title} {one.section} {question}"
            found += _runs([f"{one.before}{one.quote}{one.after}", *_passages(one, observed)], about)
    return found


def is_said(statement: str, by: Iterable[Run | str]) -> bool:
    """Tell whether any run, or any run of any text, says a statement."""
    told, said = numbers(statement), stem_set(statement)
    for one in by:
        for run in [one] if isinstance(one, Run) else _runs([one], ""):
            if told <= _numbers(run.text) and (run.retold or _share(said, _stems(run.text)) >= CARRIED):
                return True
    return False


def context_of(observed: Observed) -> list[str]:
    """Return the texts that the answer was written from: passages, and rows."""
    rows = [
        "\n".join(_row(table.columns, row) for row in table.rows) for table in observed.tables if table.rows
    ]
    return [*(f"{one.text}\n\n{plain(one.text)}" for one in observed.evidence), *rows]


def _passages(cited: PassageQuote, observed: Observed) -> Iterator[str]:
    """Yield the evidence that a quotation stands in."""
    for one in observed.evidence:
        if one.source == cited.source and _overlap(one, cited):
            yield one.text


def _overlap(passage: Passage, cited: PassageQuote) -> bool:
    return passage.start < cited.end and cited.start < passage.end


def _told(cited: RowsQuote, observed: Observed) -> str:
    """Return rows with what is known of them: their statement, their number and its parameters."""
    parameters = (
        spell(value)
        for table in observed.tables
        if table.statement == cited.statement
        for value in table.parameters.values()
    )
    rows = (_row(cited.columns, row) for row in cited.rows)
    return "\n".join((cited.statement, str(len(cited.rows)), *parameters, *rows))


def _row(columns: Sequence[str], row: Sequence[Cell]) -> str:
    cells = (
        f"{column.replace('_', ' ')}: {spell(cell)} {cell}"
        for column, cell in zip(columns, row, strict=True)
        if cell is not None
    )
    return "; ".join(cells)


def _runs(texts: Iterable[str], about: str) -> Iterator[Run]:
    for text in texts:
        for run in _neighbours(text):
            yield Run(text=f"{run}\n{about}")


@lru_cache(maxsize=4096)
def _neighbours(text: str) -> tuple[str, ...]:
    """Return every run of up to `LONGEST_RUN` sentences, each with the heading above it."""
    told: list[str] = []
    heading = ""
    for unit in units(text):
        if unit.kind == "heading":
            heading = unit.text
        told.append(unit.text if unit.kind == "heading" else f"{heading} {unit.text}".strip())
    return tuple(
        " ".join(told[first : first + length])
        for first in range(len(told))
        for length in range(1, min(LONGEST_RUN, len(told) - first) + 1)
    )


@lru_cache(maxsize=16384)
def _stems(text: str) -> frozenset[str]:
    return stem_set(text)


@lru_cache(maxsize=16384)
def _numbers(text: str) -> frozenset[str]:
    return numbers(text)


def _share(part: frozenset[str], whole: frozenset[str]) -> float:
    return len(part & whole) / len(part) if part else 1.0
