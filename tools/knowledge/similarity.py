"""How near texts are in meaning, by their embeddings."""

import threading
import time
from collections import OrderedDict
from collections.abc import Sequence

import numpy

from tools.ports import Embedder, Matrix

REMEMBERED = 4096
"""Texts whose vectors are kept."""
BATCH = 64
"""Texts that are embedded between two looks at the clock."""


class EmbeddedSimilarity:
    """Compares vectors, and keeps those of the texts it saw last; the port `Similarity`.

    Safe to share between threads.
    """

    def __init__(self, embedder: Embedder) -> None:
        """Compare by the vectors of an embedder."""
        self._embedder = embedder
        self._kept: OrderedDict[str, Matrix] = OrderedDict()
        self._lock = threading.Lock()

    def nearness(
        self, questions: Sequence[str], texts: Sequence[str], *, seconds: float | None = None
    ) -> list[float | None]:
        """Return the cosine of each text and the mean direction of the questions, in order."""
        asked = self._direction(questions)
        vectors = self._vectors(texts, seconds)
        return [float(vectors[text] @ asked) if text in vectors else None for text in texts]

    def _direction(self, questions: Sequence[str]) -> Matrix:
        wordings = [self._embedder.embed([question])[0] for question in questions]
        total: Matrix = numpy.sum(wordings, axis=0)
        return total / numpy.linalg.norm(total) if len(wordings) > 1 else total

    def _vectors(self, texts: Sequence[str], seconds: float | None) -> dict[str, Matrix]:
        with self._lock:
            known = {text: self._kept[text] for text in texts if text in self._kept}
        new = [text for text in dict.fromkeys(texts) if text not in known]
        made = self._embedded(new, seconds)
        with self._lock:
            self._kept.update(made)
            while len(self._kept) > REMEMBERED:
                self._kept.popitem(last=False)
        return known | made

    def _embedded(self, texts: Sequence[str], seconds: float | None) -> dict[str, Matrix]:
        """Embed at once, or in batches while there is time: at least one."""
        if seconds is None:
            return dict(zip(texts, self._embedder.embed(texts), strict=True)) if texts else {}
        ends, made = time.monotonic() + seconds, dict[str, Matrix]()
        for start in range(0, len(texts), BATCH):
            if start and time.monotonic() >= ends:
                break
            batch = texts[start : start + BATCH]
            made |= zip(batch, self._embedder.embed(batch), strict=True)
        return made
