"""Text to unit vectors through any OpenAI-compatible endpoint.

langchain-openai is imported when the first text is embedded, because its import takes more than a second.
"""

import threading
import warnings
import weakref
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

import numpy
from pydantic import SecretStr

from tools.errors import ConfigurationError, ModelError, ModelOutputError, ModelRefused, ModelUnavailable
from tools.models.addresses import is_usable
from tools.models.breaker import Breaker
from tools.ports import Matrix
from tools.vectors import Remembering, unit_rows

if TYPE_CHECKING:
    from langchain_openai import OpenAIEmbeddings

OPENAI = "https://api.openai.com/v1"
BATCH = 128
"""Texts of one request: chunks of 2,000 tokens then stay below the 300,000 that OpenAI takes at once."""
COOLING = 5.0
"""Seconds after a failure in which nothing is asked; twice as long after each further one."""


class OpenAIEmbedder:
    """Embeds over HTTP; safe to share between threads.

    What the endpoint refuses, fails to do or gets wrong is raised as a ModelError, without repeating what it
    said, its address or the key. After one call in vain to an endpoint that is away, none is made for some
    seconds: a question embeds many texts, and waits for the first alone.
    """

    languages: tuple[str, ...] = ()
    """Unknown: the model is trusted with every language."""

    def __init__(
        self,
        model: str,
        *,
        base_url: str | None = None,
        api_key: SecretStr | str | None = None,
        dimension: int | None = None,
        send_dimension: bool = False,
        timeout_seconds: float = 20.0,
        attempts: int = 3,
        batch: int = BATCH,
        cache_size: int = 512,
        breaker: Breaker | None = None,
    ) -> None:
        """Choose the model; nothing is sent yet.

        Args:
            model: Its name at the endpoint.
            base_url: The endpoint, up to and with `/v1`; OpenAI's own by default.
            api_key: The key; an endpoint of one's own may need none.
            dimension: Length of a vector; None asks the endpoint once, when it is first needed.
            send_dimension: Ask for vectors of that length, which some models can shorten to.
            timeout_seconds: Longest wait for the beginning of a reply, and again for the rest of it.
            attempts: Requests for the same texts before giving up; `Retry-After` is honoured in between.
            batch: Texts of one request.
            cache_size: Single texts (queries) whose vectors are kept.
            breaker: Decides when the endpoint is not asked at all.

        Raises:
            ConfigurationError: The address or the key cannot be used.
        """
        self._model = model
        self._base_url = _usable_address(base_url or OPENAI)
        self._api_key = _usable_key(api_key)
        self._dimension = dimension
        self._sent_dimension = dimension if send_dimension else None
        self._timeout_seconds = timeout_seconds
        self._attempts = attempts
        self._batch = batch
        self._remembering = Remembering(self._embed_all, size=cache_size)
        self._breaker = breaker or Breaker(threshold=1, cooling_seconds=COOLING, what="embedding model")
        self._lock = threading.Lock()
        self._client: OpenAIEmbeddings | None = None

    @property
    def name(self) -> str:
        """Identifies model and dimension, so that what is remembered under it always fits.

        Whether the dimension was configured or learned from the endpoint makes no difference. Only to learn
        it is the endpoint asked.
        """
        return f"openai:{self._model}@{self.dimension}"

    @property
    def dimension(self) -> int:
        """Length of each vector; asks the endpoint once unless it was configured."""
        if self._dimension is None:
            try:
                self._dimension = self._embed_all(["dimension"]).shape[1]
            except ModelError as error:
                remedy = "questions are answered without it once models.embedding_dimension is set"
                raise type(error)(f"{error}; {remedy}") from error
        return self._dimension

    def hurried(self, seconds: float) -> "OpenAIEmbedder":
        """Return an embedder of the same model for questions, which can be answered without vectors.

        It asks once, and waits no longer than `seconds` for the beginning of a reply, and again for the rest.
        """
        return OpenAIEmbedder(
            self._model,
            base_url=self._base_url,
            api_key=self._api_key,
            dimension=self.dimension,
            send_dimension=self._sent_dimension is not None,
            timeout_seconds=min(seconds, self._timeout_seconds),
            attempts=1,
            batch=self._batch,
        )

    def embed(self, texts: Sequence[str]) -> Matrix:
        """Return one unit vector a text, in order; a single text is remembered."""
        return self._remembering(texts)

    def _embed_all(self, texts: Sequence[str]) -> Matrix:
        """Ask batch by batch."""
        if not texts:
            return numpy.zeros((0, self.dimension), dtype=numpy.float32)
        parts = [
            self._ask([_sendable(text) for text in texts[first : first + self._batch]])
            for first in range(0, len(texts), self._batch)
        ]
        return numpy.concatenate(parts)

    def _ask(self, texts: list[str]) -> Matrix:
        """Send one request and check that its vectors can be compared with those of the store."""
        client = self._connected()
        with self._breaker.passage() as passage:
            try:
                with _failures():
                    rows = client.embed_documents(texts)
            except ModelError as error:
                passage.alive = not isinstance(error, ModelUnavailable)
                raise
            passage.alive = True
        vectors = _matrix(rows)
        if len(vectors) != len(texts):
            raise _wrong(f"{len(vectors)} vectors for {len(texts)} texts")
        if self._dimension not in (None, vectors.shape[1]):
            raise ModelOutputError(
                f"the embedding endpoint gives vectors of length {vectors.shape[1]}, not of the configured "
                "or earlier one; correct the dimension or the model in [models], then run: plumbline ingest"
            )
        return vectors

    def _connected(self) -> "OpenAIEmbeddings":
        """Make the client once.

        Address, kind and proxy are given, because it would read them from the environment otherwise.
        """
        from langchain_openai import OpenAIEmbeddings

        from tools.models.deadline import timed_client

        with self._lock:
            if self._client is None:
                http = timed_client(self._timeout_seconds)
                weakref.finalize(self, http.close)
                self._client = OpenAIEmbeddings(
                    model=self._model,
                    base_url=self._base_url,
                    api_key=self._api_key,
                    openai_api_type=None,
                    openai_proxy=None,
                    dimensions=self._sent_dimension,
                    http_client=http,
                    timeout=self._timeout_seconds,
                    max_retries=self._attempts - 1,
                    chunk_size=self._batch,
                    check_embedding_ctx_length=False,  # else tiktoken downloads its tables
                )
            return self._client


def _usable_address(address: str) -> str:
    if not is_usable(address):
        raise ConfigurationError("the embedding endpoint's base URL is not usable; write https://host/v1")
    return address


def _usable_key(key: SecretStr | str | None) -> SecretStr:
    """Return the key; the client insists on one, and an endpoint that needs none ignores it."""
    text = key.get_secret_value() if isinstance(key, SecretStr) else key
    if text and not (text.isascii() and text.isprintable()):
        raise ConfigurationError("the embedding endpoint's API key holds characters no key has; correct it")
    return SecretStr(text or "none")


def _sendable(text: str) -> str:
    """Return a text that JSON and the endpoints take: OpenAI refuses an empty one, UTF-8 half a character."""
    return text.encode("utf-8", "replace").decode("utf-8") or " "


def _matrix(rows: object) -> Matrix:
    """Turn what the endpoint gave into unit rows."""
    try:
        with numpy.errstate(over="ignore", invalid="ignore"):
            vectors = unit_rows(numpy.array(rows, dtype=numpy.float64))
    except (TypeError, ValueError, OverflowError) as error:
        raise _wrong("something else than vectors of one length") from error
    if vectors.ndim != 2 or not (numpy.isfinite(vectors).all() and vectors.any(axis=1).all()):
        raise _wrong("vectors without a direction")
    return vectors


@contextmanager
def _failures() -> Iterator[None]:
    """Map what the client raises, and keep it from printing what the endpoint said."""
    import openai

    try:
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", message="Pydantic serializer warnings")
            yield
    except openai.APIStatusError as error:
        raise _refused(error.status_code) from error
    except openai.APITimeoutError as error:
        raise ModelUnavailable(
            "the embedding endpoint takes too long; try again, or let it have more time"
        ) from error
    except openai.APIConnectionError as error:
        raise ModelUnavailable(
            "the embedding endpoint cannot be reached; start it, or check its base URL"
        ) from error
    except (openai.OpenAIError, ValueError, TypeError, AttributeError, KeyError) as error:
        # The client does not validate a reply: it fails on whatever it happens to miss.
        raise _wrong("no embeddings") from error


def _refused(status: int) -> ModelError:
    """Say who must act on a status code."""
    if status in {408, 409, 425, 429} or status >= 500:
        return ModelUnavailable(f"the embedding endpoint answers {status}; try again, or check its limits")
    if status in {401, 403}:
        return ModelRefused(f"the embedding endpoint answers {status}; correct the API key")
    return ModelRefused(
        f"the embedding endpoint answers {status}; check models.embedding, the base URL, "
        "and that no chunk is longer than the model takes (knowledge_bases.NAME.chunking.tokens)"
    )


def _wrong(what: str) -> ModelOutputError:
    return ModelOutputError(
        f"the embedding endpoint gave {what}; see that its base URL and models.embedding name "
        "an OpenAI-compatible embedding model"
    )
