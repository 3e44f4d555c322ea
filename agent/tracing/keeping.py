"""Keep a run, or its corrected fork, as an evaluation case: what it did becomes what must be done."""

import fcntl
import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from pydantic import ValidationError

from agent.answer import Answer, PassageQuote, RowsQuote
from agent.evaluation.cases import Case, Cited, Ran, StepLabels, parse_cases
from agent.evaluation.citing import in_evidence, sources_of
from agent.evaluation.destinations import OUT_OF_SCOPE, destinations, likely
from agent.evaluation.facts import folded, holds
from agent.evaluation.happened import Happened, happened_in
from agent.recording.recording import Recording
from agent.tracing.facts import facts_of, phrases_of
from graph.plan import Family
from graph.reasoning.tables import spell
from graph.state import Draft, RowsCitation
from tools.errors import ConfigurationError, Conflict, InvalidInput
from tools.types import Cell

KIND = "kept"
MOST_FACTS = 12
"""Of one answer, and as many cells of tables."""
SHORTEST_CELL = 3
"""Characters of a cell that is a fact by itself: shorter ones stand in almost any answer."""
LASTING: frozenset[Family] = frozenset({"question", "sub_question"})
"""Queries that are asked for; the others are guesses, which a model words differently every time."""
_OPTIONAL = frozenset({"answers", "reply", "groups", "attributes", "note", "steps"})
"""Fields that a line leaves out where they say nothing."""


def case_of(recording: Recording, *, id: str | None = None, note: str = "") -> Case:
    """Return the case that a run passes, and that fails when a step goes another way.

    Args:
        recording: A run that was answered, declined or asked back.
        id: Of the case; the run's by default.
        note: What is to be remembered, such as what had been wrong.

    Raises:
        InvalidInput: The run gave no answer, or its recording cannot be read.
    """
    answer, happened = _answer(recording), happened_in(recording)
    try:
        return _case(recording, answer, happened, id or recording.run_id, note)
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(map(str, first["loc"]))
        raise InvalidInput(f"run {recording.run_id} makes no case: {place}: {first['msg']}") from error


def append(case: Case, file: Path) -> bool:
    """Add a case to a file of cases, whole or not at all; False when the file holds it already.

    Raises:
        Conflict: The file holds another case under this id.
        InvalidInput: The file holds lines that are no cases.
        ConfigurationError: The file cannot be read or written.
    """
    try:
        file = file.resolve()
        file.parent.mkdir(parents=True, exist_ok=True)
        with _locked(file.parent):
            text = file.read_bytes().decode() if file.exists() else ""
            known = {one.id: one for one in parse_cases(text.split("\n"), place=file.name)}
            if case.id in known and known[case.id] != case:
                raise Conflict(f"cases: {file.name} holds another case {case.id!r}; give this one another id")
            if case.id in known:
                return False
            ending = "" if not text or text.endswith("\n") else "\n"
            _replace(file, f"{text}{ending}{line_of(case)}\n")
            return True
    except UnicodeDecodeError as error:
        raise ConfigurationError(f"cases: {file.name} is no text; correct [tracing] cases") from error
    except OSError as error:
        raise ConfigurationError(
            f"cases: {file.name} cannot be written ({error.strerror}); correct [tracing] cases, or its folder"
        ) from error


def line_of(case: Case) -> str:
    """Return a case as one line of JSON: every field of the contract, and of the others what they say."""
    silent = {name for name in _OPTIONAL if not getattr(case, name)}
    return case.model_dump_json(exclude=silent)


def _case(recording: Recording, answer: Answer, happened: Happened, name: str, note: str) -> Case:
    reply = recording.question if recording.entry is not None else None
    draft = happened.kept if happened.claims_released else Draft()
    given = f"{happened.question} {reply or ''}"
    facts = _facts(happened, draft, answer, given=given)
    sources = _cited_sources(answer)
    cited_bases = {one.knowledge_base for one in answer.citations if isinstance(one, PassageQuote)}
    rows = [one for one in answer.citations if isinstance(one, RowsQuote)]
    return Case(
        id=name,
        question=happened.question,
        history=tuple(turn.question for turn in happened.history),
        answers=tuple(turn.answer for turn in happened.history),
        reply=reply,
        kind=KIND,
        knowledge_bases=tuple(sorted(cited_bases)) or _likely_bases(happened, answer),
        uses_database=bool(rows),
        expected_sources=sources,
        expected_statement=rows[0].statement if rows else None,
        must_contain=_contained(facts, rows, answer, given=given),
        answer=answer.answer,
        status=answer.status,
        groups=tuple(sorted(recording.groups)),
        attributes={pair[0]: pair[1] for pair in recording.attributes if len(pair) == 2},
        note=note,
        steps=StepLabels(
            route=_route(happened),
            queries=_queries(happened),
            evidence=sources,
            statements=_statements(draft, happened),
            citations=facts,
            asks=happened.asked,
        ),
    )


def _answer(recording: Recording) -> Answer:
    if recording.answer is None:
        raise InvalidInput(
            f"run {recording.run_id} gave no answer ({recording.outcome}); fork it and keep the fork"
        )
    try:
        answer = Answer.model_validate(recording.answer)
    except ValidationError as error:
        raise InvalidInput(
            f"run {recording.run_id}: its answer is not of this version's form; ask and record it again"
        ) from error
    if answer.exit_reason == "out_of_time":
        raise InvalidInput(
            f"run {recording.run_id} ran out of time; fork it with more, and keep the fork that is answered"
        )
    return answer


def _facts(happened: Happened, draft: Draft, answer: Answer, *, given: str) -> tuple[Cited, ...]:
    """Return what the claims say that the answer shows, each with the documents that it is cited from.

    Words are demanded only of an answer that says nothing in particular.
    """
    cited = _said(draft, answer, lambda text: facts_of(text, given=given))
    cited = cited or _said(draft, answer, lambda text: phrases_of(text, given=given))
    return tuple(one.model_copy(update={"verbatim": in_evidence(one, happened)}) for one in cited)


def _said(draft: Draft, answer: Answer, pieces: Callable[[str], list[str]]) -> list[Cited]:
    shown, facts = folded(answer.answer), dict[str, Cited]()
    for claim in draft.claims:
        sources = "|".join(sorted(sources_of(claim, draft)))
        if claim.kind == "table" or not sources:
            continue
        for fact in pieces(claim.text):
            if holds(shown, fact) and holds(folded(claim.text), fact):
                facts.setdefault(folded(fact), Cited(fact=fact, source=sources))
    return list(facts.values())[:MOST_FACTS]


def _contained(
    facts: Sequence[Cited], rows: Sequence[RowsQuote], answer: Answer, *, given: str
) -> tuple[str, ...]:
    """Return the facts of the claims, and the cells that the answer shows and the question did not."""
    shown, known = folded(answer.answer), folded(given)
    cells = [
        text
        for quote in rows
        for cell in _shown(quote)
        if len(text := spell(cell)) >= SHORTEST_CELL and "|" not in text
        if folded(text) in shown and folded(text) not in known
    ]
    said = [one.fact for one in facts]
    told = [folded(fact) for fact in said]
    own = [text for text in dict.fromkeys(cells) if not any(folded(text) in fact for fact in told)]
    return tuple(dict.fromkeys([*said, *own[:MOST_FACTS]]))


def _shown(quote: RowsQuote) -> Iterator[Cell]:
    """Yield the cells of rows that the answer shows; what points beside the rows is passed over."""
    for number, column in quote.cells:
        if number < len(quote.rows) and column in quote.columns:
            row, place = quote.rows[number], quote.columns.index(column)
            if place < len(row) and row[place] is not None and not isinstance(row[place], bool):
                yield row[place]


def _cited_sources(answer: Answer) -> tuple[str, ...]:
    cited = (one.source for one in answer.citations if isinstance(one, PassageQuote))
    return tuple(dict.fromkeys(cited))


def _route(happened: Happened) -> tuple[str, ...] | None:
    """Return the likely destinations; a route without any is a guess that may come out otherwise."""
    if happened.plan is None:
        return None
    route = happened.plan.route
    if route.category == OUT_OF_SCOPE:
        return (OUT_OF_SCOPE,)
    return tuple(sorted(likely(route))) or None


def _likely_bases(happened: Happened, answer: Answer) -> tuple[str, ...]:
    """Return the bases that an answer without citations was looked for in."""
    if happened.plan is None or answer.status == "declined":
        return ()
    route = happened.plan.route
    return tuple(sorted(destinations(route) & set(route.knowledge_bases)))


def _queries(happened: Happened) -> dict[str, tuple[str, ...]]:
    """Return what was searched for in each base, of what the question asks for."""
    done = {(found.knowledge_base, found.query) for found in happened.searches}
    queries: dict[str, dict[str, None]] = {}
    for part in happened.plan.parts if happened.plan else ():
        for base in part.knowledge_bases:
            for query in part.queries:
                if query.family in LASTING and (base, query.text) in done:
                    queries.setdefault(base, {})[query.text] = None
    return {base: tuple(texts) for base, texts in queries.items()}


def _statements(draft: Draft, happened: Happened) -> tuple[Ran, ...]:
    """Return the statements that the answer cites."""
    cited = {(one.statement, one.parameters) for one in draft.citations if isinstance(one, RowsCitation)}
    ran = [rows for rows in happened.queried if (rows.statement, rows.parameters) in cited]
    return tuple(
        Ran(statement=rows.statement, parameters=dict(rows.parameters), name=rows.name) for rows in ran
    )


@contextmanager
def _locked(folder: Path) -> Iterator[None]:
    """Keep others from changing the folder's cases meanwhile; the lock goes with the process."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def _replace(file: Path, text: str) -> None:
    """Put a new content in a file's place, so that a crash leaves the one or the other."""
    draft = file.with_name(f"{file.name}.draft")
    try:
        with draft.open("wb") as written:
            if file.exists():
                os.fchmod(written.fileno(), file.stat().st_mode & 0o777)
            written.write(text.encode())
            written.flush()
            os.fsync(written.fileno())
        draft.replace(file)
    finally:
        draft.unlink(missing_ok=True)
