"""The SQL writer with a language model; without its help the local one writes."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Literal, TypeAlias, TypeVar

from graph.reasoning.llm.shortfalls import told
from graph.reasoning.llm.sql_examples import SqlExample, SqlExamples
from graph.reasoning.llm.sql_prompts import sql_prompt
from graph.reasoning.llm.sql_replies import SqlReply, statement_of
from graph.reasoning.llm.sql_view import SchemaLinker, View
from graph.reasoning.ports import Attempt, SqlWriter, Written
from tools.database.schema import Schema
from tools.errors import BudgetExceeded, ModelError, ModelOutputError
from tools.metering import Meter
from tools.ports import Chat
from tools.types import Principal, Prompt

ExampleChoice: TypeAlias = Literal["none", "question", "hypothetical"]
"""How examples are chosen: not at all, by the question's likeness, or by that of a first draft's SQL."""

Item = TypeVar("Item")

EXAMPLES = 4
"""Worked examples that are shown."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LlmSqlWriter:
    """Has a model write SQL; when it is of no help, the local writer does. Implements `SqlWriter`."""

    chat: Chat
    local: SqlWriter
    """Falls in for the model, and gives first drafts that cost nothing."""
    linker: SchemaLinker
    store: SqlExamples
    examples: ExampleChoice = "hypothetical"
    difficulty: bool = True
    """Whether examples must be as difficult as the first draft."""
    votes: int = 1
    """Candidates for each question, asked for at the same time."""
    calls_behind: int = 2
    """Model calls that the answer needs after this: the writer's and the judge's. Drafts and further
    candidates leave these alone; a repair leaves one."""
    marked: bool = True
    """Whether the words of descriptions are interleaved with a marker."""

    async def write(
        self,
        question: str,
        *,
        today: date,
        principal: Principal,
        failed: Sequence[Attempt],
        meter: Meter,
    ) -> Written:
        """Write candidates, or one repair; what the model finds no columns for gets no statement."""
        view = await asyncio.to_thread(self.linker.view, question, principal=principal)
        asked = _Asked(question=question, view=view, today=today, principal=principal, meter=meter)
        try:
            return await (self._mended(asked, failed) if failed else self._candidates(asked))
        except (ModelError, BudgetExceeded) as error:
            written = await self._by_local_writer(asked, failed)
            return replace(written, shortfall=told("looked up in the database", error))

    async def _candidates(self, asked: "_Asked") -> Written:
        """Ask for several candidates at once, each with tables and examples in another order."""
        shown = await self._examples(asked)
        count = max(1, min(self.votes, self._calls_to_spare(asked.meter)))
        replies = await asyncio.gather(*(self._candidate(asked, shown, turn) for turn in range(count)))
        usable = [reply for reply in replies if isinstance(reply, SqlReply)]
        if not usable:
            raise next(reply for reply in replies if not isinstance(reply, SqlReply))
        return _written(usable, asked)

    async def _candidate(
        self, asked: "_Asked", shown: Sequence[SqlExample], turn: int
    ) -> SqlReply | ModelError | BudgetExceeded:
        """Return a reply or why there is none; all but the first candidate can be done without."""
        prompt = self._prompt(asked, _turned(shown, turn), view=_turned_view(asked.view, turn))
        try:
            return await self.chat.typed(prompt, SqlReply, meter=asked.meter, optional=turn > 0)
        except (ModelError, BudgetExceeded) as error:
            return error

    async def _mended(self, asked: "_Asked", failed: Sequence[Attempt]) -> Written:
        """Ask for one statement that avoids what was wrong with those before."""
        if self._calls_to_spare(asked.meter) + self.calls_behind <= min(1, self.calls_behind):
            raise BudgetExceeded("model_calls", "the last model call is kept for the answer")
        shown = await self._examples(asked, draft=failed[-1].statement)
        prompt = self._prompt(asked, shown, failed=failed, name="sql_mend")
        return _written([await self.chat.typed(prompt, SqlReply, meter=asked.meter)], asked)

    async def _examples(self, asked: "_Asked", draft: str | None = None) -> Sequence[SqlExample]:
        """Choose examples, by a draft where one is wanted and can be had."""
        if self.examples == "none":
            return ()
        if draft is None and (self.difficulty or self.examples == "hypothetical"):
            draft = await self._draft(asked)
        found: Sequence[SqlExample] = ()
        if self.examples == "hypothetical" and draft is not None:
            found = await asyncio.to_thread(
                self.store.for_statement, draft, limit=EXAMPLES, filtered=self.difficulty
            )
        like = draft if self.difficulty else None
        return found or await asyncio.to_thread(
            self.store.for_question, asked.question, limit=EXAMPLES, like=like
        )

    async def _draft(self, asked: "_Asked") -> str | None:
        """Return SQL near to what is wanted: the local writer's, else the model's at first sight."""
        local = await self._by_local_writer(asked, ())
        if local.statements:
            return local.statements[0].text
        if self.examples != "hypothetical" or self._calls_to_spare(asked.meter) < 2:
            return None
        prompt = self._prompt(asked, (), name="sql_draft")
        try:
            reply = await self.chat.typed(prompt, SqlReply, meter=asked.meter, optional=True)
        except (ModelOutputError, BudgetExceeded):
            return None  # the query itself may still come out well
        return reply.sql or None

    async def _by_local_writer(self, asked: "_Asked", failed: Sequence[Attempt]) -> Written:
        return await self.local.write(
            asked.question, today=asked.today, principal=asked.principal, failed=failed, meter=asked.meter
        )

    def _prompt(
        self,
        asked: "_Asked",
        shown: Sequence[SqlExample],
        *,
        view: View | None = None,
        failed: Sequence[Attempt] = (),
        name: str = "sql",
    ) -> Prompt:
        return sql_prompt(
            asked.question,
            view or asked.view,
            today=asked.today,
            examples=shown,
            failed=failed,
            marked=self.marked,
            name=name,
        )

    def _calls_to_spare(self, meter: Meter) -> int:
        """Return how many model calls are left besides those that the answer needs."""
        return meter.budget.model_calls - len(meter.calls) - self.calls_behind


@dataclass(frozen=True, slots=True, kw_only=True)
class _Asked:
    """One question, and all that its prompts are made of."""

    question: str
    view: View
    today: date
    principal: Principal
    meter: Meter


def _written(replies: Sequence[SqlReply], asked: _Asked) -> Written:
    return Written(
        statements=tuple(statement_of(reply, asked.question) for reply in replies if reply.understood)
    )


def _turned_view(view: View, turn: int) -> View:
    return replace(view, schema=Schema(tables=_turned(view.schema.tables, turn)))


def _turned(items: Sequence[Item], turn: int) -> tuple[Item, ...]:
    """Return the items beginning with another one each turn, so that candidates differ."""
    start = turn % len(items) if items else 0
    return (*items[start:], *items[:start])
