"""One process that serves, or several that share a socket."""

import asyncio
import gc
import logging
import multiprocessing
import os
import resource
import signal
import socket
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from multiprocessing.context import SpawnProcess
from types import FrameType

import uvicorn

from agent.api.app import create_app
from agent.api.connections import HttpConnection
from agent.hosting import Listening, open_host
from agent.settings import Settings
from tools.errors import PlumblineError

GRACE_SECONDS = 2
"""How long open streams may go on after a signal."""
WRONG = 2
"""Exit code of a process that could not start; another try would end alike."""
PAUSE_SECONDS = 1.0
"""Before a process that died is replaced."""
CONNECTIONS = 8192
"""Of one process, at most; and three quarters of the files that it may have open."""
_log = logging.getLogger("plumbline.workers")
_CUT_OFF = ("timeout graceful shutdown exceeded", "ASGI callable returned without completing response")
"""What uvicorn says of streams that its end has cut off."""
_SIGNALS = (signal.SIGTERM, signal.SIGINT)


@dataclass(frozen=True, slots=True, kw_only=True)
class Serving:
    """What is served, and where."""

    settings: Settings
    host: str
    port: int
    operator: str
    """Secret of the command line."""


class _Server(uvicorn.Server):
    """Says when it is ready, and returns when a signal has ended it: there is tidying up to do."""

    def __init__(self, config: uvicorn.Config, on_ready: Callable[[], None]) -> None:
        super().__init__(config)
        self._on_ready = on_ready

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start listening."""
        await super().startup(sockets=sockets)
        if self.started:
            self._on_ready()

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Stop gracefully, at once when Ctrl-C is pressed again; that this cuts off streams is no error."""
        del frame
        logging.getLogger("uvicorn.error").addFilter(_is_worth_telling)
        self.force_exit = self.should_exit and sig == signal.SIGINT
        self.should_exit = True


def serve_alone(serving: Serving, listener: socket.socket, *, on_ready: Callable[[], None]) -> None:
    """Serve in this process until a signal ends it."""
    quieten()
    config = uvicorn.Config("", loop="auto", log_config=None)
    with asyncio.Runner(loop_factory=config.get_loop_factory()) as runner:
        runner.run(_serve(serving, listener, on_ready))


async def _serve(serving: Serving, listener: socket.socket, on_ready: Callable[[], None]) -> None:
    listening = Listening(host=serving.host, port=serving.port)
    async with open_host(serving.settings, listening=listening, operator=serving.operator) as host:
        app = create_app(host)
        gc.collect()
        gc.freeze()  # else all that lives as long as the server is looked through again and again
        config = uvicorn.Config(
            app,
            http=HttpConnection,
            ws="none",
            log_config=None,
            access_log=False,
            lifespan="on",
            workers=1,
            proxy_headers=False,  # who is at the other end is what the network says, not a header
            server_header=False,
            limit_concurrency=allowed_connections(),
            timeout_graceful_shutdown=GRACE_SECONDS,
        )
        await _Server(config, on_ready).serve(sockets=[listener])


def allowed_connections() -> int:
    """Have this process open as many files as it may; return how many of them are for connections."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = 2 * CONNECTIONS if hard == resource.RLIM_INFINITY else min(hard, 2 * CONNECTIONS)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
        soft = wanted
    return CONNECTIONS if soft == resource.RLIM_INFINITY else min(CONNECTIONS, soft * 3 // 4)


def serve_together(serving: Serving, listener: socket.socket, *, on_ready: Callable[[], None]) -> None:
    """Serve in several processes until a signal ends them; one that dies is replaced.

    Raises:
        PlumblineError: One of them could not start; it has said why.
    """
    quieten()
    context = multiprocessing.get_context("spawn")
    told, tell = context.Pipe(duplex=False)

    def start() -> SpawnProcess:
        process = context.Process(target=_work, args=(serving, listener, tell))
        process.start()
        return process

    with _signalled() as ending:
        keep_running(start, serving.settings.server.workers, told=told, ending=ending, on_ready=on_ready)


def keep_running(
    start: Callable[[], SpawnProcess],
    count: int,
    *,
    told: Connection,
    ending: Connection,
    on_ready: Callable[[], None],
) -> None:
    """Keep processes running until something can be read from `ending`; end them all then.

    Args:
        start: Starts one of them.
        count: How many there are to be.
        told: Each of them sends something when it is ready.
        ending: Tells to stop.
        on_ready: Called when all are ready for the first time.

    Raises:
        PlumblineError: One of them could not start.
    """
    processes = [start() for _ in range(count)]
    ready = 0
    try:
        while ending not in (happened := wait([told, ending, *(one.sentinel for one in processes)])):
            if told in happened:
                told.recv()
                ready += 1
                if ready == count:
                    on_ready()
            for place, process in enumerate(processes):
                if process.sentinel in happened:
                    processes[place] = _replaced(process, start)
    finally:
        for process in processes:
            process.terminate()
        for process in processes:
            process.join()


def quieten() -> None:
    """Send warnings and errors to standard error, and nothing else anywhere."""
    logging.basicConfig(level=logging.WARNING, format="plumbline: %(message)s", stream=sys.stderr)


def _replaced(process: SpawnProcess, start: Callable[[], SpawnProcess]) -> SpawnProcess:
    process.join()
    if process.exitcode == WRONG:
        raise PlumblineError("a worker could not start; the line above says why")
    _log.warning("worker %s ended (%s); another is started", process.pid, process.exitcode)
    time.sleep(PAUSE_SECONDS)
    return start()


def _work(serving: Serving, listener: socket.socket, tell: Connection) -> None:
    """Serve, in a process of its own."""
    try:
        serve_alone(serving, listener, on_ready=lambda: tell.send(os.getpid()))
    except PlumblineError as error:
        sys.stderr.write(f"plumbline: {error}\n")
        sys.exit(WRONG)


@contextmanager
def _signalled() -> Iterator[Connection]:
    """Yield what can be read from as soon as a signal tells this process to end."""
    told, tell = multiprocessing.Pipe(duplex=False)

    def handle(number: int, frame: FrameType | None) -> None:
        del frame
        tell.send(number)

    before = {one: signal.signal(one, handle) for one in _SIGNALS}
    try:
        yield told
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _is_worth_telling(record: logging.LogRecord) -> bool:
    cut_off = record.exc_info is not None and isinstance(record.exc_info[1], asyncio.CancelledError)
    return not cut_off and not any(words in record.getMessage() for words in _CUT_OFF)
