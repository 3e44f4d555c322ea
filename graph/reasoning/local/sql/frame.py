"""What a question was understood to ask for, before it is decided which column each phrase means."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date
from typing import Literal, TypeAlias

from graph.reasoning.local.sql.elements import Candidate
from graph.reasoning.local.sql.lexicon import Aggregate, Comparison

Scope: TypeAlias = Literal["all", "excluded", "first", "second"]
"""Which rows a condition speaks of: all that are asked for, those left out, or one side of "both"."""

Matching: TypeAlias = Literal["contains", "starts", "ends"]


@dataclass(frozen=True, slots=True, eq=False)
class Mention:
    """A phrase of the question with the elements of the schema that it may mean; compared by identity."""

    start: int
    """Token at which it begins."""
    end: int
    candidates: tuple[Candidate, ...]
    owner: "Mention | None" = None
    """The rows it is said of: in "their names", those that were asked for."""

    @property
    def is_table(self) -> bool:
        """Whether it means a table; otherwise it means a column."""
        return self.candidates[0].element.column is None


@dataclass(frozen=True, slots=True)
class Target:
    """One thing to be shown, or to be ordered by."""

    mention: Mention | None
    """None for the rows themselves, as in "how many times"."""
    function: Aggregate | None = None
    distinct: bool = False
    everything: bool = False
    """All columns of the table that is mentioned."""
    summed: bool = False
    """It was asked how many or how much there is of it, which adds it up unless one row is meant."""


@dataclass(frozen=True, slots=True)
class Computed:
    """An aggregate over the whole table as the other side of a comparison."""

    function: Aggregate
    mention: Mention | None = None
    """None for the column that it is compared with."""


@dataclass(frozen=True, slots=True)
class Days:
    """A period, both ends included."""

    first: date
    last: date


Operand: TypeAlias = str | int | float | Computed | Days


@dataclass(frozen=True, slots=True)
class Filter:
    """A condition on one column."""

    mention: Mention
    comparison: Comparison = "="
    operands: tuple[Operand, ...] = ()
    """Alternatives; empty when the mention is itself a value."""
    between: bool = False
    """The two operands are the ends of a range."""
    scope: Scope = "all"
    either: bool = False
    """It suffices in place of the condition before it."""
    times: bool = False
    """It limits a moment, so it needs a column of dates or years."""
    matching: Matching | None = None
    """How a text is looked for inside of others; None compares whole values."""


@dataclass(frozen=True, slots=True)
class Having:
    """A condition on a figure of each thing asked for, mostly on how many rows belong to it."""

    target: Target
    comparison: Comparison
    numbers: tuple[int | float, ...]


@dataclass(frozen=True, slots=True)
class Order:
    """What the rows are sorted by."""

    target: Target
    descending: bool
    aged: bool = False
    """It was said as old or young, which for a column of dates is the other way round."""


@dataclass(frozen=True, slots=True)
class Use:
    """A table that is named beside the columns asked for."""

    mention: Mention
    scope: Scope = "all"
    hint: bool = False
    """It only says of what kind the value behind it is."""


@dataclass(frozen=True, slots=True)
class Frame:
    """A question as far as it was read."""

    targets: tuple[Target, ...] = ()
    uses: tuple[Use, ...] = ()
    filters: tuple[Filter, ...] = ()
    groups: tuple[Mention, ...] = ()
    each: bool = False
    """Figures are wanted for each of the things named before."""
    having: tuple[Having, ...] = ()
    orders: tuple[Order, ...] = ()
    limit: int | None = None
    superlative: bool = False
    """The order is there to find the first rows, not to show them sorted."""
    distinct: bool = False
    roles: tuple[str, ...] = ()
    """Which of several references between two tables is meant."""
    tied: tuple[int, ...] = ()
    """Places of the verbs that were taken to tie nouns together."""

    def mentions(self) -> Iterator[Mention]:
        """Yield every phrase that must be given a meaning, once."""
        found = [target.mention for target in self.targets]
        found += [use.mention for use in self.uses]
        for condition in self.filters:
            found.append(condition.mention)
            found += [operand.mention for operand in condition.operands if isinstance(operand, Computed)]
        found += [*self.groups, *(having.target.mention for having in self.having)]
        found += [order.target.mention for order in self.orders]
        yield from dict.fromkeys(mention for mention in found if mention is not None)


Phase: TypeAlias = Literal["open", "select", "named", "body"]
"""Before anything was said, before a thing to show, right behind one, and in what limits it."""


@dataclass(frozen=True, slots=True)
class State:
    """How far a question was read, and as what."""

    at: int
    frame: Frame
    score: float
    phase: Phase
    scope: Scope = "all"
    negated: bool = False
    """The next condition is denied."""
    either: bool = False
    """The next condition is an alternative to the last."""
    distinct: bool = False
    """The next target is wanted without repeats."""
    counting: bool = False
    """The next target is counted."""

    def moved(self, at: int, score: float, phase: Phase | None = None, frame: Frame | None = None) -> "State":
        """Return the state some tokens further on."""
        return replace(
            self, at=at, score=self.score + score, phase=phase or self.phase, frame=frame or self.frame
        )

    def limited(self, found: Filter, at: int, score: float) -> "State":
        """Return the state with one more condition, denied or alternative as announced."""
        scope = "excluded" if self.negated and self.scope == "all" else self.scope
        found = replace(found, scope=scope, either=self.either and scope == self.scope)
        frame = replace(self.frame, filters=(*self.frame.filters, found))
        return replace(self.moved(at, score, "body", frame), negated=False, either=False)
