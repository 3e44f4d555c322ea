"""Embeddings over HTTP: what is sent, and every way in which an endpoint fails."""

import gc
import http.server
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import numpy
import pytest
from pydantic import SecretStr

from tests.endpoint.server import TELLTALE, Endpoint, Fault, Reply, always, in_order
from tools.errors import ConfigurationError, ModelError, ModelOutputError, ModelRefused, ModelUnavailable
from tools.models.breaker import Breaker
from tools.models.embedding import OpenAIEmbedder

KEY = "sk-never-shown"


def embedder_at(url: str, *, attempts: int = 1, seconds: float = 5.0, batch: int = 128) -> OpenAIEmbedder:
    return OpenAIEmbedder(
        "minnow",
        base_url=url,
        api_key=KEY,
        dimension=64,
        attempts=attempts,
        timeout_seconds=seconds,
        batch=batch,
    )


def test_texts_are_sent_as_strings_in_batches() -> None:
    """No token list, no empty text and no half character reaches the endpoint; the order is kept."""
    texts = ["one", "", "three \ud800", "four four", "five"]
    with Endpoint(key=KEY) as endpoint:
        embedder = embedder_at(endpoint.base_url, batch=2)
        vectors = embedder.embed(texts)
        sent = [request.body["input"] for request in endpoint.requests]
        alone = numpy.concatenate([embedder.embed([text]) for text in texts])
    assert sent == [["one", " "], ["three ?", "four four"], ["five"]]
    numpy.testing.assert_allclose(vectors, alone, atol=1e-6)


def test_a_query_is_asked_once_however_many_threads_want_it() -> None:
    """Threads that embed the same text at the same time share one request."""
    found: list[float] = []
    with Endpoint(others=always(Reply(delay_seconds=0.2))) as endpoint:
        embedder = embedder_at(endpoint.base_url)
        threads = [
            threading.Thread(target=lambda: found.append(float(embedder.embed(["burrs"])[0, 0])))
            for _ in range(4)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(endpoint.requests) == 1
    assert len(found) == 4
    assert len(set(found)) == 1


def test_a_configured_dimension_needs_no_request() -> None:
    """Name and dimension are known before the endpoint is."""
    embedder = embedder_at("http://127.0.0.1:9/v1")
    assert (embedder.name, embedder.dimension) == ("openai:minnow@64", 64)


def test_an_unknown_dimension_is_asked_for_once() -> None:
    """The name is the same as with that dimension configured; no dimension is sent."""
    with Endpoint(dimension=24) as endpoint:
        embedder = OpenAIEmbedder("minnow", base_url=endpoint.base_url)
        assert (embedder.name, embedder.dimension) == ("openai:minnow@24", 24)
        assert embedder.embed([]).shape == (0, 24)
        assert ["dimensions" in request.body for request in endpoint.requests] == [False]


def test_a_shorter_vector_is_asked_for_only_on_demand() -> None:
    """`dimensions` travels when the caller says so."""
    with Endpoint(dimension=64) as endpoint:
        embedder = OpenAIEmbedder("minnow", base_url=endpoint.base_url, dimension=16, send_dimension=True)
        assert embedder.embed(["a", "b"]).shape == (2, 16)
        assert endpoint.requests[0].body["dimensions"] == 16


@pytest.mark.parametrize(
    ("fault", "expected", "remedy"),
    [
        (Fault.UNAUTHORIZED, ModelRefused, "correct the API key"),
        (Fault.UNKNOWN_MODEL, ModelRefused, r"check models\.embedding"),
        (Fault.CONTEXT_TOO_LONG, ModelRefused, r"chunking\.tokens"),
        (Fault.RATE_LIMITED_SILENT, ModelUnavailable, "try again"),
        (Fault.SERVER_ERROR, ModelUnavailable, "try again"),
        (Fault.HTML_502, ModelUnavailable, "try again"),
        (Fault.RESET, ModelUnavailable, "cannot be reached"),
        (Fault.RESET_MIDWAY, ModelUnavailable, "cannot be reached"),
        (Fault.TRUNCATED_BODY, ModelUnavailable, "cannot be reached"),
        (Fault.HTML_200, ModelOutputError, "OpenAI-compatible"),
        (Fault.MALFORMED_JSON, ModelOutputError, "OpenAI-compatible"),
        (Fault.WRONG_BODY, ModelOutputError, "OpenAI-compatible"),
        (Fault.ERROR_OBJECT, ModelOutputError, "OpenAI-compatible"),
    ],
)
def test_each_fault_is_one_of_our_errors(fault: Fault, expected: type[ModelError], remedy: str) -> None:
    """The message says what to do in one line, and nothing that the endpoint or the configuration said."""
    with Endpoint(others=always(Reply(fault=fault))) as endpoint:
        embedder = embedder_at(endpoint.base_url)
        with pytest.raises(expected, match=remedy) as caught:
            embedder.embed(["burrs"])
        told = str(caught.value)
        assert not [secret for secret in (KEY, TELLTALE, endpoint.base_url, "\n") if secret in told]
        assert KEY not in repr(embedder)


@pytest.mark.parametrize("fault", [Fault.NEVER, Fault.STALLED, Fault.DRIP])
def test_an_endpoint_that_does_not_finish_is_given_up(fault: Fault) -> None:
    """Silence and a body that drips for ever end at the timeout."""
    with Endpoint(others=always(Reply(fault=fault, drip_seconds=0.02))) as endpoint:
        with pytest.raises(ModelUnavailable, match="takes too long"):
            embedder_at(endpoint.base_url, seconds=0.2).embed(["burrs"])
        endpoint.wait_until(lambda at: at.in_progress == 0)


def test_a_moment_of_overload_is_waited_out() -> None:
    """A 429 with Retry-After is followed by another attempt, which gives the vectors."""
    replies = [Reply(fault=Fault.RATE_LIMITED, retry_after_seconds=0.01), Reply()]
    with Endpoint(others=in_order(replies)) as endpoint:
        assert embedder_at(endpoint.base_url, attempts=2).embed(["burrs"]).shape == (1, 64)
        assert len(endpoint.requests) == 2


def test_a_failure_is_not_remembered() -> None:
    """The same text is asked for again after a failure."""
    with Endpoint(others=in_order([Reply(fault=Fault.WRONG_BODY), Reply()])) as endpoint:
        embedder = embedder_at(endpoint.base_url)
        with pytest.raises(ModelOutputError):
            embedder.embed(["burrs"])
        assert embedder.embed(["burrs"]).shape == (1, 64)


def test_an_endpoint_that_is_away_is_not_asked_again_for_a_while() -> None:
    """After one failure nothing is sent until the pause is over; then a reply ends the matter."""
    now = [0.0]
    breaker = Breaker(threshold=1, cooling_seconds=5.0, what="embedding model", now=lambda: now[0])
    with Endpoint(others=in_order([Reply(fault=Fault.SERVER_ERROR), Reply(), Reply()])) as endpoint:
        embedder = OpenAIEmbedder(
            "minnow", base_url=endpoint.base_url, dimension=64, attempts=1, breaker=breaker
        )
        with pytest.raises(ModelUnavailable, match="answers 500"):
            embedder.embed(["burrs"])
        for text in ("burrs", "tank", "cup"):
            with pytest.raises(ModelUnavailable, match="the embedding model failed a moment ago"):
                embedder.embed([text])
        assert len(endpoint.requests) == 1
        now[0] = 5.0
        assert embedder.embed(["burrs"]).shape == embedder.embed(["tank"]).shape == (1, 64)


def test_a_refusal_does_not_close_the_endpoint_to_other_texts() -> None:
    """One text may be too long for the model, and the next one not."""
    with Endpoint(others=in_order([Reply(fault=Fault.CONTEXT_TOO_LONG), Reply()])) as endpoint:
        embedder = embedder_at(endpoint.base_url)
        with pytest.raises(ModelRefused):
            embedder.embed(["burrs"])
        assert embedder.embed(["tank"]).shape == (1, 64)


def test_a_hurried_embedder_asks_once() -> None:
    """Name and dimension are the same, and what fails is not tried again."""
    with Endpoint(others=in_order([Reply(fault=Fault.UNAVAILABLE)]), dimension=64) as endpoint:
        patient = embedder_at(endpoint.base_url, attempts=3)
        hurried = patient.hurried(1.0)
        assert (hurried.name, hurried.dimension) == (patient.name, patient.dimension)
        with pytest.raises(ModelUnavailable):
            hurried.embed(["burrs"])
        assert len(endpoint.requests) == 1


def test_an_unknown_dimension_of_an_endpoint_that_is_away_says_how_to_do_without() -> None:
    """The dimension is all that a start needs of the endpoint."""
    with pytest.raises(ModelUnavailable, match=r"once models\.embedding_dimension is set"):
        _ = OpenAIEmbedder("minnow", base_url="http://127.0.0.1:9/v1", attempts=1).name


def test_vectors_of_another_length_are_refused() -> None:
    """They could not be compared with those of the store."""
    with (
        Endpoint(dimension=32) as endpoint,
        pytest.raises(ModelOutputError, match=r"length 32, not .*; correct the dimension or the model"),
    ):
        embedder_at(endpoint.base_url).embed(["burrs"])


@pytest.mark.parametrize(
    "body",
    [
        '{"data":[{"embedding":[1,2]}]}',
        '{"data":[{"embedding":[1,2]},{"embedding":[1]}]}',
        '{"data":[{"embedding":[1,2]},{"embedding":null}]}',
        '{"data":[{"embedding":[1,2]},{"embedding":{"a":1}}]}',
        '{"data":[{"embedding":[1,2]},{"embedding":["a","b"]}]}',
        '{"data":[{"embedding":[1,2]},{"embedding":[0,0]}]}',
        '{"data":[{"embedding":[1,2]},{"embedding":[1e999,1]}]}',
        '{"data":[{"embedding":[1,2]},{"embedding":[NaN,1]}]}',
        '{"data":[{"embedding":[1,2]},{"embedding":[1e300,1e300]}]}',
        '{"data":[{"embedding":[1,2]},{"embedding":"YWJj"}]}',
        '{"data":[{"embedding":[]},{"embedding":[]}]}',
        '{"data":[null,null]}',
        '{"data":[]}',
        '{"data":5}',
        "[]",
        "null",
        "",
    ],
)
def test_nonsense_is_no_embedding(body: str) -> None:
    """Two texts must get two finite vectors of one length with a direction."""
    with replying(body) as url, pytest.raises(ModelOutputError, match="OpenAI-compatible"):
        OpenAIEmbedder("minnow", base_url=url, attempts=1).embed(["one", "two"])


@pytest.mark.parametrize(
    "url", ["nonsense", "ftp://host/v1", "http://", "http://host:port/v1", "http://[/v1"]
)
def test_an_unusable_address_is_told_at_once(url: str) -> None:
    """The message shows how to write it and does not repeat it."""
    with pytest.raises(ConfigurationError, match="write https://host/v1") as caught:
        OpenAIEmbedder("minnow", base_url=url)
    assert url not in str(caught.value)


def test_an_unusable_key_is_told_at_once() -> None:
    """A key that no header can carry is refused, unseen."""
    with pytest.raises(ConfigurationError, match="API key") as caught:
        OpenAIEmbedder("minnow", api_key=SecretStr("clé"))
    assert "clé" not in str(caught.value)


def test_connections_are_closed_with_the_embedder() -> None:
    """An embedder that is let go of leaves no connection open."""
    with Endpoint() as endpoint:
        embedder = embedder_at(endpoint.base_url)
        embedder.embed(["burrs"])
        assert embedder._client is not None
        http = embedder._client.http_client
        assert http is not None
        assert not http.is_closed
        del embedder
        gc.collect()
        assert http.is_closed


def test_importing_the_module_does_not_import_the_client() -> None:
    """The second that langchain-openai takes is spent only when something is embedded."""
    code = (
        "import sys, tools.models.embedding as m; m.OpenAIEmbedder('minnow', dimension=2).name; "
        "sys.exit('openai' in sys.modules or 'langchain_openai' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


@contextmanager
def replying(body: str) -> Iterator[str]:
    """Serve one body, whatever is asked."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["content-length"]))
            self.send_response(200)
            self.send_header("content-type", "application/json")
            self.end_headers()
            self.wfile.write(body.encode())

        def log_message(self, format: str, *arguments: object) -> None:
            del format, arguments

    with http.server.HTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}/v1"
        finally:
            server.shutdown()
            thread.join()
