"""Values to keep: threads, runs, answers and events as the tests of storage need them."""

from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

from agent.answer import Answer, RouteTaken, Timings
from agent.events import Answered, Done, Token
from agent.recording.summary import Packed, Summary
from agent.storage.opening import Storage
from agent.storage.records import Feedback, HandOff, Run, Thread, Told

OWNER, STRANGER = "local", "visitor:shop:1"


def now() -> datetime:
    """Return this moment."""
    return datetime.now(UTC)


def new_thread(owner: str = OWNER, *, updated: datetime | None = None) -> Thread:
    """Return a thread that nothing was asked in."""
    created = updated or now()
    return Thread(id=uuid4().hex, owner=owner, title="", created=created, updated=created)


def new_run(thread: Thread, question: str = "How long is the warranty?") -> Run:
    """Return the first attempt at a question."""
    return Run(
        id=uuid4().hex,
        thread_id=thread.id,
        owner=thread.owner,
        question=question,
        status="running",
        attempts=1,
        started=now(),
        site="shop",
        groups=("staff", "partners"),
        attributes=(("region", "north"), ("level", 3), ("trial", None)),
    )


def answer_to(run: Run, text: str = "Two years.") -> Answer:
    """Return what might be answered."""
    return Answer(
        answer=text,
        status="answered",
        citations=[],
        route=RouteTaken(category="fact", knowledge_bases={}, database=0.0, in_scope=1.0),
        queries=[run.question],
        faithfulness=1.0,
        mode="local",
        degraded=False,
        notes=[],
        exit_reason="completed",
        timings_ms=Timings(total=1.5, first_token=None, nodes={}),
        thread_id=run.thread_id,
        run_id=run.id,
    )


def words_of(run: Run, count: int, *, text: str = "word ") -> list[Told]:
    """Return the first events of a run."""
    return [Told(run_id=run.id, sequence=place, event=Token(text=text)) for place in range(1, count + 1)]


async def begun(storage: Storage, owner: str = OWNER, question: str = "How long is the warranty?") -> Run:
    """Keep a thread with a run under way."""
    thread = new_thread(owner)
    await storage.threads.create(thread)
    run = new_run(thread, question)
    await storage.runs.begin(run)
    return run


async def completed(storage: Storage, run: Run, *, text: str = "Two years.", after: int = 0) -> Answer:
    """Keep the answer of a run, told after so many events."""
    answer = answer_to(run, text)
    events = [
        Told(run_id=run.id, sequence=after + 1, event=Answered(answer=answer)),
        Told(run_id=run.id, sequence=after + 2, event=Done(status="completed")),
    ]
    await storage.runs.end(run.id, status="completed", answer=answer, error=None, events=events)
    return answer


async def whole_thread(storage: Storage, canary: str, *, turns: int = 1, words: int = 3) -> str:
    """Keep a thread whose every part says the canary, and return its id."""
    thread = new_thread()
    await storage.threads.create(thread)
    await storage.threads.mark(thread.id, f"fingerprint {canary}")
    for _ in range(turns):
        run = new_run(thread, f"question {canary}")
        await storage.runs.begin(run)
        await storage.runs.tell(words_of(run, words, text=f"token {canary} "))
        await completed(storage, run, text=f"answer {canary}", after=words)
        opinion = Feedback(run_id=run.id, thumb="down", reason=canary, correction=canary, created=now())
        await storage.feedback.put(opinion, owner=OWNER)
        packed = recorded(
            run_id=run.id,
            thread_id=thread.id,
            question=f"question {canary}",
            document=canary.encode() * (1 + 200 * words),
            attachments=(run.id,),
        )
        await storage.traces.add(packed, {run.id: canary.encode() * (1 + words)})
    await storage.handoffs.add(
        HandOff(
            id=uuid4().hex,
            thread_id=thread.id,
            owner=OWNER,
            site=None,
            contact=canary,
            note=canary,
            created=now(),
        )
    )
    return thread.id


def recorded(
    owner: str = OWNER,
    *,
    document: bytes = b"steps and calls",
    attachments: tuple[str, ...] = (),
    **known: Any,  # noqa: ANN401  # fields of a summary
) -> Packed:
    """Return a recording of a run that ended just now."""
    fields: dict[str, Any] = {
        "run_id": uuid4().hex,
        "thread_id": uuid4().hex,
        "owner": owner,
        "question": "How long is the warranty?",
        "outcome": "completed",
        "status": "answered",
        "route": "policies",
        "mode": "local",
        "degraded": False,
        "faithfulness": 1.0,
        "exit_reason": "completed",
        "error": None,
        "started": now(),
        "duration_ms": 41.5,
        "steps": 9,
        "calls": 14,
        "model_calls": 2,
        "input_tokens": 1_000,
        "output_tokens": 50,
        "cost_usd": 0.002,
        "bytes": len(document),
    }
    return Packed(summary=Summary(**fields | known), document=document, attachments=attachments)
