"""Decides which element each phrase of a reading means, all phrases together.

The score of a choice is that of the reading with every phrase at the score of its candidate, plus a bonus
for a column of the table named nearest, less a cost for every table that must be joined although nobody
named it. Choices that cannot be joined along foreign keys are none.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from graph.reasoning.local.sql.elements import Candidate, Element
from graph.reasoning.local.sql.frame import Frame, Mention
from graph.reasoning.local.sql.joins import Joins

_BEAM = 80
_OWNED = 0.3
_NEARBY = 5
_PLAYED = 0.4
_UNNAMED = 0.3
_JOINED = 0.05
_NAMELESS = 0.3


@dataclass(frozen=True, slots=True, kw_only=True)
class Meaning:
    """One choice for all phrases of a frame."""

    chosen: Mapping[Mention, Candidate]
    score: float

    def element(self, mention: Mention) -> Element:
        """Return what a phrase means."""
        return self.chosen[mention].element


def meanings(frame: Frame, joins: Joins, *, score: float, most: int) -> list[Meaning]:
    """Return the likeliest choices for a frame, best first.

    Args:
        frame: What was understood.
        joins: The foreign keys.
        score: Of the reading with every phrase at its best.
        most: How many to return.
    """
    mentions = sorted(frame.mentions(), key=lambda mention: not mention.is_table)
    owners = _owners(frame)
    base = score - sum(mention.candidates[0].score for mention in mentions)
    beam: list[tuple[float, dict[Mention, Candidate]]] = [(base, {})]
    for mention in mentions:
        grown = [
            (
                total
                + candidate.score
                + _bonus(mention, candidate, chosen, owners, frame)
                + _role(frame, candidate, joins),
                {**chosen, mention: candidate},
            )
            for total, chosen in beam
            for candidate in mention.candidates
        ]
        beam = sorted(grown, key=lambda pair: -pair[0])[:_BEAM]
    found = [
        Meaning(chosen=chosen, score=total - cost)
        for total, chosen in beam
        if (cost := _cost(frame, chosen, joins)) is not None
    ]
    return sorted(found, key=lambda meaning: -meaning.score)[:most]


def _bonus(
    mention: Mention,
    candidate: Candidate,
    chosen: Mapping[Mention, Candidate],
    owners: Mapping[Mention, Mention],
    frame: Frame,
) -> float:
    shown = [target.mention for target in frame.targets if target.mention is not None]
    ordered = [order.target.mention for order in frame.orders]
    if mention in ordered and any(
        chosen[other].element == candidate.element for other in shown if other in chosen
    ):
        return _OWNED
    owner = owners.get(mention)
    if owner is None or owner not in chosen:
        return 0.0
    return _OWNED if chosen[owner].element.table == candidate.element.table else 0.0


def _role(frame: Frame, candidate: Candidate, joins: Joins) -> float:
    """Prefer the reference that "from" or "arriving" means where there are several to one table."""
    edge = joins.references.get(candidate.element)
    if edge is None or not frame.roles or len(joins.between(edge.child, edge.parent)) < 2:
        return 0.0
    return _PLAYED if joins.plays(edge, frame.roles) else 0.0


def _owners(frame: Frame) -> dict[Mention, Mention]:
    """Return the table named nearest to each column: behind it for what is shown, before it otherwise."""
    tables = [mention for mention in frame.mentions() if mention.is_table]
    shown = {target.mention for target in frame.targets}
    plain = {target.mention for target in frame.targets if target.function is None}
    owners = {}
    for mention in frame.mentions():
        if mention.is_table or not tables:
            continue

        def distance(table: Mention, mention: Mention = mention) -> float:
            behind = table.start >= mention.end
            gap = table.start - mention.end if behind else mention.start - table.end
            return gap + (_NEARBY if behind != (mention in shown) else 0)

        grouped = [group for group in frame.groups if group.is_table and mention in plain]
        owners[mention] = mention.owner or (grouped[0] if grouped else min(tables, key=distance))
    return owners


def _cost(frame: Frame, chosen: Mapping[Mention, Candidate], joins: Joins) -> float | None:
    """Return what joining the tables costs, or None when they cannot be joined."""
    needed = list(dict.fromkeys(_needed(frame, chosen)))
    nameless = sum(joins.elements.display(chosen[mention].element.table) is None for mention in _rows(frame))
    named = {candidate.element.table for mention, candidate in chosen.items() if mention.is_table}
    tree = joins.tree(tuple(needed))
    if tree is None:
        return None
    joined = {table for edge in tree for table in (edge.child, edge.parent)} | set(needed)
    return _UNNAMED * len(joined - named) + _JOINED * len(tree) + _NAMELESS * nameless


def _rows(frame: Frame) -> Iterator[Mention]:
    """Yield the tables whose rows are shown by their names."""
    for target in frame.targets:
        named = target.mention is not None and target.mention.is_table
        if named and target.function is None and not target.everything and target.mention is not None:
            yield target.mention


def _needed(frame: Frame, chosen: Mapping[Mention, Candidate]) -> Iterator[int]:
    hints = {use.mention for use in frame.uses if use.hint}
    for mention in frame.mentions():
        if mention not in hints:
            yield chosen[mention].element.table
