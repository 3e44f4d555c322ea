"""The local classifier: which knowledge base a question belongs to, and whether any.

It is learned from each base's description, example questions and own chunks, and from the example
questions of the database catalogue. For a question q and a base b it looks at four signals: the nearest
example question, the nearest chunks, the description, and the words the base uses; each alone and against
the best other place. One logistic regression, shared by all bases, turns them into a probability. Another
decides from the best signals of all places whether the question is in scope; its counter-examples are a
bundled list of everyday messages that have nothing to do with anybody's documents.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from math import log
from pathlib import Path
from typing import Protocol

import numpy
from numpy.typing import NDArray

from graph.reasoning.local.lexicon import Lexicon
from graph.reasoning.local.logistic import Logistic, Vector, even, fit
from tools.ports import Embedder, Matrix
from tools.text.words import stems

NEAREST = 3
"""Chunks whose mean similarity counts."""
SIGNALS = 4
OFF_TOPIC_TOO_CLOSE = 0.6
"""A bundled off-topic message this similar to a chunk is on topic here and is left out of the training."""
BELONGS_SHARE = 0.45
"""Share of questions that a base has a part in; a question may need several."""
IN_SCOPE_SHARE = 0.6
"""Share of the messages an assistant gets that are meant for it."""
EXAMPLE_WEIGHT, HEADING_WEIGHT = 3.0, 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """What is known of one destination; rows are unit vectors."""

    name: str
    description: Matrix
    """Shape (1, dimension)."""
    examples: Matrix
    """Shape (examples, dimension); may have no rows."""
    chunks: Matrix
    """Shape (chunks, dimension); may have no rows."""
    seen: NDArray[numpy.intp] | None = None
    """Rows of the chunks that count; None when all do."""

    def nearness(self, vector: Matrix) -> Matrix:
        """Return the similarity of a vector to each chunk that counts."""
        similarities: Matrix = self.chunks @ vector
        return similarities if self.seen is None else similarities[self.seen]


class Classifier(Protocol):
    """Says where a question belongs, and knows the documents' words: what a planner needs of a router."""

    @property
    def bases(self) -> tuple[str, ...]:
        """Names of the knowledge bases."""

    @property
    def lexicon(self) -> Lexicon:
        """Words of the documents."""

    def probabilities(self, question: str, embedder: Embedder) -> tuple[dict[str, float], float]:
        """Return each base's probability and that of being in scope; raises as the embedder does."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Everywhere:
    """Does not classify: every question may belong to any base. Implements `Classifier`."""

    router: Classifier
    """Whose words it knows."""

    @property
    def bases(self) -> tuple[str, ...]:
        """Names of the knowledge bases."""
        return self.router.bases

    @property
    def lexicon(self) -> Lexicon:
        """Words of the documents, but no names of products: knowing them is classifying."""
        return replace(self.router.lexicon, products=(), revisions=())

    def probabilities(self, question: str, embedder: Embedder) -> tuple[dict[str, float], float]:
        """Return certainty for every base, and for being in scope."""
        del question, embedder
        return dict.fromkeys(self.bases, 1.0), 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Router:
    """Gives every base and the whole scope a calibrated probability."""

    places: tuple[Place, ...]
    """The bases, then the database when there is one."""
    bases: tuple[str, ...]
    lexicon: Lexicon
    belongs: Logistic
    in_scope: Logistic

    def probabilities(self, question: str, embedder: Embedder) -> tuple[dict[str, float], float]:
        """Return each base's probability and that of being in scope.

        Args:
            question: Stand-alone text.
            embedder: The one that the router was taught with.
        """
        vector = _topics([question], self.lexicon, embedder)[0]
        signals = _signals(self.places, self.lexicon, stems(question), vector)
        by_base = _by_base(signals, self.bases, self.belongs)
        scope = _scope(signals, by_base, self.lexicon, question)
        return by_base, self.in_scope.probability(scope)


@dataclass(frozen=True, slots=True, kw_only=True)
class Lesson:
    """A question with the place it belongs to; None when it belongs nowhere."""

    text: str
    place: str | None
    weight: float
    example: int | None = None
    """Row of the place's examples that is this very question and must not vouch for itself."""


def learn(
    places: Sequence[Place],
    *,
    bases: Sequence[str],
    lexicon: Lexicon,
    examples: Mapping[str, Sequence[str]],
    headings: Mapping[str, Sequence[str]],
    embedder: Embedder,
) -> Router:
    """Fit the router.

    Args:
        places: The bases in the order of `bases`, then the database if any.
        bases: Names of the knowledge bases.
        lexicon: Words of the bases.
        examples: Place → its example questions, in the order of `Place.examples`.
        headings: Base → section headings, which stand in for questions about it.
        embedder: Embeds headings and the off-topic messages.
    """
    lessons = _lessons(examples, headings)
    vectors = _topics([lesson.text for lesson in lessons], lexicon, embedder)
    heard = [
        (lesson, _signals(_without(places, lesson), lexicon, stems(lesson.text), vector))
        for lesson, vector in zip(lessons, vectors, strict=True)
        if lesson.place is not None or _nearest(places, vector) <= OFF_TOPIC_TOO_CLOSE
    ]
    belongs = _belonging(heard, bases)
    scopes = [
        _scope(signals, _by_base(signals, bases, belongs), lexicon, lesson.text) for lesson, signals in heard
    ]
    in_scope = _fit(
        numpy.array(scopes),
        numpy.array([float(lesson.place is not None) for lesson, _ in heard]),
        numpy.array([lesson.weight for lesson, _ in heard]),
        share=IN_SCOPE_SHARE,
    )
    return Router(
        places=tuple(places), bases=tuple(bases), lexicon=lexicon, belongs=belongs, in_scope=in_scope
    )


def _belonging(heard: Sequence[tuple[Lesson, Vector]], bases: Sequence[str]) -> Logistic:
    """Fit what all bases share: one example for each lesson and base."""
    features = [_relative(signals, number) for _, signals in heard for number in range(len(bases))]
    return _fit(
        numpy.array(features).reshape(-1, 2 * SIGNALS),
        numpy.array([float(lesson.place == base) for lesson, _ in heard for base in bases]),
        numpy.array([lesson.weight for lesson, _ in heard for _ in bases]),
        share=BELONGS_SHARE,
    )


def _topics(questions: Sequence[str], lexicon: Lexicon, embedder: Embedder) -> Matrix:
    """Embed questions so that their subject weighs as much as the names in it.

    A product's name alone would send every question about it to the base that writes most of the product.
    Each row is the unit mean of the question's vector and that of the question without product names.
    """
    bare = [lexicon.without_names(question) for question in questions]
    vectors = embedder.embed(questions) + embedder.embed(bare)
    length = numpy.linalg.norm(vectors, axis=1, keepdims=True)
    return numpy.asarray(vectors / numpy.maximum(length, 1e-9), dtype=numpy.float32)


def off_topic() -> list[str]:
    """Return the bundled messages that have nothing to do with anybody's documents."""
    return Path(__file__).with_name("off_topic.txt").read_text(encoding="utf-8").splitlines()


def _fit(features: Vector, labels: Vector, weights: Vector, *, share: float) -> Logistic:
    """Fit as if `share` of all questions were positive: the lessons' own mix is an accident.

    Lessons that all say the same teach nothing, as those of a database without named queries: even odds.
    """
    positive, negative = weights[labels == 1].sum(), weights[labels == 0].sum()
    if not positive or not negative:
        return even(features.shape[1])
    scale = numpy.where(labels == 1, share / positive, (1 - share) / negative)
    return fit(features, labels, sample_weights=weights * scale * len(labels))


def _lessons(examples: Mapping[str, Sequence[str]], headings: Mapping[str, Sequence[str]]) -> list[Lesson]:
    lessons = [
        Lesson(text=text, place=place, weight=EXAMPLE_WEIGHT, example=row)
        for place, texts in examples.items()
        for row, text in enumerate(texts)
    ]
    lessons += [
        Lesson(text=text, place=base, weight=HEADING_WEIGHT)
        for base, texts in headings.items()
        for text in texts
    ]
    return lessons + [Lesson(text=text, place=None, weight=1.0) for text in off_topic()]


def _without(places: Sequence[Place], lesson: Lesson) -> Sequence[Place]:
    """Leave the lesson itself out of the examples it is compared with."""
    if lesson.example is None:
        return places
    return [
        replace(place, examples=numpy.delete(place.examples, lesson.example, axis=0))
        if place.name == lesson.place
        else place
        for place in places
    ]


def _nearest(places: Sequence[Place], vector: Matrix) -> float:
    return max((_top(place.nearness(vector), 1) for place in places), default=0.0)


def _signals(places: Sequence[Place], lexicon: Lexicon, words: Sequence[str], vector: Matrix) -> Vector:
    """Return the four signals of every place, shape (places, SIGNALS)."""
    return numpy.array(
        [
            [
                _top(place.examples @ vector, 1),
                _top(place.nearness(vector), NEAREST),
                float(place.description[0] @ vector),
                lexicon.affinity(words, place.name) if place.name in lexicon.totals else 0.0,
            ]
            for place in places
        ]
    )


def _top(similarities: NDArray[numpy.floating], count: int) -> float:
    """Return the mean of the highest; 0 when there are none."""
    if not len(similarities):
        return 0.0
    count = min(count, len(similarities))
    return float(numpy.partition(similarities, -count)[-count:].mean())


def _relative(signals: Vector, number: int) -> Vector:
    """Return a place's own signals and each one's lead over the best other place, shape (2 · SIGNALS,)."""
    others = numpy.delete(signals, number, axis=0)
    rival = others.max(axis=0) if len(others) else numpy.zeros(SIGNALS)
    return numpy.concatenate([signals[number], signals[number] - rival])


def _by_base(signals: Vector, bases: Sequence[str], belongs: Logistic) -> dict[str, float]:
    return {name: belongs.probability(_relative(signals, number)) for number, name in enumerate(bases)}


def _scope(signals: Vector, by_base: Mapping[str, float], lexicon: Lexicon, question: str) -> Vector:
    """Return what speaks for the question being ours at all.

    The best of each signal anywhere, the known share of the words, whether a product is named, and the log
    odds of the likeliest base.
    """
    rarities = {word: lexicon.rarity(word) for word in stems(question)}
    total = sum(rarities.values())
    known = sum(rarity for word, rarity in rarities.items() if lexicon.known(word))
    share = known / total if total else 0.0
    likeliest = min(max(max(by_base.values(), default=0.5), 1e-3), 1 - 1e-3)
    odds = log(likeliest / (1 - likeliest))
    return numpy.append(signals.max(axis=0)[:3], [share, float(bool(lexicon.products_in(question))), odds])
