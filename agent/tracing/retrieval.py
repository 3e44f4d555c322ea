"""Why each passage stands where it does: the ranking of a recorded step, done again and told by stages."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Literal, TypeVar

from pydantic import TypeAdapter, ValidationError

from agent.recording.recording import Call, Json
from agent.recording.states import channel_adapter
from agent.sections import Ranking as RankingSection
from agent.tracing.reading import LONGEST, listed, optional_number
from agent.tracing.views_found import Found, PartRetrieval, PassageSeen, Retrieval
from graph.deps import Limits
from graph.plan import Part, Plan
from graph.ranking import CANDIDATES, Candidates, Ranking, find_candidates, rank, tokens_of
from graph.state import Retrieved
from tools.errors import InvalidInput
from tools.ranking.duplicates import drop_near_duplicates
from tools.ranking.rules import Circumstances, Rule, apply_rules, in_force
from tools.types import Hit

Value = TypeVar("Value")
Stage = Literal["fused", "distinct", "scored", "ruled", "packed", "kept"]
LARGEST_LOGIT = 700.0
"""Scores beyond cannot be squashed; no cross-encoder gives them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Weighed:
    """The ranking of one part with all its stages."""

    part: Part
    plan: Plan
    candidates: Candidates
    ranking: Ranking
    rules: tuple[Rule, ...]
    limits: Limits
    places: Mapping[Stage, Mapping[str, int]] = field(init=False, repr=False, compare=False)
    """Place of each passage, by its id, after every stage that it came through."""

    def __post_init__(self) -> None:
        """Look up all places once."""
        one, two = self.candidates, self.ranking
        stages: dict[Stage, Sequence[Hit]] = {
            "fused": one.fused,
            "distinct": one.distinct,
            "scored": two.scored,
            "ruled": two.ruled,
            "packed": two.packed,
            "kept": two.kept,
        }
        places = {stage: _places(hits) for stage, hits in stages.items()}
        object.__setattr__(self, "places", places)

    @property
    def circumstances(self) -> Circumstances:
        """Return what the rules knew about the question."""
        part = self.part
        return Circumstances(as_of=self.plan.as_of, products=part.products, revisions=part.revisions)


def weigh_again(before: Mapping[str, Json], calls: Sequence[Call], setup: Json) -> list[Weighed]:
    """Rank again as a `rerank` step did, with its lists, rules, limits and the recorded scores.

    Args:
        before: The state before the step.
        calls: The step's own calls.
        setup: The configuration that the recording keeps.

    Raises:
        InvalidInput: State or configuration are not what a run writes.
    """
    plan: Plan = _read(channel_adapter("plan"), before.get("plan"), "plan")
    lists: list[Retrieved] = [
        one
        for channel in ("prefetched", "retrieved")
        for one in _read(channel_adapter(channel), before.get(channel) or [], channel)
    ]
    section = setup.get("ranking") if isinstance(setup, Mapping) else None
    ranking: RankingSection = _read(TypeAdapter(RankingSection), section or {}, "configuration")
    rules = tuple(Rule(**rule.model_dump()) for rule in ranking.rules)
    limits = Limits(passages_per_part=ranking.passages, evidence_tokens=ranking.evidence_tokens)
    scored = [call for call in calls if call.port == "reranker" and call.within is None]
    weighed = []
    for part in plan.parts:
        candidates = find_candidates(part, lists)
        scores = _scores(scored, part.question, len(candidates.distinct))
        ranked = rank(candidates, part, plan, scores=scores, rules=rules, limits=limits)
        weighed.append(
            Weighed(part=part, plan=plan, candidates=candidates, ranking=ranked, rules=rules, limits=limits)
        )
    return weighed


def retrieval_given(weighed: Sequence[Weighed]) -> Retrieval:
    """Tell of every passage that any search found how it came to its place."""
    return Retrieval(
        parts=[PartRetrieval(question=one.part.question, passages=_passages(one)) for one in weighed]
    )


def why(hit: Hit, weighed: Weighed) -> str:
    """Say why a passage stands where it does, or was dropped."""
    return "; ".join([*_moves(hit, weighed), _outcome(hit, weighed)])


def factors_of(hit: Hit, weighed: Weighed) -> dict[str, float]:
    """Return what each rule multiplied a hit's score by, where it did; a second of a kind is numbered."""
    factors: dict[str, float] = {}
    for rule in weighed.rules:
        (alone,) = apply_rules([replace(hit, score=1.0)], [rule], weighed.circumstances)
        same = sum(name.partition(" ")[0] == rule.kind for name in factors)
        if alone.score != 1.0:
            factors[f"{rule.kind} {same + 1}" if same else rule.kind] = alone.score
    return factors


def _scores(calls: list[Call], question: str, size: int) -> list[float] | None:
    """Return the recorded scores of a part and take their call; None when there are none that fit."""
    for place, call in enumerate(calls):
        found = [optional_number(score) for score in listed(call.response)]
        scores = [score for score in found if score is not None and abs(score) < LARGEST_LOGIT]
        if call.request.get("query") == question and len(scores) == len(found) == size:
            del calls[place]
            return scores
    return None


def _passages(weighed: Weighed) -> list[PassageSeen]:
    final = {hit.chunk.id: hit for hit in weighed.ranking.ruled}
    found = _found(weighed)
    seen = [
        _passage(hit, final.get(hit.chunk.id, hit), weighed, found[hit.chunk.id])
        for hit in weighed.candidates.fused
    ]
    return sorted(seen, key=lambda one: (not one.kept, one.rank or 0, one.fusion_rank))


def _passage(hit: Hit, final: Hit, weighed: Weighed, found: list[Found]) -> PassageSeen:
    chunk, known = hit.chunk, hit.chunk.metadata
    place = weighed.places["kept"].get(chunk.id)
    return PassageSeen(
        chunk_id=chunk.id,
        source=chunk.source,
        title=chunk.title,
        section=" › ".join(chunk.section),
        knowledge_base=chunk.knowledge_base,
        text=chunk.text[:LONGEST],
        valid_from=_day(known.valid_from),
        valid_to=_day(known.valid_to),
        superseded_by=known.superseded_by,
        found=found,
        fusion=hit.score,
        fusion_rank=weighed.places["fused"][chunk.id],
        cross_encoder=optional_number(final.explanation.get("cross_encoder")),
        factors=factors_of(hit, weighed),
        score=final.score,
        rank=place,
        kept=place is not None,
        why=why(hit, weighed),
    )


def _day(day: date | None) -> str | None:
    return None if day is None else day.isoformat()


def _found(weighed: Weighed) -> Mapping[str, list[Found]]:
    """Return for every passage the searches that found it, with their own scores."""
    families = {query.text: query.family for query in weighed.part.queries}
    found: dict[str, list[Found]] = defaultdict(list)
    for one in weighed.candidates.lists:
        for place, hit in enumerate(one.hits, start=1):
            found[hit.chunk.id].append(
                Found(
                    query=one.query,
                    family=families[one.query],
                    knowledge_base=one.knowledge_base,
                    rank=place,
                    dense=optional_number(hit.explanation.get("dense")),
                    bm25=optional_number(hit.explanation.get("bm25")),
                    fused=optional_number(hit.explanation.get("fused")),
                )
            )
    return found


def _moves(hit: Hit, weighed: Weighed) -> Iterator[str]:
    """Yield what moved a passage that was weighed at all."""
    stages: tuple[Stage, ...] = ("distinct", "scored", "ruled")
    fused, scored, ruled = (weighed.places[stage].get(hit.chunk.id) for stage in stages)
    if fused is None:
        return
    if fused != scored:
        yield f"the cross-encoder moved it from place {fused} to {scored}"
    factors = ", ".join(
        f"{_rule(name, hit, weighed)}: × {factor:.3g}" for name, factor in factors_of(hit, weighed).items()
    )
    moved = f"from place {scored} to {ruled}"
    if scored == ruled:
        yield from [factors] if factors else []
    else:
        yield f"{factors}, {moved}" if factors else f"the rules for others moved it {moved}"


def _rule(name: str, hit: Hit, weighed: Weighed) -> str:
    """Say why a rule applies to a passage."""
    known, day = hit.chunk.metadata, weighed.plan.as_of
    if not name.startswith("superseded") or in_force(known, day):
        return f"rule {name}"
    if known.valid_from is not None and known.valid_from > day:
        return f"not in force before {known.valid_from}"
    by = f" by {known.superseded_by}" if known.superseded_by else ""
    return f"superseded since {known.valid_to}{by}"


def _outcome(hit: Hit, weighed: Weighed) -> str:
    """Say which place a passage has in the evidence, or why it has none."""
    chunk_id, places, limits = hit.chunk.id, weighed.places, weighed.limits
    if chunk_id in places["kept"]:
        return f"place {places['kept'][chunk_id]} of the evidence"
    if places["fused"][chunk_id] > CANDIDATES:
        return f"dropped: behind the first {CANDIDATES} of all that was found"
    if chunk_id not in places["distinct"]:
        return f"dropped: near duplicate of {_twin(hit, weighed)}"
    if chunk_id not in places["packed"]:
        return (
            f"dropped: its {tokens_of(hit):,} tokens do not fit into what better passages leave of the "
            f"budget of {limits.evidence_tokens:,}"
        )
    return f"dropped: behind the first {limits.passages_per_part}"


def _twin(hit: Hit, weighed: Weighed) -> str:
    for other in weighed.candidates.distinct:
        if len(drop_near_duplicates([other, hit])) == 1:
            return f"“{other.chunk.heading}” in {other.chunk.source}"
    return "another"


def _places(hits: Sequence[Hit]) -> dict[str, int]:
    return {hit.chunk.id: place for place, hit in enumerate(hits, start=1)}


def _read(adapter: TypeAdapter[Value], value: Json, name: str) -> Value:
    try:
        return adapter.validate_python(value)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        place = ".".join(map(str, first["loc"]))[:80]
        raise InvalidInput(
            f"the {name} of the recorded step cannot be read ({place}: {first['msg']}); record the run again"
        ) from error
