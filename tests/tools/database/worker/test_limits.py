"""The limits of a worker, each tried by a process that sets them for itself."""

import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from tools.database.sqlite.errors import named
from tools.errors import RejectedQuery

LINUX = pytest.mark.skipif(not Path("/proc/self").exists(), reason="its address space is limited")
ROOT = Path(__file__).parents[4]
RESTRICT = "from tools.database.worker import limits\nlimits.restrict(memory_mb=48, dialect={dialect!r})\n"


def run(
    code: str, *, dialect: str = "sqlite", folder: Path | None = None
) -> "subprocess.CompletedProcess[str]":
    """Run code behind the limits."""
    program = f"import sys\nsys.path.append({str(ROOT)!r})\n{RESTRICT.format(dialect=dialect)}{code}"
    command = [sys.executable, "-I", "-c", program]
    return subprocess.run(command, capture_output=True, text=True, cwd=folder, check=False)


@LINUX
def test_memory_runs_out_with_an_error_that_can_be_caught() -> None:
    """What fits is given, what does not is not."""
    done = run(
        "bytearray(20 << 20)\ntry:\n    bytearray(100 << 20)\nexcept MemoryError:\n    print('no more')\n"
    )
    assert done.stdout.split("\n")[0] == "no more", done.stderr


def test_sqlite_leaves_some_of_the_memory_for_its_rows() -> None:
    """The limit holds for every connection of the process."""
    done = run(
        "import sqlite3\nprint(sqlite3.connect(':memory:').execute('PRAGMA hard_heap_limit').fetchone()[0])"
    )
    assert int(done.stdout) == 36 << 20, done.stderr


@pytest.mark.parametrize(("dialect", "written"), [("sqlite", True), ("postgres", False)])
def test_only_sqlite_may_write_files(dialect: str, written: bool, tmp_path: Path) -> None:
    """It sorts what is large in temporary files."""
    done = run("open('file', 'wb', buffering=0).write(bytes(1_000))", dialect=dialect, folder=tmp_path)
    assert (done.returncode == 0) is written
    assert (tmp_path / "file").stat().st_size == (1_000 if written else 0)


def test_there_is_no_core_file_and_no_room_for_many_files() -> None:
    """A crash leaves nothing of the data behind."""
    done = run(
        "import resource\n"
        "print(resource.getrlimit(resource.RLIMIT_CORE), resource.getrlimit(resource.RLIMIT_NOFILE))"
    )
    assert done.stdout.strip() == "(0, 0) (64, 64)", done.stderr


def test_a_process_that_nobody_watches_does_not_compute_forever() -> None:
    """Each statement is granted its time anew."""
    done = run(
        "import resource\n"
        "limits.allow_processor_time(5.0)\nfirst = resource.getrlimit(resource.RLIMIT_CPU)[0]\n"
        "limits.allow_processor_time(65.0)\nprint(first, resource.getrlimit(resource.RLIMIT_CPU)[0])"
    )
    first, second = map(int, done.stdout.split())
    assert 35 <= first < 40
    assert 95 <= second < 100


def test_a_temporary_file_that_may_not_grow_is_the_statements_fault() -> None:
    """Nothing else is ever written, so the database is not to blame."""
    error = sqlite3.OperationalError("disk I/O error")
    error.sqlite_errorname = "SQLITE_IOERR_WRITE"
    refused = named(error, place="shop.db", seconds=1)
    assert isinstance(refused, RejectedQuery)
    assert refused.problem == "too_large"
