"""What every embedder does with its vectors, whichever model makes them."""

import threading
from collections import OrderedDict
from collections.abc import Callable, Sequence
from concurrent.futures import Future

import numpy
from numpy.typing import ArrayLike

from tools.ports import Matrix


def unit_rows(vectors: ArrayLike) -> Matrix:
    """Scale each row to length 1; a row of zeros stays one."""
    rows = numpy.asarray(vectors)
    norms = numpy.linalg.norm(rows, axis=1, keepdims=True)
    return numpy.asarray(rows / numpy.maximum(norms, numpy.finfo(numpy.float32).tiny), dtype=numpy.float32)


class Remembering:
    """Embeds, and remembers the vectors of single texts, which are queries. Safe to share between threads.

    Threads that ask for the same text at the same time share one computation: a question is classified and
    searched in several knowledge bases at once.
    """

    def __init__(self, embed: Callable[[Sequence[str]], Matrix], *, size: int) -> None:
        """Wrap a function that embeds.

        Args:
            embed: Returns one row a text.
            size: Single texts that are remembered; the one used longest ago is forgotten first.
        """
        self._embed = embed
        self._size = size
        self._known: OrderedDict[str, Future[Matrix]] = OrderedDict()
        self._lock = threading.Lock()

    def __call__(self, texts: Sequence[str]) -> Matrix:
        """Return one row a text; the caller may change it."""
        if len(texts) != 1:
            return self._embed(texts)
        text, mine = texts[0], Future[Matrix]()
        with self._lock:
            shared = self._known.setdefault(text, mine)
            self._known.move_to_end(text)
            while len(self._known) > self._size:
                self._known.popitem(last=False)
        if shared is mine:
            self._compute(text, mine)
        return shared.result().copy()

    def _compute(self, text: str, promise: Future[Matrix]) -> None:
        """Keep the promise, or break it and forget the text, so that the next caller tries again."""
        try:
            promise.set_result(self._embed([text]))
        except BaseException as error:
            with self._lock:
                if self._known.get(text) is promise:
                    del self._known[text]
            promise.set_exception(error)
            raise

    @property
    def texts(self) -> list[str]:
        """Return the texts that are remembered, the one used longest ago first."""
        with self._lock:
            return list(self._known)
