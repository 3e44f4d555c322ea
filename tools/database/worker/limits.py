"""What a worker process may take, set by itself before it sees a statement.

The parent's clock is what ends a statement; these limits keep it from hurting others until then, and give
most statements that want too much memory a clean error instead of a dead process.
"""

import ctypes
import resource
import sqlite3
from contextlib import closing
from pathlib import Path

from tools.database.schema import Dialect

_MEGABYTE = 1 << 20
_SPARE_SHARE = 4
"""One part of so many of the memory is kept from SQLite, for the rows and to report its error."""
_MOST_FILE_BYTES = 256 * _MEGABYTE
"""Of one of the temporary files into which SQLite sorts; they have no name and end with the statement."""
_MOST_OPEN_FILES = 64
_SPARE_PROCESSOR_SECONDS = 30
_USED_PAGES = Path("/proc/self/statm")
_MAPPED, _RESIDENT = 0, 1


def restrict(*, memory_mb: int, dialect: Dialect) -> None:
    """Limit this process from here on; what it has taken so far does not count.

    Args:
        memory_mb: Most memory that it may take more than it has now.
        dialect: What it works with: SQLite writes temporary files, PostgreSQL's client starts threads.
    """
    more = memory_mb * _MEGABYTE
    if _USED_PAGES.exists():  # elsewhere the size says nothing, and SQLite's own limit has to do
        _lower(resource.RLIMIT_AS, _pages(_MAPPED) + more)
    _lower(resource.RLIMIT_CORE, 0)
    if dialect == "sqlite":
        _lower(resource.RLIMIT_FSIZE, _MOST_FILE_BYTES)
        _lower(resource.RLIMIT_NPROC, 0)
    else:
        _lower(resource.RLIMIT_FSIZE, 0)
    _lower(resource.RLIMIT_NOFILE, _MOST_OPEN_FILES)
    with closing(sqlite3.connect(":memory:")) as connection:  # the limit holds for the whole process
        connection.execute(f"PRAGMA hard_heap_limit = {more - more // _SPARE_SHARE}")


def allow_processor_time(seconds: float) -> None:
    """End this process when it computes longer than that from now, should nobody be there to kill it."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    most = int(used.ru_utime + used.ru_stime + seconds) + _SPARE_PROCESSOR_SECONDS
    _, hard = resource.getrlimit(resource.RLIMIT_CPU)
    resource.setrlimit(resource.RLIMIT_CPU, (most, hard))


def resident_bytes() -> int:
    """Return the memory that this process holds; nothing where the system does not say."""
    return _pages(_RESIDENT) if _USED_PAGES.exists() else 0


def give_back_memory() -> None:
    """Return what was freed to the system; a worker that is idle holds little."""
    library = ctypes.CDLL(None)
    if hasattr(library, "malloc_trim"):
        library.malloc_trim(0)


def _lower(limit: int, most: int) -> None:
    _, hard = resource.getrlimit(limit)
    if hard != resource.RLIM_INFINITY:
        most = min(most, hard)
    resource.setrlimit(limit, (most, most))


def _pages(column: int) -> int:
    return int(_USED_PAGES.read_text(encoding="ascii").split()[column]) * resource.getpagesize()
