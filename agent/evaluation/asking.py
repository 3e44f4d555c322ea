"""Ask the question of a case as it was asked when it was written down."""

import asyncio
import uuid
from typing import TYPE_CHECKING

from agent.answer import Answer
from agent.evaluation.cases import Case
from agent.evaluation.grading import Grade, grade
from agent.recording.recorder import Ended, Recorder
from graph.plan import Turn
from tools.types import Principal

if TYPE_CHECKING:
    from agent.session import Session


async def asked(session: "Session", case: Case) -> tuple[Answer, Ended]:
    """Ask in a thread of its own, and reply when asked back; return the answer and what ended.

    Args:
        session: Whom to ask.
        case: What to ask; its earlier questions are answered already.
    """
    ended: list[Ended] = []
    thread = uuid.uuid4().hex
    whose = Principal(groups=frozenset(case.groups), attributes=tuple(sorted(case.attributes.items())))
    answers = (*case.answers, *[""] * (len(case.history) - len(case.answers)))
    answer = await session.ask(
        case.question,
        thread_id=thread,
        history=[
            Turn(question=asked, answer=told) for asked, told in zip(case.history, answers, strict=True)
        ],
        principal=whose,
        on_ended=ended.append,
    )
    if case.reply is not None and answer.status == "clarify":
        answer = await session.ask(case.reply, thread_id=thread, principal=whose, on_ended=ended.append)
    return answer, ended[-1]


async def graded(session: "Session", case: Case, *, recorder: Recorder) -> Grade:
    """Ask, and grade what came of it.

    Args:
        session: Whom to ask.
        case: What to ask.
        recorder: Tells what the steps did.
    """
    answer, ended = await asked(session, case)
    return await grade_of(case, answer, ended, recorder=recorder)


async def grade_of(case: Case, answer: Answer, ended: Ended, *, recorder: Recorder) -> Grade:
    """Grade an answer; a recording is made only where the case demands steps."""
    recording = await asyncio.to_thread(recorder.recording, ended) if case.steps else None
    return grade(case, answer, recording)
