"""What is served where: authorisation, models, abilities, chat completions and embeddings."""

import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from hashlib import sha256
from typing import Any
from urllib.parse import unquote

import numpy

from tests.endpoint.completions import CREATED, completion
from tests.endpoint.faults import body_script, instead, prose, rejection
from tests.endpoint.replies import Ability, Fault, Request, Responder
from tests.endpoint.scripts import Script, error_script

DEFAULT_MODEL = "test-model"


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """What an endpoint offers."""

    respond: Responder
    """Asked for chat completions."""
    others: Responder
    """Asked for everything else; only its delay and its fault count."""
    key: str | None
    models: Sequence[str] | None
    """None serves every name."""
    abilities: frozenset[Ability]
    ignores: bool
    """Ignore what the endpoint is unable to do instead of rejecting it."""
    dimension: int


def route(request: Request, service: Service) -> Script:
    """Return the response to a request."""
    if service.key is not None and request.headers.get("authorization") != f"Bearer {service.key}":
        return rejection(Fault.UNAUTHORIZED, request=request)
    if request.path == "/v1/chat/completions" and request.method == "POST":
        return _unknown_model(request, request.model, service) or _chat(request, service)
    if request.path == "/v1/embeddings" and request.method == "POST":
        return _unknown_model(request, request.model, service) or _other(
            request, _embeddings(request, service.dimension), service
        )
    if request.path.startswith("/v1/models") and request.method == "GET":
        return _models(request, service)
    return error_script(404, f"Invalid URL ({request.method} {request.path})")


def _unknown_model(request: Request, name: str, service: Service) -> Script | None:
    if service.models is None or name in service.models:
        return None
    return rejection(Fault.UNKNOWN_MODEL, request=request)


def _other(request: Request, body: Mapping[str, Any], service: Service) -> Script:
    reply = service.others(request)
    return instead(request, reply) or body_script(body, reply)


def _models(request: Request, service: Service) -> Script:
    name = unquote(request.path.removeprefix("/v1/models").removeprefix("/"))
    if not name:
        known = service.models or (DEFAULT_MODEL,)
        return _other(request, {"object": "list", "data": [_model(each) for each in known]}, service)
    return _unknown_model(request, name, service) or _other(request, _model(name), service)


def _model(name: str) -> dict[str, Any]:
    return {"id": name, "object": "model", "created": CREATED, "owned_by": "tests"}


def _chat(request: Request, service: Service) -> Script:
    missing = {use: name for use, name in _used(request).items() if use not in service.abilities}
    if missing and not service.ignores:
        name = next(iter(missing.values()))
        return error_script(400, f"Unsupported parameter: {name!r}", code="unsupported_parameter", param=name)
    reply = service.respond(request)
    if missing.keys() - {"stream_usage"}:
        reply = prose(reply)
    if "stream_usage" in missing:
        reply = replace(reply, usage=None)
    return instead(request, reply) or completion(request, reply)


def _used(request: Request) -> dict[Ability, str]:
    """Return the abilities that a request needs, with the parameters that say so."""
    parameters: dict[Ability, str] = {}
    if request.form == "tools":
        parameters["tools"] = "tools"
    elif request.form != "text":
        parameters[request.form] = "response_format"
    if request.wants_usage:
        parameters["stream_usage"] = "stream_options"
    return parameters


def _embeddings(request: Request, dimension: int) -> dict[str, Any]:
    given = request.body.get("input", "")
    # A list of numbers is one text, already cut into tokens.
    texts = given if isinstance(given, list) and not all(isinstance(each, int) for each in given) else [given]
    size = int(request.body.get("dimensions") or dimension)
    vectors = [embedding(text, size) for text in texts]
    if request.body.get("encoding_format") == "base64":
        sent: list[Any] = [base64.b64encode(vector.astype("<f4").tobytes()).decode() for vector in vectors]
    else:
        sent = [vector.tolist() for vector in vectors]
    return {
        "object": "list",
        "model": request.model,
        "data": [
            {"object": "embedding", "index": index, "embedding": each} for index, each in enumerate(sent)
        ],
        "usage": {"prompt_tokens": len(texts), "total_tokens": len(texts)},
    }


def embedding(text: str | Sequence[int], dimension: int) -> "numpy.ndarray[Any, numpy.dtype[numpy.float32]]":
    """Return a text's vector: words (or tokens) in common make texts near; its length is not 1."""
    words = text.lower().split() if isinstance(text, str) else [str(token) for token in text]
    vector = numpy.zeros(dimension, dtype=numpy.float32)
    vector[0] = 0.5  # a text without words still has a direction
    for word in words:
        vector[int.from_bytes(sha256(word.encode()).digest()[:8]) % dimension] += 2
    return vector
