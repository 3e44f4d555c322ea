"""Decide whether the catalogue's proposal is to be run: the documents may have the better claim.

The catalogue judges each query on its own. A question that the documents clearly answer ("what does error
E1 mean on the Rowan?") often resembles a query as well ("stock of the Rowan"), so the odds of a query are
weighed against those of the likeliest base:

    logit(p') = logit(p) - 1.0 · max(0, logit(base))

and in turn each base's odds against the query's: logit(base') = logit(base) - 0.5 · max(0, logit(p')).

Two kinds of questions are about a record whatever the documents say: those that give a code, such as an
order number, and those about the asker's own ("where is my parcel?"). The constants were chosen on half of
the sample company's questions.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from math import exp, log

from graph.reasoning.local.followups import codes_in, has_dangling_pronoun
from graph.reasoning.ports import Statement
from tools.database.named.scoring import asks_for_own
from tools.text.words import stem_set
from tools.types import Match

LIKELY = 0.5
"""A place at or above this probability is asked."""
UNDERSTOOD = 0.75
"""Probability that a question is meant for the database when SQL says all of it, the documents aside."""
AGAINST_DOCUMENTS, AGAINST_DATABASE, DANGLING, CODED = 1.0, 0.5, 0.75, 0.8


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """The database's share in answering one question."""

    probability: float
    bases: Mapping[str, float]
    """Probability of each base, given the query."""
    matches: tuple[Match, ...] = ()
    """Fillings of the chosen query; empty when no named query is run."""
    writes_sql: bool = False
    """Whether SQL is to be written instead."""

    @property
    def asks_database(self) -> bool:
        """Whether the database is asked, in whichever way."""
        return bool(self.matches) or self.writes_sql

    @property
    def must_ask(self) -> bool:
        """Whether the asker has to say more before the query can run."""
        return bool(self.matches) and bool(self.matches[0].missing)


def choose(question: str, matches: Sequence[Match], bases: Mapping[str, float]) -> Choice:
    """Return the best query with all its fillings when it is likely enough.

    Args:
        question: A stand-alone question.
        matches: The catalogue's proposals, best first.
        bases: Probability of each knowledge base.
    """
    if not matches:
        return Choice(probability=0.0, bases=bases)
    best = matches[0]
    logit = _logit(best.score)
    if _coded(best):
        logit += CODED
    elif not (best.missing and asks_for_own(question)):
        logit -= AGAINST_DOCUMENTS * max(0.0, _logit(max(bases.values(), default=0.0)))
    if best.missing and has_dangling_pronoun(question):
        logit += DANGLING
    if logit < 0:
        return Choice(probability=_probability(logit), bases=bases)
    return Choice(
        probability=_probability(logit),
        bases=_given(logit, bases),
        matches=tuple(match for match in matches if match.query == best.query),
    )


def sql_says_more(match: Match | None, compose: Callable[[], Statement | None]) -> bool:
    """Tell whether rules can say in SQL what a named query cannot answer entirely.

    Args:
        match: The named query, None when none was chosen.
        compose: Returns the SQL that says all of the question, if rules can; asked only where it matters.
    """
    if match is not None and not match.missing and not match.unknown:
        return False
    composed = compose()
    return composed is not None and prefers_sql(match, composed.description)


def prefers_sql(match: Match | None, described: str) -> bool:
    """Tell whether SQL that says all of a question answers it better than a named query.

    So it is when the query lacks a variable, or when the SQL speaks of something that the query knows
    nothing of: "average total of orders by country" is not answered by their number.

    Args:
        match: The named query, None when none was chosen.
        described: What the SQL's rows are, in words.
    """
    return match is None or bool(match.missing) or not stem_set(described).isdisjoint(match.unknown)


def write_sql(bases: Mapping[str, float], *, likely: float) -> Choice | None:
    """Return the choice to write SQL, or None where the documents have the better claim.

    Args:
        bases: Probability of each knowledge base.
        likely: Probability that the question is meant for the database, the documents aside.
    """
    logit = _logit(likely) - AGAINST_DOCUMENTS * max(0.0, _logit(max(bases.values(), default=0.0)))
    if logit < 0:
        return None
    return Choice(probability=_probability(logit), bases=_given(logit, bases), writes_sql=True)


def both(one: float, other: float) -> float:
    """Return what two judges think together: the mean of their log-odds, as a probability."""
    return _probability((_logit(one) + _logit(other)) / 2)


def _given(logit: float, bases: Mapping[str, float]) -> dict[str, float]:
    """Return the probability of each base, given how likely the database answers."""
    return {name: _probability(_logit(p) - AGAINST_DATABASE * logit) for name, p in bases.items()}


def _coded(match: Match) -> bool:
    return any(codes_in(word) for word in match.linked)


def _probability(logit: float) -> float:
    return 1 / (1 + exp(-logit))


def _logit(probability: float) -> float:
    bounded = min(max(probability, 1e-4), 1 - 1e-4)
    return log(bounded / (1 - bounded))
