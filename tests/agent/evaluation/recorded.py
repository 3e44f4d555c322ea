"""Runs of the real graph over fakes, with their recordings."""

from collections.abc import Callable
from dataclasses import dataclass

from langgraph.checkpoint.memory import MemorySaver
from langgraph.checkpoint.serde.jsonplus import JsonPlusSerializer

from agent.answer import Answer
from agent.recording.around import Recorded
from agent.recording.recorder import Ended, Recorder
from agent.recording.recording import Recording
from agent.session import Session
from graph.build import build
from graph.deps import Deps
from graph.state import CHECKPOINTED
from tools.types import ANYONE, Principal


def session_of(deps: Deps) -> Session:
    """Open a session that remembers in memory and writes down what its nodes do."""
    saver = MemorySaver(serde=JsonPlusSerializer(allowed_msgpack_modules=CHECKPOINTED))
    return Session(build(saver, around=Recorded()), deps)


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """An answer with what led to it."""

    answer: Answer
    recording: Recording


async def run(session: Session, question: str, *, thread: str = "t", principal: Principal = ANYONE) -> Run:
    """Ask and record."""
    ended: list[Ended] = []
    answer = await session.ask(question, thread_id=thread, principal=principal, on_ended=ended.append)
    return Run(answer=answer, recording=Recorder().recording(ended[-1]))


Changed = Callable[[], Deps]
"""Makes what the nodes are given, anew for every run."""
