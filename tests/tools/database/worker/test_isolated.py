"""A database in worker processes: what happens to them never happens to the parent."""

import asyncio
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.tools.database.worker.misbehaving import END, GARBAGE, GIANT
from tests.tools.database.worker.opened import MISBEHAVING, open_program, write_items
from tools.database.worker.isolated import IsolatedDatabase
from tools.database.worker.processes import BOOT
from tools.errors import DeadlineExceeded, RejectedQuery, TransientError

COUNT = "SELECT COUNT(*) FROM items"
ENDLESS = "WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c) SELECT COUNT(*) FROM c"
ONE_LONG_OPERATION = "SELECT printf('%.*c', 900000000, 'x')"
FAST, SLOW = 0.15, 20.0
LINUX = pytest.mark.skipif(not Path("/proc/self").exists(), reason="looks at processes in /proc")


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Write the items once."""
    return write_items(tmp_path_factory.mktemp("items"))


@pytest.fixture(scope="module")
def quick(url: str) -> Iterator[IsolatedDatabase]:
    """Open a database with a short deadline, whose one process the tests may have killed."""
    database = open_program(url, deadline_seconds=FAST, workers=1)
    yield database
    database.close()


@pytest.fixture(scope="module")
def patient(url: str) -> Iterator[IsolatedDatabase]:
    """Open a database whose statements have time enough."""
    database = open_program(url, deadline_seconds=SLOW)
    yield database
    database.close()


@pytest.fixture(scope="module")
def single(url: str) -> Iterator[IsolatedDatabase]:
    """Open a database whose statements have time enough in one process, which the tests may kill."""
    database = open_program(url, deadline_seconds=SLOW, workers=1)
    yield database
    database.close()


def count(database: IsolatedDatabase) -> object:
    """Ask what any sound process can answer, as often as the short deadline makes necessary."""
    for _ in range(100):
        try:
            return database.fetch(COUNT, {}, limit=1).rows[0][0]
        except (TransientError, DeadlineExceeded):
            time.sleep(0.05)
    raise AssertionError("no process answers")


def wait_for_process(database: IsolatedDatabase) -> int:
    """Return the id of a process that has just answered."""
    count(database)
    return max(database.pool.processes())


def dead(process: int) -> bool:
    """Tell whether a process does not run any more; waits a little for it.

    An orphan is buried by the system's first process, which on a busy machine takes it seconds.
    """
    status = Path(f"/proc/{process}/stat")
    for _ in range(400):
        try:
            state = status.read_text().rpartition(")")[2].split()[0]
        except (FileNotFoundError, ProcessLookupError):
            return True
        if state in {"Z", "X"}:
            return True
        time.sleep(0.01)
    return False


def gone(process: int) -> bool:
    """Tell whether a process is not there any more, not even as a zombie; waits a little for it."""
    for _ in range(400):
        if not Path(f"/proc/{process}").exists():
            return True
        time.sleep(0.01)
    return False


@pytest.mark.parametrize("statement", [ENDLESS, ONE_LONG_OPERATION], ids=["loop", "one operation"])
def test_a_statement_that_takes_too_long_is_killed_and_the_next_one_answered(
    quick: IsolatedDatabase, statement: str
) -> None:
    """Also when the database's own deadline is never looked at."""
    before = wait_for_process(quick)
    with pytest.raises(DeadlineExceeded, match=r"0\.15 seconds"):
        quick.fetch(statement, {}, limit=1)
    assert count(quick) == 5_000
    assert quick.pool.processes() - {before}


@LINUX
def test_a_stopped_process_is_killed_like_a_busy_one(url: str) -> None:
    """The deadline is the parent's, so it needs nobody's help."""
    database = open_program(url, deadline_seconds=FAST, workers=1)
    process = wait_for_process(database)
    os.kill(process, signal.SIGSTOP)
    with pytest.raises(DeadlineExceeded):
        database.fetch(COUNT, {}, limit=1)
    assert gone(process)
    assert count(database) == 5_000
    database.close()


@LINUX
@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGSEGV, signal.SIGTERM])
def test_a_process_that_dies_while_idle_is_replaced_unnoticed(
    single: IsolatedDatabase, how: signal.Signals
) -> None:
    """The statement was not its fault, so it is asked of another."""
    single.ping()
    for process in single.pool.processes():
        os.kill(process, how)
    assert single.fetch(COUNT, {}, limit=1).rows == ((5_000,),)


def test_a_process_that_dies_of_a_statement_is_a_passing_fault(single: IsolatedDatabase) -> None:
    """It is not tried again: the next process would die too."""
    single.ping()
    before = single.pool.processes()

    def kill() -> None:
        for process in before:
            os.kill(process, signal.SIGKILL)

    killer = threading.Timer(0.2, kill)
    killer.start()
    with pytest.raises(TransientError, match=r"ended by signal 9.*try again") as error:
        single.fetch(ENDLESS, {}, limit=1)
    killer.join()
    assert not isinstance(error.value, DeadlineExceeded)
    assert single.fetch(COUNT, {}, limit=1).rows == ((5_000,),)


@pytest.mark.parametrize(
    "statement",
    [
        "SELECT hex(zeroblob(400000000))",
        "SELECT LENGTH(hex(hex(hex(hex(hex(zeroblob(1000000)))))))",
        "SELECT printf('%.*c', 1000000, 'x') FROM items",
    ],
    ids=["one value", "a chain of values", "many rows"],
)
def test_a_statement_that_wants_too_much_memory_is_refused(single: IsolatedDatabase, statement: str) -> None:
    """Cleanly: it ends with its reply, so that the next has all of its memory."""
    single.ping()
    before = single.pool.processes()
    with pytest.raises(RejectedQuery, match="memory") as error:
        single.fetch(statement, {}, limit=200)
    assert error.value.problem == "too_large"
    assert single.fetch(COUNT, {}, limit=1).rows == ((5_000,),)
    assert before.isdisjoint(single.pool.processes())


def test_a_result_that_is_too_long_to_read_is_refused(patient: IsolatedDatabase) -> None:
    """What one reply may hold is bounded."""
    wide = ", ".join(["hex(zeroblob(1000))"] * 100)
    with pytest.raises(RejectedQuery, match="larger") as error:
        patient.fetch(f"SELECT {wide} FROM items", {}, limit=100)
    assert error.value.problem == "too_large"


def test_a_statement_that_is_too_long_to_send_is_refused(patient: IsolatedDatabase) -> None:
    """No process sees it."""
    with pytest.raises(RejectedQuery, match="too long") as error:
        patient.fetch("SELECT 1" + " " * 2_000_000, {}, limit=1)
    assert error.value.problem == "too_large"


def test_a_value_that_is_no_number_is_refused(patient: IsolatedDatabase) -> None:
    """There is no way to write it down."""
    with pytest.raises(RejectedQuery, match="finite") as error:
        patient.fetch("SELECT :value", {"value": float("nan")}, limit=1)
    assert error.value.problem == "parameters"


def test_any_text_comes_through(patient: IsolatedDatabase) -> None:
    """Every sign and line end, as a value and back."""
    text = "a\nb\r\0\x1f é 漢 🙂 \u2028 \" ' \\"
    assert patient.fetch("SELECT :text", {"text": text}, limit=1).rows == ((text,),)


@pytest.mark.parametrize("garbage", [*GARBAGE, GIANT, END])
def test_a_process_that_gives_no_proper_reply_is_killed(misbehaving: IsolatedDatabase, garbage: str) -> None:
    """The caller gets a passing fault, and the next one another process."""
    misbehaving.ping()
    with pytest.raises(TransientError, match="worker process"):
        misbehaving.fetch(garbage, {}, limit=1)
    misbehaving.ping()


@pytest.fixture(scope="module")
def misbehaving() -> Iterator[IsolatedDatabase]:
    """Open a database whose processes were taken over."""
    database = open_program("sqlite://", program=MISBEHAVING)
    yield database
    database.close()


def test_a_program_that_does_not_come_up_is_a_passing_fault() -> None:
    """Each question tries once more, and none waits forever."""
    database = open_program("sqlite://", program="tests.tools.database.worker.no_such_program")
    for _ in range(2):
        with pytest.raises(TransientError, match="while it started"):
            database.ping()
    assert database.pool.processes() == frozenset()
    database.close()


def test_more_threads_than_processes_all_get_their_answers(patient: IsolatedDatabase) -> None:
    """They wait for each other."""
    with ThreadPoolExecutor(max_workers=12) as pool:
        futures = [pool.submit(patient.fetch, COUNT, {}, limit=1) for _ in range(100)]
        assert {future.result().rows for future in futures} == {((5_000,),)}
    assert len(patient.pool.processes()) <= 2


def test_processes_are_lent_in_the_order_of_arrival(single: IsolatedDatabase) -> None:
    """Who gives one back and asks again at once does not overtake those who wait."""
    single.ping()
    served: list[int] = []

    def ask(number: int) -> None:
        with single.pool.lent(patience_seconds=20):
            served.append(number)

    threads = [threading.Thread(target=ask, args=(number,)) for number in range(5)]
    with single.pool.lent(patience_seconds=20):
        for thread in threads:
            thread.start()
            time.sleep(0.05)
    ask(5)
    for thread in threads:
        thread.join()
    assert served == [0, 1, 2, 3, 4, 5]


def test_who_finds_all_processes_busy_does_not_wait_longer_than_a_statement_may(url: str) -> None:
    """Half of the deadline is for waiting."""
    database = open_program(url, deadline_seconds=1.0, workers=1)
    database.ping()
    with ThreadPoolExecutor(max_workers=1) as pool:
        busy = pool.submit(database.fetch, ENDLESS, {}, limit=1)
        time.sleep(0.2)
        with pytest.raises(TransientError, match="busy"):
            database.fetch(COUNT, {}, limit=1)
        with pytest.raises(DeadlineExceeded):
            busy.result()
    database.close()


def open_files() -> int:
    """Count the files and pipes that this process has open."""
    return sum(1 for _ in Path("/proc/self/fd").iterdir())


async def test_waiting_for_a_statement_leaves_the_event_loop_free(quick: IsolatedDatabase) -> None:
    """Others go on meanwhile."""
    ticks = 0
    waiting = asyncio.create_task(asyncio.to_thread(quick.fetch, ENDLESS, {}, limit=1))
    while not waiting.done():
        ticks += 1
        await asyncio.sleep(0.001)
    assert isinstance(waiting.exception(), TransientError)
    assert ticks > 10


@LINUX
def test_kills_in_a_row_leave_nothing_behind(quick: IsolatedDatabase) -> None:
    """No pipe, thread, zombie or process more than before."""
    killed = {wait_for_process(quick)}
    files, threads = open_files(), threading.active_count()
    while len(killed) < 6:
        with pytest.raises(DeadlineExceeded):
            quick.fetch(ENDLESS, {}, limit=1)
        killed.add(wait_for_process(quick))
    killed -= quick.pool.processes()
    assert all(map(gone, killed))
    assert (open_files(), threading.active_count()) == (files, threads)


@LINUX
def test_closing_ends_all_processes_and_all_who_wait(url: str) -> None:
    """Twice is harmless, and afterwards there is nothing to ask."""
    database = open_program(url, deadline_seconds=SLOW)
    count(database)
    with ThreadPoolExecutor(max_workers=1) as pool:
        waiting = pool.submit(database.fetch, ENDLESS, {}, limit=1)
        time.sleep(0.3)
        processes = database.pool.processes()
        database.close()
        database.close()
        with pytest.raises(TransientError):
            waiting.result(timeout=10)
    assert processes
    assert all(map(gone, processes))
    with pytest.raises(TransientError, match="closed"):
        database.ping()


def test_closing_at_once_waits_for_no_process_to_come_up(url: str) -> None:
    """As a command does that is refused for another reason."""
    database = open_program(url)
    database.close()
    assert database.pool.processes() == frozenset()


@LINUX
def test_nobody_can_read_the_url_or_the_parents_keys_off_a_process(
    url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither its arguments nor its environment hold a secret, and it runs apart from the parent."""
    monkeypatch.setenv("OPENAI_API_KEY", "sk-secret")
    monkeypatch.setenv("PLUMBLINE_DATABASE__URL", url)
    database = open_program(url, workers=1)
    process = wait_for_process(database)
    told = Path(f"/proc/{process}/cmdline").read_bytes() + Path(f"/proc/{process}/environ").read_bytes()
    assert not any(word in told for word in (b"items.db", b"sk-secret", b"PLUMBLINE", b"PATH="))
    assert os.getsid(process) == process
    files = {str(path.readlink()).partition(":")[0] for path in Path(f"/proc/{process}/fd").iterdir()}
    assert files <= {"pipe", "/dev/null", url.removeprefix("sqlite:///")}
    database.close()


@LINUX
def test_a_process_whose_parent_is_gone_already_ends_itself() -> None:
    """Before it loads anything: no such program is missed."""
    told = [sys.executable, "-I", "-c", BOOT, "nowhere", "no_such_program"]
    assert subprocess.run([*told, str(1 << 22)], check=False, capture_output=True).stderr == b""
    other = subprocess.run([*told, str(os.getpid())], check=False, capture_output=True)
    assert b"no_such_program" in other.stderr


@LINUX
@pytest.mark.parametrize("stopped", [False, True], ids=["running", "stopped"])
def test_a_process_dies_with_its_parent(url: str, stopped: bool) -> None:
    """However the parent ends, whatever the child is doing."""
    script = (
        "import sys, threading, time\n"
        "from tests.tools.database.worker.opened import open_program\n"
        f"database = open_program({url!r}, deadline_seconds=60.0, workers=1)\n"
        "database.ping()\n"
        "print(*database.pool.processes(), flush=True)\n"
        f"database.fetch({ENDLESS!r}, {{}}, limit=1)\n"
    )
    root = Path(__file__).parents[4]
    with subprocess.Popen(
        [sys.executable, "-c", script], stdout=subprocess.PIPE, text=True, cwd=root
    ) as parent:
        assert parent.stdout is not None
        processes = [int(word) for word in parent.stdout.readline().split()]
        assert processes
        for process in processes:
            if stopped:
                os.kill(process, signal.SIGSTOP)
        parent.kill()
    assert all(map(dead, processes))
