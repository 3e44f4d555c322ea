"""Whether the answer says what its sources say, and why there is none."""

from collections.abc import Iterator

from pydantic import ValidationError

from agent.recording.recording import Json, Step
from agent.recording.states import channel_adapter
from agent.tracing.course import NEAR, Course, heading, told
from agent.tracing.reading import (
    excerpt,
    mapped,
    number,
    objects,
    optional_number,
    text,
)
from agent.tracing.view_claims import rejected_by
from agent.tracing.views import Finding, Severity
from graph.reasoning.checks import check_claims
from graph.state import Draft, Evidence

WITHHELD = frozenset({"unanswerable", "declined"})


def answer_findings(course: Course) -> Iterator[Finding]:
    """Yield what speaks against the answer, or explains that there is none."""
    yield from _rejected(course)
    yield from _unseen(course)
    yield from _unfaithful(course)
    yield from _withheld(course)
    yield from _asked_back(course)
    yield from _told_the_asker(course)


def _rejected(course: Course) -> Iterator[Finding]:
    """Statements that the check rejected."""
    for step in course.recording.steps:
        if step.node != "verify":
            continue
        claims = objects(mapped(course.before[step.number], "draft").get("claims"))
        for index, reason in rejected_by(step).items():
            claim = excerpt(claims[index].get("text"), 160) if 0 <= index < len(claims) else "?"
            yield told(
                "error", f"Statement {index + 1} does not hold: {reason[:200]} (“{claim}”).", step=step
            )


def _unseen(course: Course) -> Iterator[Finding]:
    """Statements that the check let pass, although number, quotation or source are not in what they cite."""
    step = course.last("verify")
    if step is None:
        return
    before = course.before[step.number]
    try:
        draft: Draft = channel_adapter("draft").validate_python(before.get("draft"))
        evidence: list[Evidence] = channel_adapter("evidence").validate_python(before.get("evidence"))
    except ValidationError:
        yield told(
            "note", "The statements cannot be checked again: the recorded draft is no draft.", step=step
        )
        return
    question, known = text(mapped(before, "plan").get("question")), rejected_by(step)
    for index, reason in check_claims(draft, evidence, quoted=False, question=question).rejected:
        if index not in known:
            claim = excerpt(draft.claims[index].text, 160)
            words = f"The check let statement {index + 1} pass, but {reason[:200]} (“{claim}”)."
            yield told("error", words, step=step)


def _unfaithful(course: Course) -> Iterator[Finding]:
    faithfulness = optional_number(mapped(course.recording.answer).get("faithfulness"))
    if faithfulness is not None and faithfulness < 1 and course.status not in WITHHELD:
        limit = number(mapped(course.setup, "assistant").get("faithfulness"))
        severity: Severity = "error" if faithfulness < limit else "warning"
        words = f"Only {100 * faithfulness:.0f} % of the statements held; what did not was cut."
        yield told(severity, words, step=course.last("verify"))


def _withheld(course: Course) -> Iterator[Finding]:
    """Why there is no answer: what was judged, against which threshold, and what the best passage was."""
    if course.status not in WITHHELD:
        return
    step, assistant = course.last("assess"), mapped(course.setup, "assistant")
    if step is None:
        route = mapped(course.final, "plan", "route")
        if mapped(course.final, "plan").get("small_talk") is None:
            in_scope = number(route.get("in_scope"))
            words = f"Declined without a look into the sources: the router gave {in_scope:.2f} for in scope."
            yield told("warning", words, step=course.last("classify"))
        return
    if (check := course.last("verify")) is not None:
        yield _too_little(check, number(assistant.get("faithfulness")))
        return
    threshold = number(assistant.get("abstain"))
    for place, judged in enumerate(objects(mapped(step.update).get("assessments"))):
        confidence, verdict = number(judged.get("confidence")), excerpt(judged.get("verdict"))
        near, best = _best(course, place)
        yield told(
            "error" if near else "warning",
            f"No answer ({course.status}): the evidence of part {place + 1} was judged {verdict} with"
            f" confidence {confidence:.2f} (assistant.abstain is {threshold:.2f}){best}.",
            step=step,
        )


def _too_little(check: Step, limit: float) -> Finding:
    held = 100 * number(mapped(check.update, "verification").get("faithfulness"))
    words = f"Withheld: only {held:.0f} % of the statements held (assistant.faithfulness is {limit:.2f})."
    return told("error", words, step=check)


def _best(course: Course, place: int) -> tuple[bool, str]:
    """Return whether the best passage of a part is near to the question, and tell of it."""
    evidence = course.evidence
    hits = objects(evidence[place].get("hits")) if place < len(evidence) else []
    if not hits:
        return False, "; it had no passage"
    scores = mapped(hits[0], "explanation")
    named = [(name, optional_number(scores.get(name))) for name in ("dense", "bm25", "cross_encoder")]
    known = {name: score for name, score in named if score is not None}
    near = known.get("dense", 0.0) >= NEAR or known.get("cross_encoder", 0.0) > 0
    told_scores = ", ".join(f"{name} {score:.2f}" for name, score in known.items()) or "unscored"
    passage = f"{heading(mapped(hits[0], 'chunk'))} ({told_scores})"
    return near, f", although {passage} is near" if near else f"; its best passage is {passage}"


def _asked_back(course: Course) -> Iterator[Finding]:
    for step in course.recording.steps:
        if step.paused is not None:
            question = excerpt(mapped(step.paused).get("question"), 200)
            yield told("note", f"The run asked back instead of answering: “{question}”", step=step)


def _told_the_asker(course: Course) -> Iterator[Finding]:
    """Notes below the answer; those of the database are told with its statements."""
    for step in course.recording.steps:
        if step.node != "query_database":
            for note in _notes(step):
                yield told("note", f"The asker was told: {excerpt(note, 300)}", step=step)


def _notes(step: Step) -> list[Json]:
    notes = mapped(step.update).get("notes")
    return notes if isinstance(notes, list) else []
