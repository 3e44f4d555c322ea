"""One HTTP/1.1 connection: requests come in through h11, scripts are played back."""

import asyncio
import json
import socket
import struct
from collections.abc import Mapping
from typing import Any, Protocol

import h11

from tests.endpoint.journal import Journal
from tests.endpoint.scripts import Script, error_script


class Answer(Protocol):
    """Decides what is played."""

    def __call__(
        self, *, method: str, path: str, headers: Mapping[str, str], body: Mapping[str, Any]
    ) -> Script:
        """Return the response to a request."""


class Connection(asyncio.Protocol):
    """Serves one client, one request at a time."""

    def __init__(self, answer: Answer, journal: Journal, connections: set["Connection"]) -> None:
        self._answer = answer
        self._journal = journal
        self._connections = connections
        self._http = h11.Connection(h11.SERVER)
        self._head: h11.Request | None = None
        self._body = bytearray()
        self._reply: asyncio.Task[None] | None = None
        self._transport: asyncio.Transport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin."""
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        # asyncio does so only for sockets that name their protocol; without it, small writes wait for 40 ms.
        self._socket().setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._connections.add(self)

    def data_received(self, data: bytes) -> None:
        """Take bytes of a request; those of a pipelined one wait for their turn."""
        self._http.receive_data(data)
        self._advance()

    def connection_lost(self, exc: Exception | None) -> None:
        """Stop replying to a client that went away."""
        if self._reply is not None:
            self._reply.cancel()
        self._connections.discard(self)

    def abort(self) -> None:
        """Drop the client, whatever it is doing."""
        if self._reply is not None:
            self._reply.remove_done_callback(self._finished)
            self._reply.cancel()
            self._journal.ended()
            self._reply = None
        self._transport.abort()

    def _advance(self) -> None:
        while self._reply is None:
            try:
                event = self._http.next_event()
            except h11.RemoteProtocolError:
                self._transport.abort()
                return
            if isinstance(event, h11.Request):
                self._head, self._body = event, bytearray()
            elif isinstance(event, h11.Data):
                self._body += event.data
            elif isinstance(event, h11.EndOfMessage) and self._head is not None:
                self._journal.began()
                self._reply = asyncio.get_running_loop().create_task(self._serve(self._head))
                self._reply.add_done_callback(self._finished)
            else:
                return

    def _finished(self, reply: asyncio.Task[None]) -> None:
        self._reply = None
        failure = None if reply.cancelled() else reply.exception()
        self._journal.ended(disconnected=reply.cancelled(), failure=failure)
        if failure is not None or self._transport.is_closing():
            self._transport.abort()
        elif self._http.our_state is h11.DONE:
            self._http.start_next_cycle()
            self._advance()
        else:
            self._transport.close()

    async def _serve(self, head: h11.Request) -> None:
        try:
            body = json.loads(self._body or b"{}")
        except ValueError:
            body = None
        if not isinstance(body, dict):
            await self._play(error_script(400, "The body of the request is not a JSON object"))
            return
        headers = {name.decode("ascii"): value.decode("latin-1") for name, value in head.headers}
        path = head.target.decode("ascii").partition("?")[0]
        method = head.method.decode("ascii")
        await self._play(self._answer(method=method, path=path, headers=headers, body=body))

    async def _play(self, script: Script) -> None:
        if script.delay_seconds:
            await asyncio.sleep(script.delay_seconds)
        if script.status is not None:
            self._send(h11.Response(status_code=script.status, headers=list(script.headers)))
            for wait_seconds, data in script.pieces:
                if wait_seconds:
                    await asyncio.sleep(wait_seconds)
                self._send(h11.Data(data=data))
        if script.ending == "silence":
            await asyncio.get_running_loop().create_future()
        elif script.ending == "reset":
            self._reset()
        elif script.ending == "whole":
            self._send(h11.EndOfMessage())

    def _send(self, event: h11.Response | h11.Data | h11.EndOfMessage) -> None:
        data = self._http.send(event)
        if data:
            self._transport.write(data)

    def _reset(self) -> None:
        """Close such that the client gets an RST: no lingering for what was not yet acknowledged."""
        self._socket().setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self._transport.abort()

    def _socket(self) -> socket.socket:
        own: socket.socket = self._transport.get_extra_info("socket")
        return own
