"""plumbline serve: in a process of its own, and everything it refuses."""

import json
import multiprocessing
import resource
import signal
import socket
import sys
import threading
import time
from collections.abc import Callable
from multiprocessing.context import SpawnProcess
from pathlib import Path

import httpx2
import pytest

from agent.cli.workers import CONNECTIONS, allowed_connections, keep_running
from agent.running_server import FILE
from tests.agent.cli.command import held_open, plumbline
from tests.agent.cli.servers import running
from tools.errors import PlumblineError

SPAWNING = multiprocessing.get_context("spawn")
EVERYWHERE = "0.0.0.0"  # noqa: S104  # with a key


def test_a_server_tells_where_it_is_and_leaves_nothing_behind(own: Path) -> None:
    """Beyond loopback it asks for a key; a signal ends it well, though a request is still being sent."""
    key = plumbline("keys", "create", "test", "--json", "--config", own).json["secret"]
    file = own.parent / ".plumbline" / FILE
    with running(own, "--host", EVERYWHERE) as server:
        port = int(server.url.rpartition(":")[2])
        announced = json.loads(file.read_text(encoding="utf-8"))
        assert (announced["url"], announced["pid"]) == (server.url, server.pid)
        assert file.stat().st_mode & 0o077 == 0
        assert httpx2.get(f"{server.url}/healthz").json() == {"status": "ok"}
        assert httpx2.get(f"{server.url}/v1/models").status_code == 401
        bearer = {"Authorization": f"Bearer {key}"}
        assert httpx2.get(f"{server.url}/v1/models", headers=bearer).status_code == 200
        answer = plumbline("ask", "What does the Heron cost?", "--json", "--config", own).json
        assert "EUR 149" in answer["answer"]
        here = ("127.0.0.1", port)
        with socket.create_connection(here) as slow, socket.create_connection(here) as stream:
            stream.sendall(
                b"GET /mcp HTTP/1.1\r\nHost: localhost\r\nAccept: text/event-stream\r\n"
                b"Authorization: Bearer " + key.encode() + b"\r\n\r\n"
            )
            assert b"200 OK" in stream.recv(1024)
            slow.sendall(b"POST /api/threads HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9\r\n\r\n{")
            assert server.ended() == (0, "")
    assert not file.exists()
    assert plumbline("ask", "What does the Heron cost?", "--json", "--config", own).code == 0


def test_nobody_else_can_read_what_is_kept(own: Path) -> None:
    """Conversations and documents, in whatever file."""
    assert plumbline("ask", "What does the Heron cost?", "--config", own).code == 0
    folder = own.parent / ".plumbline"
    assert (folder / "threads.db").exists()
    kept = [folder, folder / "store", *folder.glob("*.db")]
    assert [path.name for path in kept if path.stat().st_mode & 0o077] == []


def test_a_server_may_have_many_files_open() -> None:
    """As many as it is allowed to raise its limit to; some are left for other things than connections."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (min(soft, 512), hard))
        allowed = allowed_connections()
        raised, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    assert raised == min(hard, 2 * CONNECTIONS)
    assert allowed == min(CONNECTIONS, raised * 3 // 4)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        pytest.param(("--host", EVERYWHERE), ("no key", "plumbline keys create"), id="open to others"),
        pytest.param(("--workers", "2"), ("one process", "storage.qdrant_url"), id="several workers"),
        pytest.param(("--port", "70000"), ("--port",), id="no such port"),
    ],
)
def test_what_cannot_be_served_is_refused_in_one_line(
    marlow: Path, arguments: tuple[str, ...], words: tuple[str, ...]
) -> None:
    """With the remedy."""
    done = plumbline("serve", *arguments, "--config", marlow)
    assert (done.code, done.out) == (2, "")
    assert all(word in done.complaint for word in words)


def test_a_port_in_use_is_named(marlow: Path) -> None:
    """One line, and no server."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        done = plumbline("serve", "--port", port, "--config", marlow)
    assert done.code == 2
    assert f"port {port}" in done.complaint
    assert "--port" in done.complaint


def test_a_store_that_is_held_cannot_be_served(marlow: Path) -> None:
    """Nothing is announced then."""
    with held_open(marlow):
        done = plumbline("serve", "--port", "0", "--config", marlow)
    assert done.code == 2
    assert "held by another process" in done.complaint
    assert not (marlow.parent / ".plumbline" / FILE).exists()


def test_a_worker_that_dies_is_replaced_and_a_signal_ends_them_all() -> None:
    """What ended them is not asked: they are terminated and waited for."""
    told, tell = SPAWNING.Pipe(duplex=False)
    ending, end = SPAWNING.Pipe(duplex=False)
    started: list[SpawnProcess] = []
    ready = threading.Event()

    def start() -> SpawnProcess:
        process = SPAWNING.Process(target=time.sleep, args=(600,))
        process.start()
        started.append(process)
        tell.send(process.pid)
        if len(started) == 3:
            end.send(signal.SIGTERM)
        return process

    def kill_one() -> None:
        ready.set()
        started[0].kill()

    keep_running(start, 2, told=told, ending=ending, on_ready=kill_one)
    assert ready.is_set()
    assert [process.exitcode for process in started] == [-signal.SIGKILL, -signal.SIGTERM, -signal.SIGTERM]


def test_a_worker_that_cannot_start_ends_them_all() -> None:
    """Another try would end alike."""
    told, _ = SPAWNING.Pipe(duplex=False)
    ending, _end = SPAWNING.Pipe(duplex=False)
    targets: list[tuple[Callable[..., object], int]] = [(time.sleep, 600), (sys.exit, 2)]
    started: list[SpawnProcess] = []

    def start() -> SpawnProcess:
        target, argument = targets[len(started)]
        started.append(SPAWNING.Process(target=target, args=(argument,)))
        started[-1].start()
        return started[-1]

    with pytest.raises(PlumblineError, match="could not start"):
        keep_running(start, 2, told=told, ending=ending, on_ready=lambda: None)
    assert [process.exitcode for process in started] == [-signal.SIGTERM, 2]
