"""What a span says of one call through a port."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Final, Literal, TypeAlias

from agent.recording.recording import Call, Json, Recording
from agent.tracing.span_attributes import MOST_CONTENT, Attributes, cut, messages_of, written

DATABASES: Final[Mapping[str, str]] = MappingProxyType({"sqlite": "sqlite", "postgres": "postgresql"})
"""Names that the conventions have for dialects."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Described:
    """Name, kind and attributes of a call's span."""

    name: str
    kind: Literal["internal", "client"] = "internal"
    attributes: Mapping[str, Json] = field(default_factory=dict)
    content: Callable[[], Attributes] = dict
    """Gives what is sent only where content is wanted, bounded."""


Describe: TypeAlias = Callable[[Recording, Call], Described]


def described(recording: Recording, call: Call) -> Described:
    """Describe a call; what the conventions have no name for keeps that of its port."""
    describe = _PORTS.get((call.port, call.method))
    return describe(recording, call) if describe else Described(name=f"{call.port}.{call.method}")


def _chat(recording: Recording, call: Call) -> Described:
    model, prompt = str(call.request["model"]), call.request["prompt"]
    return Described(
        name=f"chat {model}",
        kind="client",
        attributes={
            "gen_ai.operation.name": "chat",
            "gen_ai.provider.name": "openai",
            "gen_ai.request.model": model,
            "gen_ai.request.stream": call.method == "stream" or None,
            "gen_ai.output.type": "json" if call.method == "typed" else "text",
            "gen_ai.conversation.id": recording.thread_id,
            "gen_ai.prompt.name": prompt["name"],
            **_usage(call),
        },
        content=lambda: messages_of(
            [(each["role"], each["text"]) for each in prompt["messages"]], _reply(call.response)
        ),
    )


def _usage(call: Call) -> dict[str, Json]:
    """Return what a call took; one that a recording answered took nothing."""
    if call.source == "recorded" or not call.spent:
        return {}
    return {
        "gen_ai.usage.input_tokens": _sum(call.spent, "input_tokens"),
        "gen_ai.usage.output_tokens": _sum(call.spent, "output_tokens"),
        "gen_ai.usage.cache_read.input_tokens": _sum(call.spent, "cached_tokens"),
        "plumbline.usage.cost_usd": _sum(call.spent, "cost_usd"),
        "plumbline.usage.estimated": any(one["estimated"] for one in call.spent) or None,
        "plumbline.call.requests": _sum(call.spent, "attempts"),
    }


def _sum(spent: Sequence[Mapping[str, Json]], name: str) -> float:
    total: float = sum(one[name] for one in spent)
    return total


def _reply(response: Json) -> str | None:
    """Return a completion as text: whole, in the pieces of a stream, or as an object."""
    if response is None or isinstance(response, str):
        return response
    if isinstance(response, list):
        return "".join(response)
    return json.dumps(response, ensure_ascii=False)


def _embeddings(recording: Recording, call: Call) -> Described:
    name = _model(recording, "embedding")
    remote = name.startswith("openai:")
    model = name.removeprefix("openai:")
    shape = call.response["shape"] if call.response else None
    return Described(
        name=f"embeddings {model}".strip(),
        kind="client" if remote else "internal",
        attributes={
            "gen_ai.operation.name": "embeddings",
            "gen_ai.provider.name": "openai" if remote else "fastembed",
            "gen_ai.request.model": model or None,
            "gen_ai.embeddings.dimension.count": shape[1] if shape else None,
            "plumbline.embeddings.texts": len(call.request["texts"]),
        },
    )


def _retrieval(recording: Recording, call: Call) -> Described:
    del recording
    request, hits = call.request, call.response or []
    source = ",".join(request["where"]["knowledge_bases"]) or "all"
    return Described(
        name=f"retrieval {source}",
        kind="client",
        attributes={
            "gen_ai.operation.name": "retrieval",
            "gen_ai.data_source.id": source,
            "gen_ai.retrieval.top_k": request["limit"],
            "plumbline.retrieval.hits": len(hits) if call.response is not None else None,
            "plumbline.retrieval.by_words_alone": request["vector"] is None,
        },
        content=lambda: {
            "gen_ai.retrieval.query.text": cut(request["text"], MOST_CONTENT),
            "gen_ai.retrieval.documents": written(
                [{"id": hit["chunk"]["id"], "score": hit["score"]} for hit in hits]
            ),
        },
    )


def _statement(recording: Recording, call: Call) -> Described:
    del recording
    request = call.request
    return _tool(
        "query_database",
        call,
        statement=request["statement"],
        parameters=request["parameters"],
        system=DATABASES.get(request["dialect"]),
    )


def _named_query(recording: Recording, call: Call) -> Described:
    del recording
    match, rows = call.request["match"], call.response or {}
    return _tool(match["query"], call, statement=rows.get("statement"), parameters=dict(match["parameters"]))


def _tool(
    name: str,
    call: Call,
    *,
    statement: str | None,
    parameters: Mapping[str, Json],
    system: str | None = None,
) -> Described:
    """Describe a statement that was run, as a tool that reads a data store."""

    def content() -> Attributes:
        values = {key: cut(each) if isinstance(each, str) else each for key, each in parameters.items()}
        shown: Attributes = {"gen_ai.tool.call.arguments": written(values)} if values else {}
        return shown if statement is None else {"db.query.text": cut(statement, MOST_CONTENT), **shown}

    return Described(
        name=f"execute_tool {name}",
        attributes={
            "gen_ai.operation.name": "execute_tool",
            "gen_ai.tool.name": name,
            "gen_ai.tool.type": "datastore",
            "db.system.name": system,
            "db.response.returned_rows": len(call.response["rows"]) if call.response else None,
            "plumbline.sql.problem": call.failure.details.get("problem") if call.failure else None,
        },
        content=content,
    )


def _scoring(recording: Recording, call: Call) -> Described:
    return Described(
        name="rerank",
        attributes={
            "gen_ai.request.model": _model(recording, "reranker") or None,
            "plumbline.rerank.candidates": len(call.request["texts"]),
        },
    )


def _model(recording: Recording, role: str) -> str:
    """Return the name of a configured model; empty when the recording does not say."""
    setup = recording.attachments.get(recording.setup)
    models = setup.get("models") if isinstance(setup, Mapping) else None
    return str((models or {}).get(role) or "")


_PORTS: Final[Mapping[tuple[str, str], Describe]] = MappingProxyType(
    {
        ("chat", "text"): _chat,
        ("chat", "stream"): _chat,
        ("chat", "typed"): _chat,
        ("embedder", "embed"): _embeddings,
        ("store", "search"): _retrieval,
        ("database", "fetch"): _statement,
        ("catalog", "run"): _named_query,
        ("reranker", "score"): _scoring,
    }
)
