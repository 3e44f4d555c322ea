"""How probable it is that a named query answers a question.

The probability is logistic in eleven signals:

    p = 1 / (1 + exp(-(BIAS + Σ WEIGHT[signal] × signal)))

- `meaning`: the highest cosine of the question with an example, as asked and with values masked on both
  sides ("loans of Ada Moor" and "loans of Ben Hill" are both "loans of member").
- `description`: the cosine of the question with the query's description.
- `words`: the best F1 of the question's stems with an example's, both masked, each stem weighing its
  inverse frequency in the catalogue; a stem no query knows weighs most.
- `foreign`: the share of the question's stems, masked and weighed likewise, that the query's description,
  examples and parameters never use: "countries where you keep data" is not "customers by country".
- `filled`: 1 when the question gives a value or a text that the query takes.
- `code`: 1 when that is a text recognised by its pattern, such as an order number: such a question is about
  that record.
- `personal`: when the question says "my" or "mine", 1 for a query that looks up a record by a text, -1 for
  one that counts or lists everybody's.
- `missing`: 1 when a required parameter is not given: it may be asked back, so it lowers without excluding.
- `unused`: how many values, texts, periods and unknown names of the question this query cannot take (2 at
  most): "orders last month" is not answered by a count of all orders.
- `advice`: 1 when the question asks how to do something or what is allowed, and no example does: that is
  answered by documents.

- `elsewhere`: 1 when the question names a table of which the query says nothing, and no code: "customers who
  never returned anything" is not answered by returns by reason.

All constants but the last were fitted on the calibration catalogues in the tests (a library, a clinic, a
vehicle fleet) and rounded; the last is as strong as a code, the other way.
"""

import math
import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from tools.text.words import stem_set

BIAS = -4.8
WEIGHTS: Mapping[str, float] = {
    "meaning": 4.8,
    "description": 3.5,
    "words": 5.0,
    "foreign": -1.5,
    "filled": 0.5,
    "code": 2.6,
    "personal": 1.8,
    "missing": -2.2,
    "unused": -2.8,
    "advice": -4.4,
    "elsewhere": -2.6,
}

_OWN = re.compile(r"\b(?:my|mine)\b", re.IGNORECASE)
_ADVICE = re.compile(
    r"\bhow (?:do|can|should|would|could|must|to|does one)\b"
    r"|\bhow (?:often|long) (?:do|can|should|must|may)\b"
    r"|\bwhat (?:should|must|can|do) (?:i|we|you)\b(?! have)"
    r"|^\W*(?:can|may|could|should|must) (?!you\b|we have\b|i (?:have|see|get|know|find|look|check)\b)\w+"
    r"|^\W*(?:am|are|do|does|is|will) (?:i|we|you|it|they)\b"
    r"(?! (?:have|tell|show|list|give|see|get|know|find|look|check)\b)"
    r"|\b(?:what happens|tell me how|do i (?:need|have) to|allowed|policy|policies|instructions|explain)\b"
    r"|\bwhat is (?:the|your) (?:procedure|rule|process)\b"
    r"|\bwhat are (?:the|your) (?:rules|steps)\b"
    r"|\bwhat does .{1,40} mean\b"
    r"|^\W*why\b",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Signals:
    """What speaks for and against one query.

    Each is in [0, 1], but the cosines and `personal` in [-1, 1] and `unused` to 2.
    """

    meaning: float
    description: float
    words: float
    foreign: float
    filled: float
    code: float
    personal: float
    missing: float
    unused: float
    advice: float
    elsewhere: float


def probability(signals: Signals) -> float:
    """Return the probability in [0, 1] that the query answers the question."""
    total = BIAS + sum(weight * float(getattr(signals, name)) for name, weight in WEIGHTS.items())
    return 1.0 / (1.0 + math.exp(-total))


def asks_for_own(question: str) -> bool:
    """Tell whether a question is about the asker's own record."""
    return bool(_OWN.search(question))


def asks_advice(question: str) -> bool:
    """Tell whether a question asks how to do something, why, or what is allowed, rather than for data."""
    return bool(_ADVICE.search(question))


class StemWeights:
    """Inverse frequency of stems over the queries of one catalogue."""

    def __init__(self, texts: Iterable[str]) -> None:
        """Count stems; each text is all that one query says."""
        stems = [stem_set(text) for text in texts]
        counts = Counter(stem for found in stems for stem in found)
        self._weights = {stem: self._weight(count, len(stems)) for stem, count in counts.items()}
        self._unknown = self._weight(0, len(stems))

    def knows(self, stem: str) -> bool:
        """Tell whether any query uses the stem."""
        return stem in self._weights

    def overlap(self, first: frozenset[str], second: frozenset[str]) -> float:
        """Return the weighted F1 of two texts' stems, in [0, 1]."""
        total = self._sum(first) + self._sum(second)
        return 2 * self._sum(first & second) / total if total else 0.0

    def foreign(self, found: frozenset[str], vocabulary: frozenset[str]) -> float:
        """Return the weighted share of a text's stems that a vocabulary lacks, in [0, 1]."""
        total = self._sum(found)
        return self._sum(found - vocabulary) / total if total else 0.0

    def _sum(self, stems: Iterable[str]) -> float:
        return sum(self._weights.get(stem, self._unknown) for stem in stems)

    @staticmethod
    def _weight(count: int, of: int) -> float:
        return math.log((of + 1) / (count + 0.5)) + 0.1
