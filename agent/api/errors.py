"""Errors as the API tells them: a status, and one line of what happened, where, and what to do."""

import logging
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.types import Scope

from tools.errors import (
    AccessDenied,
    BudgetExceeded,
    Conflict,
    DeadlineExceeded,
    InvalidInput,
    LoadingError,
    ModelError,
    NotFound,
    PlumblineError,
    RejectedQuery,
    TooManyRequests,
    TransientError,
    Unauthenticated,
)

LONGEST_MESSAGE = 1000
REQUEST_ID = "plumbline.request_id"
"""Where the middleware puts the request's id."""
_log = logging.getLogger("plumbline.api")


class ErrorDetail(BaseModel):
    """What went wrong."""

    message: str
    """What happened, where, and what to do."""
    type: str
    id: str
    """The request's id; the operator finds it in the log."""


class ErrorBody(BaseModel):
    """The answer to a request that failed."""

    error: ErrorDetail


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """An error, before it has a shape."""

    status: int
    type: str
    message: str
    id: str
    headers: Mapping[str, str] = field(default_factory=dict)


Shape = Callable[[Problem], Mapping[str, Any]]
"""Makes the body of an error; another front than our own has its own."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Kind:
    status: int
    type: str


KINDS: Mapping[type[PlumblineError], _Kind] = {
    Unauthenticated: _Kind(status=401, type="unauthenticated"),
    AccessDenied: _Kind(status=403, type="access_denied"),
    NotFound: _Kind(status=404, type="not_found"),
    Conflict: _Kind(status=409, type="conflict"),
    InvalidInput: _Kind(status=422, type="invalid_input"),
    RejectedQuery: _Kind(status=422, type="rejected_query"),
    LoadingError: _Kind(status=422, type="unreadable_document"),
    BudgetExceeded: _Kind(status=422, type="budget_exceeded"),
    TooManyRequests: _Kind(status=429, type="too_many_requests"),
    TransientError: _Kind(status=503, type="unavailable"),
    ModelError: _Kind(status=503, type="model_unavailable"),
    DeadlineExceeded: _Kind(status=504, type="deadline_exceeded"),
}
"""What the caller is told. Everything else is the operator's to mend, and told to the log alone."""
_TYPES = {
    400: "invalid_request",
    404: "not_found",
    405: "method_not_allowed",
    408: "too_slow",
    413: "too_large",
    415: "unsupported_media_type",
    421: "misdirected_request",
}
_MESSAGES = {
    404: "there is nothing under this address; /openapi.json lists what there is",
    405: "this address does not take this method; /openapi.json lists what it takes",
}
RESPONSES: Mapping[int | str, dict[str, Any]] = {
    "4XX": {"model": ErrorBody, "description": "It cannot be done; the message says why."},
    "5XX": {"model": ErrorBody, "description": "It could not be done now."},
}
"""For the OpenAPI: what every route of ours may answer instead."""


def install(app: FastAPI, shapes: Mapping[str, Shape]) -> None:
    """Have an application tell its errors in these words.

    Args:
        app: The application.
        shapes: Bodies of other shapes, by the beginning of the path.
    """
    app.state.error_shapes = dict(shapes)
    for kind in (PlumblineError, HTTPException, RequestValidationError):
        app.add_exception_handler(kind, _handle)


async def _handle(request: Request, error: Exception) -> Response:
    return response_to(request.scope, error)


def response_to(scope: Scope, error: Exception) -> Response:
    """Return what a request that ended in an error is answered."""
    problem = problem_of(error, scope.get(REQUEST_ID, ""))
    if problem.status >= 500:
        ours = isinstance(error, PlumblineError)
        told = f"{type(error).__name__}: {error}" if ours else type(error).__name__
        _log.error("request %s: %s", problem.id, told, exc_info=None if ours else error)
    shapes: Mapping[str, Shape] = scope["app"].state.error_shapes
    shape = next((one for prefix, one in shapes.items() if scope["path"].startswith(prefix)), _own_shape)
    return JSONResponse(shape(problem), status_code=problem.status, headers=dict(problem.headers))


def problem_of(error: Exception, request_id: str) -> Problem:
    """Say of an error what its caller may know."""
    if isinstance(error, RequestValidationError):
        return Problem(status=422, type="invalid_input", message=_wrong(error.errors()), id=request_id)
    if isinstance(error, HTTPException):
        return Problem(
            status=error.status_code,
            type=_TYPES.get(error.status_code, "invalid_request"),
            message=_one_line(_MESSAGES.get(error.status_code, error.detail)),
            id=request_id,
            headers=error.headers or {},
        )
    kind = next((KINDS[one] for one in type(error).__mro__ if one in KINDS), None)
    if kind is None:
        message = f"something went wrong here; the operator finds it in the log under {request_id}"
        return Problem(status=500, type="internal", message=message, id=request_id)
    return Problem(
        status=kind.status,
        type=kind.type,
        message=_one_line(str(error)),
        id=request_id,
        headers=_hints(error),
    )


def _hints(error: Exception) -> Mapping[str, str]:
    if isinstance(error, TooManyRequests):
        return {"Retry-After": str(max(1, math.ceil(error.retry_after)))}
    if isinstance(error, Unauthenticated):
        return {"WWW-Authenticate": "Bearer"}
    return {}


def _wrong(errors: Sequence[Any]) -> str:
    """Name everything that is wrong with a request, and repeat nothing of it."""
    told = (f"{'.'.join(map(str, error['loc']))}: {error['msg']}" for error in errors)
    return _one_line("; ".join(told))


def _one_line(text: str) -> str:
    return " ".join(text.encode("utf-8", "replace").decode().split())[:LONGEST_MESSAGE]


def _own_shape(problem: Problem) -> Mapping[str, Any]:
    return {"error": {"message": problem.message, "type": problem.type, "id": problem.id}}
