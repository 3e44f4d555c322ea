"""Keeps worker processes: lends them, replaces those that were killed, ends all of them."""

import threading
import time
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from queue import SimpleQueue
from typing import Literal

from tools.database.worker.processes import LONGEST_START_SECONDS, Launch, WorkerProcess
from tools.errors import PlumblineError, TransientError

_LONGEST_CLOSING_SECONDS = 5.0


@dataclass(slots=True)
class _Attempt:
    """A start that those who wait for one have in common, with how it failed."""

    failure: PlumblineError | None = None


class Pool:
    """Up to so many worker processes. Safe to share between threads.

    Who waits is served in the order of arrival, and a newcomer never overtakes: a thread that gives a process
    back to ask again at once stands behind those who waited for it.

    One thread starts all of them and lives as long as the pool, for Linux ends a child when the thread that
    started it does. Besides the first, processes are started when somebody would wait for one.
    """

    def __init__(self, launch: Launch, *, workers: int) -> None:
        """Begin to start the first process; returns before it is ready."""
        self._launch = launch
        self._most = workers
        self._changed = threading.Condition()
        self._idle: list[WorkerProcess] = []
        self._queue: deque[object] = deque()
        """A ticket for everybody who waits, in the order of arrival; only the first may take a process."""
        self._living: set[WorkerProcess] = set()
        self._ordered = 0
        """Processes that are to be started, the one that is starting included."""
        self._starting: WorkerProcess | None = None
        self._attempt = _Attempt()
        self._closed = False
        self._settled = False
        self._tasks: SimpleQueue[WorkerProcess | Literal["start", "stop"]] = SimpleQueue()
        self._keeper = threading.Thread(target=self._keep, name="database workers", daemon=True)
        self._keeper.start()
        with self._changed:
            self._order()

    @contextmanager
    def lent(self, *, patience_seconds: float) -> Iterator[WorkerProcess]:
        """Lend a process; one that comes back with an exception is killed and replaced.

        Args:
            patience_seconds: How long to wait while all are busy. A process that is on its way is waited for.

        Raises:
            PlumblineError: The database cannot be opened.
            TransientError: All are busy, none can be started, or the pool is closed.
        """
        worker = self._take(patience_seconds)
        sound = False
        try:
            yield worker
            sound = True
        finally:
            if sound:
                self._give_back(worker)
            else:
                self._discard(worker)
                self.prepare_another()

    def prepare_another(self) -> None:
        """Have a process ready for the next who asks, if the limit allows."""
        with self._changed:
            if not self._idle:
                self._order()

    def settle(self) -> None:
        """Take note that the database was opened with success: later processes may find less in it."""
        self._settled = True

    def close(self) -> None:
        """End all processes; who waits for one gets a TransientError. Closing twice is harmless."""
        with self._changed:
            if self._closed:
                return
            self._closed = True
            idle, self._idle = self._idle, []
            for worker in self._all():
                worker.kill()
            self._changed.notify_all()
        for worker in idle:
            self._discard(worker)
        self._tasks.put("stop")
        self._keeper.join(_LONGEST_CLOSING_SECONDS)

    def processes(self) -> frozenset[int]:
        """Return the ids of the processes that there are now, a starting one included."""
        with self._changed:
            return frozenset(worker.process.pid for worker in self._all())

    def _take(self, patience_seconds: float) -> WorkerProcess:
        with self._changed:
            ticket = object()
            self._queue.append(ticket)
            try:
                return self._wait(ticket, patience_seconds)
            finally:
                self._queue.remove(ticket)
                self._changed.notify_all()  # another one is the first now

    def _wait(self, ticket: object, patience_seconds: float) -> WorkerProcess:
        called, attempt = time.monotonic(), self._attempt
        while True:
            if self._closed:
                raise TransientError("database: it was closed; open it again")
            if self._queue[0] is ticket and (worker := self._idle_and_alive()) is not None:
                return worker
            if attempt.failure is not None:
                if attempt is self._attempt:
                    self._attempt = _Attempt()
                raise attempt.failure
            if self._ordered + len(self._idle) < len(self._queue):
                self._order()
            patience = LONGEST_START_SECONDS if self._ordered else patience_seconds
            left = called + patience - time.monotonic()
            if left <= 0:
                raise TransientError("database: all worker processes are busy; try again")
            self._changed.wait(left)

    def _idle_and_alive(self) -> WorkerProcess | None:
        while self._idle:
            worker = self._idle.pop()
            if not worker.has_ended():
                return worker
            self._living.discard(worker)
            worker.dispose()
        return None

    def _all(self) -> set[WorkerProcess]:
        return self._living | ({self._starting} if self._starting else set())

    def _order(self) -> None:
        if not self._closed and len(self._living) + self._ordered < self._most:
            self._ordered += 1
            self._tasks.put("start")

    def _give_back(self, worker: WorkerProcess) -> None:
        with self._changed:
            if not self._closed:
                self._idle.append(worker)
                self._changed.notify_all()
                return
        self._discard(worker)

    def _discard(self, worker: WorkerProcess) -> None:
        if not worker.dispose():
            self._tasks.put(worker)
        with self._changed:
            self._living.discard(worker)
            self._changed.notify_all()

    def _keep(self) -> None:
        """Start what is ordered, and wait for those to die that do not do so at once."""
        while (task := self._tasks.get()) != "stop":
            if isinstance(task, WorkerProcess):
                if not task.dispose():
                    self._tasks.put(task)
            else:
                self._start()

    def _start(self) -> None:
        try:
            worker = WorkerProcess.start(self._launch, settled=self._settled)
        except TransientError as error:
            self._note_start(None, error)
            return
        with self._changed:
            self._starting = worker
            if self._closed:
                worker.kill()
        try:
            worker.wait_until_ready()
        except PlumblineError as error:
            self._discard(worker)
            self._note_start(None, error)
        else:
            self._note_start(worker, None)

    def _note_start(self, worker: WorkerProcess | None, failure: PlumblineError | None) -> None:
        with self._changed:
            self._starting = None
            self._ordered -= 1
            if failure is not None:
                self._attempt.failure = failure
            if worker is not None:
                if self._attempt.failure is not None:
                    self._attempt = _Attempt()
                self._living.add(worker)
                if not self._closed:
                    self._idle.append(worker)
            self._changed.notify_all()
            late = self._closed
        if late and worker is not None:
            self._discard(worker)
