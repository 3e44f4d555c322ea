"""Entailment by words: which claims need no model to be believed.

Let S(x) be the stems of a text without stop words, q the question, and W the runs of one to three
neighbouring units of what is cited. A claim c is covered to the degree

    coverage(c) = max over w in W of |S(c) ∩ (S(w) ∪ S(h) ∪ S(q))| / |S(c)|

with h the heading above it, because what the asker said of himself needs no source. A claim is plainly
carried when one run covers most of it; holds every name, code and figure in it; and denies, excepts and
restricts as often as the claim does: "is covered" and "is not covered" share every stem. Of a run only the
clauses that speak of the claim count for that, but each of its exceptions. What the run leaves open, its
heading may say, or the question where the source is about no product in particular; but a run that names
products speaks of no others.
"""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from graph.reasoning.checks import Cited
from graph.reasoning.local.lexicon import Lexicon
from tools.text.sentences import units
from tools.text.words import numbers, stem_set

PLAIN, ENOUGH = 0.75, 0.6
"""Coverage that needs no second look, and coverage that must do when nobody can look."""
LONGEST_RUN = 3
SPEAKS_OF = 0.5
"""A clause speaks of a claim when it shares this part of its own stems with it."""
_CLAUSE = re.compile(r"[;:,.()–—]|\b(?:but|while|because|so|if|and|or|whereas|although)\b")
_NAME = re.compile(r"(?<!^)(?<![.!?:] )\b[A-Z][\w-]+|\b(?=\w*[^\W\d])(?=\w*\d)[\w-]+")
"""A capitalised word that begins no sentence, or a code of letters and digits."""
_POLITE = re.compile(r"^\W*(?:yes|no)\b[,:;.]?\s*", re.IGNORECASE)
"""The answer's first word says no more than the sentence behind it."""
_TURNS = {
    "denies": re.compile(
        r"\b(?:no|not|never|none|nothing|without|cannot|neither|nor)\b|n['’]t\b", re.IGNORECASE
    ),
    "excepts": re.compile(
        r"\b(?:except|unless|excluding|excludes?|other than|but not|apart from)\b", re.IGNORECASE
    ),
    "restricts": re.compile(r"\bonly\b", re.IGNORECASE),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Entailment:
    """Compares claims with what they cite."""

    question: str
    """What was asked."""
    lexicon: Lexicon
    """Knows the products."""

    def plain(self, claim: str, cited: Sequence[Cited]) -> bool:
        """Tell whether one of the sources says nearly the same in the same words."""
        claim = _POLITE.sub("", claim)
        said, turned = stem_set(claim), _turns(claim)
        return any(
            self._covered(said, source, run) >= PLAIN
            and self._names_all(claim, source, run)
            and turned == _turns_of(run, said)
            for source in cited
            for run in _runs(source)
        )

    def enough(self, claim: str, cited: Sequence[Cited]) -> bool:
        """Tell whether a source speaks of most of what the claim says."""
        said = stem_set(claim)
        return any(self._covered(said, source, run) >= ENOUGH for source in cited for run in _runs(source))

    def _covered(self, said: frozenset[str], source: Cited, run: str) -> float:
        return _share(said, stem_set(run) | stem_set(source.heading) | stem_set(self.question))

    def _names_all(self, claim: str, source: Cited, run: str) -> bool:
        about = f"{source.heading} {run} {'' if source.particular else self.question}"
        products = self.lexicon.products_in(run) or self.lexicon.products_in(about)
        return (
            numbers(claim) <= numbers(run) | numbers(source.heading) | numbers(self.question)
            and set(self.lexicon.products_in(claim)) <= set(products)
            and stem_set(" ".join(_NAME.findall(claim))) <= stem_set(about)
        )


def _runs(source: Cited) -> Iterator[str]:
    """Yield every run of neighbouring units; what is no running text is one run."""
    if not source.verbatim:
        yield source.text
        return
    found = units(source.text)
    for first in range(len(found)):
        for last in range(first + 1, min(first + LONGEST_RUN, len(found)) + 1):
            yield " ".join(unit.text for unit in found[first:last])


def _share(part: frozenset[str], whole: frozenset[str]) -> float:
    return len(part & whole) / len(part) if part else 0.0


def _turns(text: str) -> Counter[str]:
    """Count the ways in which a text turns its meaning."""
    return Counter({name: found for name, pattern in _TURNS.items() if (found := len(pattern.findall(text)))})


def _turns_of(run: str, claim: frozenset[str]) -> Counter[str]:
    """Count the turns of the clauses that speak of the claim, and every exception."""
    speaking = (clause for clause in _CLAUSE.split(run) if _share(stem_set(clause), claim) >= SPEAKS_OF)
    return sum(map(_turns, speaking), Counter[str]()) | Counter({"excepts": _turns(run)["excepts"]})
