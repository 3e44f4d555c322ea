"""The parent's side of one worker process: start it, ask it, kill it."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, cast

from tools.database.worker.channel import Broken, Channel, Overdue
from tools.database.worker.messages import (
    ACCEPTED,
    MOST_REPLY_BYTES,
    BadReply,
    Kind,
    Reply,
    taken_apart,
)
from tools.database.worker.opening import Opening
from tools.errors import PlumblineError, TransientError

_SET_DEATH_SIGNAL = 1
PROGRAM = "tools.database.worker.program"
_ROOT = Path(__file__).resolve().parents[3]
BOOT = f"""import ctypes, os, sys
library = ctypes.CDLL(None)
if hasattr(library, "prctl"):
    library.prctl({_SET_DEATH_SIGNAL}, {signal.SIGKILL:d}, 0, 0, 0)
if os.getppid() != int(sys.argv[3]):
    os._exit(0)
import importlib
sys.path.append(sys.argv[1])
importlib.import_module(sys.argv[2]).main()
"""
"""Has Linux kill the child with the thread that started it, before anything else: a child that is stopped
while it loads its modules would outlive its parent. A parent that ended before that is noticed at once."""
_ENVIRONMENT = {
    "MALLOC_ARENA_MAX": "1",
    "MALLOC_MMAP_THRESHOLD_": "262144",
    "MALLOC_TRIM_THRESHOLD_": "1048576",
}
"""All that a child gets: no keys, no paths, and memory that goes back to the system when it is freed."""
LONGEST_START_SECONDS = 30.0
_LONGEST_TELLING_SECONDS = 1.0
_SLOW_SECONDS = 0.05
_LONGEST_DYING_SECONDS = 0.05


@dataclass(frozen=True, slots=True, kw_only=True)
class Launch:
    """How worker processes are started."""

    opening: Opening
    program: str = PROGRAM
    """The module whose `main` they run."""


class Ended(Exception):
    """The process ended, or has to be ended, before it gave its reply; the message says how."""

    def __init__(self, how: str, *, was_asked: bool) -> None:
        """Say whether the request may have to do with it."""
        super().__init__(how)
        self.was_asked = was_asked


@dataclass(slots=True, kw_only=True, eq=False)
class WorkerProcess:
    """One running child, which one thread at a time may ask."""

    process: "subprocess.Popen[bytes]" = field(repr=False)
    channel: Channel

    @classmethod
    def start(cls, launch: Launch, *, settled: bool = False) -> "WorkerProcess":
        """Start a child; returns before it is ready. The thread that does this has to outlive the child.

        The url goes through the pipe, for arguments and environment can be seen by others. A relative path in
        it is why the child keeps the current folder, from which it imports nothing.

        Args:
            launch: What to start.
            settled: Whether the database was opened before, so that tables may have gone meanwhile.

        Raises:
            TransientError: No process can be started.
        """
        told = launch.opening.told(settled=settled)
        try:
            process = subprocess.Popen(  # noqa: S603  # our own interpreter and module
                [sys.executable, "-I", "-c", BOOT, str(_ROOT), launch.program, str(os.getpid())],
                bufsize=0,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                env=_ENVIRONMENT,
                start_new_session=True,
            )
        except OSError as error:
            raise TransientError(
                f"database: no worker process can be started ({error.strerror}); free some resources"
            ) from error
        channel = Channel(
            into=cast(IO[bytes], process.stdin).fileno(),
            out_of=cast(IO[bytes], process.stdout).fileno(),
            most_bytes=MOST_REPLY_BYTES,
        )
        os.set_blocking(channel.into, False)
        os.set_blocking(channel.out_of, False)
        worker = cls(process=process, channel=channel)
        try:
            channel.send(told, until=time.monotonic() + _LONGEST_TELLING_SECONDS)
        except (Broken, Overdue):
            worker.kill()  # who waits for it to be ready learns that it ended
        return worker

    def wait_until_ready(self) -> None:
        """Wait for it to have opened the database.

        Raises:
            PlumblineError: The database cannot be opened, or the process did not come up.
        """
        try:
            payload = self.channel.receive(until=time.monotonic() + LONGEST_START_SECONDS)
            reply = taken_apart(payload, type(None))
        except Overdue as error:
            raise TransientError("database: a worker process does not become ready; try again") from error
        except (Broken, BadReply) as error:
            raise TransientError(
                f"database: a worker process {self._end()} while it started; try again"
            ) from error
        if isinstance(reply.content, PlumblineError):
            raise reply.content

    def has_ended(self) -> bool:
        """Tell whether it is gone."""
        return self.process.poll() is not None

    def ask(
        self, request: bytes, kind: type[Kind], *, until: float, when_slow: Callable[[], None]
    ) -> Reply[Kind]:
        """Send a request and wait for its reply.

        Args:
            request: A message.
            kind: What is asked for.
            until: When to give up, in seconds of the monotonic clock.
            when_slow: Is called when the reply does not come at once; the process may have to be killed.

        Raises:
            Overdue: It took too long; the child still works on it.
            Ended: There will be no reply that can be used.
        """
        try:
            self.channel.send(request, until=until)
            if self.channel.receive(until=until) != ACCEPTED:
                raise Ended("gave no proper reply", was_asked=True)
        except Broken as error:
            raise Ended(self._end(), was_asked=False) from error
        if not self.channel.has_news(until=min(until, time.monotonic() + _SLOW_SECONDS)):
            when_slow()
        try:
            return taken_apart(self.channel.receive(until=until), kind)
        except Broken as error:
            raise Ended(f"{self._end()} while it ran a statement", was_asked=True) from error
        except BadReply as error:
            raise Ended("gave no proper reply", was_asked=True) from error

    def kill(self) -> None:
        """End it now, whatever it does, with all that it may have started."""
        if self.process.poll() is None:
            with suppress(ProcessLookupError, PermissionError):  # it ended in between
                os.killpg(self.process.pid, signal.SIGKILL)

    def dispose(self) -> bool:
        """Kill it, if need be, and close its pipes; tell whether nothing of it is left."""
        self.kill()
        for pipe in (self.process.stdin, self.process.stdout):
            if pipe is not None:
                pipe.close()
        with suppress(subprocess.TimeoutExpired):
            self.process.wait(_LONGEST_DYING_SECONDS)
        return self.process.returncode is not None

    def _end(self) -> str:
        with suppress(subprocess.TimeoutExpired):
            self.process.wait(_LONGEST_DYING_SECONDS)
        code = self.process.returncode
        if code is None:
            return "closed its pipe"
        return f"was ended by signal {-code}" if code < 0 else f"ended with status {code}"
