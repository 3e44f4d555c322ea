"""What became of each statement of a draft, with what it cites."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Literal

from agent.recording.recording import Json, Recording, Step
from agent.tracing.reading import count, listed, mapped, objects, optional_text, text
from agent.tracing.views_found import ClaimGiven, EvidenceGiven

WRITING = frozenset({"synthesize", "revise"})
Verdict = Literal["holds", "rejected", "cut"]


def claims_given(step: Step, before: Mapping[str, Json], recording: Recording) -> list[ClaimGiven] | None:
    """Return the statements that a step wrote or checked; None for a step that does neither.

    What was written is told with the verdict of the check that follows it.

    Args:
        step: The step.
        before: The state before it.
        recording: All steps.
    """
    if step.node in WRITING:
        draft, check = mapped(step.update, "draft"), _check_after(step, recording.steps)
    elif step.node == "verify":
        draft, check = mapped(before, "draft"), step
    else:
        return None
    objections = rejected_by(check)
    verification = check is not None and "verification" in mapped(check.update)
    cut = check is not None and "draft" in mapped(check.update)
    citations = {count(one.get("id")): one for one in objects(draft.get("citations"))}
    return [
        _claim(
            number, claim, citations, _verdict(number, objections, verified=verification, cut=cut), objections
        )
        for number, claim in enumerate(objects(draft.get("claims")))
    ]


def rejected_by(check: Step | None) -> dict[int, str]:
    """Return the index of each statement that a check rejected, with its reason."""
    rejected = listed(mapped(check.update if check else None, "verification").get("rejected"))
    pairs: Iterable[Sequence[Json]] = (listed(each) for each in rejected)
    return {count(pair[0]): text(pair[1]) for pair in pairs if len(pair) == 2}


def _check_after(step: Step, steps: Sequence[Step]) -> Step | None:
    """Return the check of what a step wrote: the first one behind it."""
    later = [one for one in steps if one.node == "verify" and one.superstep > step.superstep]
    return min(later, key=lambda one: one.superstep, default=None)


def _verdict(number: int, objections: Mapping[int, str], *, verified: bool, cut: bool) -> Verdict | None:
    if not verified:
        return None
    if number not in objections:
        return "holds"
    return "cut" if cut else "rejected"


def _claim(
    number: int,
    claim: Mapping[str, Json],
    citations: Mapping[int, Mapping[str, Json]],
    verdict: Verdict | None,
    objections: Mapping[int, str],
) -> ClaimGiven:
    cited = [count(each) for each in listed(claim.get("citations"))]
    return ClaimGiven(
        number=number + 1,
        text=text(claim.get("text")),
        part=count(claim.get("part")),
        kind=text(claim.get("kind")),
        verdict=verdict,
        reason=objections.get(number),
        evidence=[_evidence(each, citations[each]) for each in cited if each in citations],
    )


def _evidence(number: int, citation: Mapping[str, Json]) -> EvidenceGiven:
    return EvidenceGiven(
        citation=number,
        kind="rows" if "statement" in citation else "passage",
        source=optional_text(citation.get("source")),
        title=optional_text(citation.get("title")),
        quote=optional_text(citation.get("quote")),
        statement=optional_text(citation.get("statement")),
    )
