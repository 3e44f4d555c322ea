"""The peer: an agent of langchain with one tool that searches, and the model that both sides ask."""

import asyncio
import json
import time
from dataclasses import dataclass, replace

from httpx2 import AsyncClient
from langchain.agents import create_agent
from langchain_core.messages import AIMessageChunk, HumanMessage
from langchain_core.tools import tool
from langchain_openai import ChatOpenAI
from pydantic import SecretStr

from tests.endpoint.reader import blocks
from tests.endpoint.replies import Reply, Request, Responder
from tools.ports import Embedder, Store
from tools.types import Filter

PASSAGES = 5
INSTRUCTIONS = (
    "You answer questions of customers. Search the documents first, then answer from what was found, "
    "and cite each passage as [n]."
)
TOKEN_CHARACTERS = 4
UNASKED = "The documents say so. [1]"
"""What an agent is told about a question that was not asked of us before."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """Milliseconds for one answer."""

    total: float
    first_token: float


class PacedModel:
    """A model that speaks at a pace, and tells an agent in as many words what it told us.

    An agent's first request is answered with a call of its tool, its second with the answer.
    """

    def __init__(self, inner: Responder) -> None:
        self.first_token_seconds = 0.0
        self.token_seconds = 0.0
        self._inner = inner
        self._said: dict[str, str] = {}

    def __call__(self, request: Request) -> Reply:
        """Return the reply to either side."""
        offers_tool = request.tool is not None and not request.forces_tool
        reply = self._to_agent(request) if offers_tool else self._to_us(request)
        return replace(
            reply,
            delay_seconds=self.first_token_seconds,
            chunk_delay_seconds=self.token_seconds,
            chunk_characters=TOKEN_CHARACTERS,
        )

    def _to_us(self, request: Request) -> Reply:
        reply = self._inner(request)
        if request.form == "text" and reply.text is not None:
            asked = [text for tag, _, text in blocks(request.messages[-1]["content"]) if tag == "question"]
            self._said.update(dict.fromkeys(asked, reply.text))
        return reply

    def _to_agent(self, request: Request) -> Reply:
        question = next(each["content"] for each in request.messages if each["role"] == "user")
        if request.messages[-1]["role"] == "tool":
            return Reply(self._said.get(question, UNASKED))
        return Reply(arguments=json.dumps({"query": question}))


class Peer:
    """An agent over the same endpoint and store; its connections are kept open, as ours are."""

    def __init__(self, address: str, *, client: AsyncClient, store: Store, embedder: Embedder) -> None:
        @tool
        async def search_documents(query: str) -> str:
            """Search the documents for passages."""
            return await asyncio.to_thread(_found, query, store, embedder)

        model = ChatOpenAI(
            model="any",
            base_url=address,
            api_key=SecretStr("none"),
            max_retries=0,
            http_async_client=client,
        )
        self._agent = create_agent(model, [search_documents], system_prompt=INSTRUCTIONS)

    async def ask(self, question: str) -> Taken:
        """Stream the answer and time it; the call of the tool is no part of it."""
        started, first = time.perf_counter(), None
        parts = self._agent.astream({"messages": [HumanMessage(question)]}, stream_mode="messages")
        async for message, _ in parts:
            if first is None and isinstance(message, AIMessageChunk) and message.text:
                first = time.perf_counter()
        ended = time.perf_counter()
        return Taken(total=(ended - started) * 1000, first_token=((first or ended) - started) * 1000)


def _found(query: str, store: Store, embedder: Embedder) -> str:
    hits = store.search(query, embedder.embed([query]), limit=PASSAGES, where=Filter())
    return "\n\n".join(f"[{number}] {hit.chunk.embedding_text}" for number, hit in enumerate(hits, start=1))
