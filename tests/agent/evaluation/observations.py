"""Asked cases for tests of what is measured of them."""

from collections.abc import Sequence
from typing import Any

from agent.evaluation.cases import Case
from agent.evaluation.measured import Observed, Passage, Stated
from tests.agent.evaluation.test_grading import answer_of


def passage(source: str, text: str = "words", *, start: int = 0) -> Passage:
    """Return a passage of a document."""
    return Passage(
        chunk_id=f"{source}:{start}:{text}",
        knowledge_base="guides",
        source=source,
        start=start,
        end=start + len(text),
        text=text,
        score=1.0,
    )


def claim(text: str, *quotes: str, source: str = "kettle.md", kept: bool = True) -> Stated:
    """Return a claim that quotes a document."""
    return Stated(text=text, quotes=quotes, sources=(source,), kept=kept)


def observed(
    *,
    found: Sequence[Passage] = (),
    evidence: Sequence[Passage] | None = None,
    claims: Sequence[Stated] = (),
    wrong: Sequence[str] = (),
    answer: dict[str, Any] | None = None,
    **labels: Any,  # noqa: ANN401 - the fields of a case
) -> Observed:
    """Return a case that was asked; the evidence is what was found, unless given."""
    return Observed(
        case=Case(**{"id": "a", "question": "How long does the kettle boil?", **labels}),
        answer=answer_of(**(answer or {})),
        wrong=tuple(wrong),
        found=tuple(found),
        evidence=tuple(found if evidence is None else evidence),
        claims=tuple(claims),
        written=bool(claims),
    )
