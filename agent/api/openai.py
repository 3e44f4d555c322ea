"""OpenAI's chat completions: clients and chat pages of others work by changing their base URL.

The protocol keeps nothing, so every request carries the whole conversation. One whose messages before the
question are those of a thread, as it stands, goes on in that thread, questions that were asked back included;
any other begins a thread that is not listed. Only verified text is sent: what was sent cannot be taken back.
"""

import asyncio
import json
from collections.abc import AsyncGenerator, Callable, Coroutine, Iterator, Mapping
from typing import Any

from fastapi import APIRouter
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from fastapi.routing import APIRoute
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from agent.access.caller import Caller
from agent.answer import Answer
from agent.api.errors import Problem, problem_of
from agent.api.openai_models import (
    MODEL,
    ChoiceGiven,
    CompletionGiven,
    CompletionTaken,
    FinishReason,
    MessageGiven,
    ModelGiven,
    ModelsGiven,
    OpenAIError,
    TokensUsed,
)
from agent.api.openai_text import Conversation, read_conversation
from agent.api.security import ChatCaller, TheHost
from agent.api.sse import EventStream
from agent.footnotes import with_footnotes
from agent.hosting import Host
from agent.storage.records import Run
from tools.errors import Conflict, InvalidInput, NotFound, PlumblineError

PIECE = 80
"""Characters of one streamed piece of an answer that is there already."""
_TYPES: Mapping[int, str] = {
    401: "authentication_error",
    403: "permission_error",
    429: "rate_limit_error",
}
_CODES: Mapping[int, str] = {401: "invalid_api_key", 429: "rate_limit_exceeded"}
_CLIENT_GONE = 499


class _Route(APIRoute):
    """Tells what is wrong with a request as OpenAI does: by status 400, where our own API says 422."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Return the handler of this route."""
        handle = super().get_route_handler()

        async def handled(request: Request) -> Response:
            try:
                return await handle(request)
            except NotFound:
                raise
            except (InvalidInput, RequestValidationError) as error:
                raise HTTPException(400, problem_of(error, "").message) from error

        return handled


router = APIRouter(
    prefix="/v1",
    route_class=_Route,
    tags=["OpenAI"],
    responses={
        "4XX": {"model": OpenAIError, "description": "It cannot be done; the message says why."},
        "5XX": {"model": OpenAIError, "description": "It could not be done now."},
    },
)


def error_body(problem: Problem) -> Mapping[str, Any]:
    """Return an error in OpenAI's shape."""
    kind = _TYPES.get(problem.status, "server_error" if problem.status >= 500 else "invalid_request_error")
    code = _CODES.get(problem.status, problem.type)
    return {"error": {"message": problem.message, "type": kind, "param": None, "code": code}}


@router.get("/models")
async def models(caller: ChatCaller) -> ModelsGiven:
    """List the one model that is offered."""
    del caller
    return ModelsGiven()


@router.get("/models/{model}")
async def model(model: str, caller: ChatCaller) -> ModelGiven:
    """Describe a model."""
    del caller
    if model != MODEL:
        raise NotFound(f"there is no such model; this server offers {MODEL!r}")
    return ModelGiven()


@router.post(
    "/chat/completions",
    response_model=CompletionGiven,
    responses={200: {"content": {"text/event-stream": {"schema": {"type": "string"}}}}},
)
async def complete(wanted: CompletionTaken, request: Request, caller: ChatCaller, host: TheHost) -> Response:
    """Answer the last message of a conversation.

    With `stream`, the answer comes in pieces as soon as it is verified; drafts are never sent. The extra
    field `plumbline` holds the whole answer object. A client that goes away cancels the work.
    """
    _check(wanted)
    conversation = read_conversation(wanted)
    completion = _Completion(host, caller, conversation)
    run = await completion.begin()
    if wanted.stream:
        options = wanted.stream_options
        with_usage = options is not None and bool(options.include_usage)
        return EventStream(completion.streamed(run, with_usage=with_usage))
    answer = await completion.answered(run, request)
    return Response(status_code=_CLIENT_GONE) if answer is None else JSONResponse(_completion(run, answer))


class _Completion:
    """The work on one request."""

    def __init__(self, host: Host, caller: Caller, conversation: Conversation) -> None:
        self._threads = host.storage.threads
        self._conversations = host.conversations
        self._caller = caller
        self._conversation = conversation

    async def begin(self) -> Run:
        """Go on in the thread whose words these are, or in a new one."""
        question = self._conversation.question
        if self._conversation.before:
            thread = await self._threads.continued(self._caller.owner, self._conversation.fingerprint)
            if thread is not None:
                try:
                    return await self._conversations.say(self._caller, thread.id, question)
                except (Conflict, NotFound):
                    pass  # another request went on from the same words, or the thread was deleted just now
        thread = await self._conversations.open_thread(
            self._caller, history=self._conversation.history, listed=False
        )
        return await self._conversations.say(self._caller, thread.id, question)

    async def answered(self, run: Run, request: Request) -> Answer | None:
        """Wait for the answer; None when the client goes away meanwhile, which ends the work."""
        work = asyncio.create_task(self._answer(run))
        gone = asyncio.create_task(_disconnected(request))
        try:
            await asyncio.wait((work, gone), return_when=asyncio.FIRST_COMPLETED)
            if work.done():
                return work.result()
            await self._conversations.cancel(self._caller, run.id)
            return None
        finally:
            work.cancel()
            gone.cancel()

    async def streamed(self, run: Run, *, with_usage: bool) -> AsyncGenerator[bytes]:
        """Yield the completion in chunks; an error on the way is told as the last one."""
        over = False
        try:
            yield _event(_chunk(run, {"role": "assistant", "content": ""}))
            answer = await self._answer(run)
            over = True
        except PlumblineError as error:
            over = True
            yield _event(error_body(problem_of(error, run.id)))
            return
        finally:
            if not over:  # the client went away
                await asyncio.shield(self._conversations.cancel(self._caller, run.id))
        for piece in _pieces(with_footnotes(answer)):
            yield _event(_chunk(run, {"content": piece}))
        last = _chunk(run, {}, finish=_finish(answer))
        yield _event({**last, "plumbline": answer.model_dump(mode="json")})
        if with_usage:
            yield _event({**_chunk(run, None), "usage": TokensUsed.of(answer.usage).model_dump()})
        yield b"data: [DONE]\n\n"

    async def _answer(self, run: Run) -> Answer:
        """Return the answer of a run, by whose words the next request will find the thread."""
        answer = await self._conversations.answer(self._caller, run.id)
        await self._threads.mark(run.thread_id, self._conversation.continued(with_footnotes(answer)))
        return answer


def _check(wanted: CompletionTaken) -> None:
    """Refuse what would change the meaning of the answer if it were ignored.

    Raises:
        InvalidInput: Something is asked for that there is not.
    """
    if wanted.n not in (None, 1):
        raise InvalidInput("n: there is one answer; send 1 or leave it out")
    if wanted.tool_choice not in (None, "auto", "none") or wanted.function_call not in (None, "auto", "none"):
        raise InvalidInput("tool_choice: no tool of yours can be called; send auto or none, or leave it out")
    if wanted.response_format is not None and wanted.response_format.get("type") != "text":
        raise InvalidInput("response_format: answers are text; send type text or leave it out")
    if wanted.modalities is not None and wanted.modalities != ["text"]:
        raise InvalidInput("modalities: answers are text; send text alone or leave it out")


async def _disconnected(request: Request) -> None:
    while (await request.receive())["type"] != "http.disconnect":
        pass


def _completion(run: Run, answer: Answer) -> dict[str, Any]:
    message = MessageGiven(content=with_footnotes(answer), plumbline=answer)
    return CompletionGiven(
        id=_id(run),
        created=int(run.started.timestamp()),
        choices=[ChoiceGiven(message=message, finish_reason=_finish(answer))],
        usage=TokensUsed.of(answer.usage),
        plumbline=answer,
    ).model_dump(mode="json")


def _finish(answer: Answer) -> FinishReason:
    return "length" if answer.exit_reason == "out_of_tokens" else "stop"


def _pieces(text: str) -> Iterator[str]:
    """Cut a text, so that pages which show it as it comes have something to show."""
    for start in range(0, len(text), PIECE):
        yield text[start : start + PIECE]


def _chunk(
    run: Run, delta: Mapping[str, str] | None, *, finish: FinishReason | None = None
) -> dict[str, Any]:
    """Return what one chunk says; without a delta it has no choice."""
    choice = {"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish}
    return {
        "id": _id(run),
        "object": "chat.completion.chunk",
        "created": int(run.started.timestamp()),
        "model": MODEL,
        "choices": [] if delta is None else [choice],
        "usage": None,
    }


def _id(run: Run) -> str:
    return f"chatcmpl-{run.id}"


def _event(content: Mapping[str, Any]) -> bytes:
    return f"data: {json.dumps(content, ensure_ascii=False, separators=(',', ':'))}\n\n".encode()
