"""The server store: its collection is checked, and the client's errors are ours."""

from uuid import uuid4

import numpy
import pytest
from httpx import Headers
from qdrant_client import QdrantClient
from qdrant_client.http.exceptions import ApiException, ResponseHandlingException, UnexpectedResponse

from tools.errors import ConfigurationError, PlumblineError, TransientError
from tools.knowledge.store_server import ServerStore, _errors, connect
from tools.types import Chunk, Filter

pytestmark = pytest.mark.filterwarnings("ignore:Payload indexes have no effect in the local Qdrant")


def open_store(client: QdrantClient, *, name: str = "e", dimension: int = 4) -> ServerStore:
    return ServerStore.open(client, "plumbline", embedder_name=name, dimension=dimension, languages={})


@pytest.mark.parametrize(("name", "dimension"), [("other", 4), ("e", 8)])
def test_another_embedder_needs_another_collection(name: str, dimension: int) -> None:
    """Vectors of another model are not mixed in; the message says what to do."""
    client = QdrantClient(":memory:")
    open_store(client)
    open_store(client)
    with pytest.raises(
        ConfigurationError,
        match="use another collection name, or delete it and ingest again: plumbline ingest",
    ):
        open_store(client, name=name, dimension=dimension)
    client.close()


def test_a_passage_that_says_nothing_of_groups_is_served_to_nobody() -> None:
    """An older version wrote no such field: its passages are counted, and stay closed."""
    store = open_store(client := QdrantClient(":memory:"))
    chunk = Chunk(
        id=str(uuid4()), knowledge_base="b", source="a", title="t", section=(), text="burrs", start=0, end=5
    )
    vector = numpy.array([[1, 0, 0, 0]], dtype=numpy.float32)
    store.upsert([chunk], vector)
    client.delete_payload("plumbline", ["groups"], [chunk.id])
    assert store.search("burrs", vector, limit=1, where=Filter(groups=frozenset({"staff"}))) == []
    assert store.sample("b", limit=5)[0] == []
    assert store.ids("b") == {chunk.id}
    store.close()


def test_a_server_that_is_away_is_transient() -> None:
    """A refused connection names the remedy."""
    client = connect("http://127.0.0.1:9", timeout_seconds=1)
    with pytest.raises(TransientError, match="cannot reach the Qdrant server"):
        open_store(client)
    client.close()


def test_an_unusable_url_is_a_configuration_error() -> None:
    """A port that is no number is refused at once."""
    with pytest.raises(ConfigurationError, match="write http://host:6333"):
        connect("http://host:port")


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (UnexpectedResponse(401, "Unauthorized", b"", Headers()), ConfigurationError),
        (UnexpectedResponse(403, "Forbidden", b"", Headers()), ConfigurationError),
        (UnexpectedResponse(404, "Not Found", b"", Headers()), ConfigurationError),
        (UnexpectedResponse(429, "Too Many Requests", b"", Headers()), TransientError),
        (UnexpectedResponse(503, "Unavailable", b"", Headers()), TransientError),
        (ResponseHandlingException(OSError("refused")), TransientError),
        (ApiException(), TransientError),
    ],
)
def test_the_clients_errors_are_mapped(error: Exception, expected: type[PlumblineError]) -> None:
    """Each foreign error says who must act, on one line."""
    with pytest.raises(expected) as caught, _errors("plumbline"):
        raise error
    assert "\n" not in str(caught.value)
    assert caught.value.__cause__ is error
