"""The folder of an embedded store: its lock, its identity, its shard, and the engine's errors."""

import fcntl
import json
import shutil
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import IO

import qdrant_edge as engine

from tools.errors import ConfigurationError, StoreInUse, TransientError
from tools.private import make_folder

DENSE = "dense"
BM25 = "bm25"
INDEXED = ("knowledge_base", "source", "groups")
OWN_NAMES = frozenset({"lock", "store.json", "store.json.new", "shard", "shard.new"})


def take_lock(folder: Path, wait_seconds: float) -> IO[str]:
    """Hold the folder's lock file; the system lets go of it when the process ends in any way."""
    try:
        make_folder(folder)
        others = {path.name for path in folder.iterdir()} - OWN_NAMES
        if others:
            raise ConfigurationError(f"store {str(folder)!r} holds other files; choose an empty folder")
        lock = (folder / "lock").open("a")
    except OSError as error:
        raise ConfigurationError(
            f"store {str(folder)!r} cannot be opened: {error.strerror}; check path and permissions"
        ) from error
    deadline = time.monotonic() + wait_seconds
    while True:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            if time.monotonic() >= deadline:
                lock.close()
                raise _in_use(folder) from error
            time.sleep(0.05)
        else:
            return lock


def check_identity(folder: Path, wanted: Mapping[str, object]) -> None:
    """Compare the store's metadata file with what is asked for; write it for a new store."""
    file = folder / "store.json"
    if not file.exists():
        if (folder / "shard").exists():
            raise ConfigurationError(
                f"store {str(folder)!r} has lost its store.json; delete it and ingest again"
            )
        draft = folder / "store.json.new"
        draft.write_text(json.dumps(wanted), encoding="utf-8")
        draft.replace(file)
        return
    try:
        found = json.loads(file.read_text(encoding="utf-8"))
    except (ValueError, OSError) as error:
        raise _damaged(folder) from error
    if found != wanted:
        raise ConfigurationError(
            f"store {str(folder)!r} was made with {found}, not {wanted}; "
            "delete the folder and ingest again: plumbline ingest"
        )


def open_shard(path: Path, dimension: int) -> engine.EdgeShard:
    """Load the shard; a new one is made beside and renamed, so that it exists whole or not at all."""
    if not path.exists():
        draft = path.with_suffix(".new")
        shutil.rmtree(draft, ignore_errors=True)
        config = engine.EdgeConfig(
            vectors={DENSE: engine.EdgeVectorParams(size=dimension, distance=engine.Distance.Cosine)},
            sparse_vectors={BM25: engine.EdgeSparseVectorParams(modifier=engine.Modifier.Idf)},
            wal_enabled=True,
        )
        made = engine.EdgeShard.create(str(draft), config)
        made.flush()
        made.close()
        draft.rename(path)
    shard = engine.EdgeShard.load(str(path))
    for field in sorted(set(INDEXED) - set(shard.info().payload_schema)):
        shard.update(engine.UpdateOperation.create_field_index(field, engine.PayloadSchemaType.Keyword))
    # The engine opens a shard whose vectors are gone and fails at the first read: so read one point now.
    shard.scroll(engine.ScrollRequest(limit=1, with_payload=True, with_vector=True))
    return shard


@contextmanager
def opening_errors(folder: Path) -> Iterator[None]:
    """Map what the engine raises while a folder is opened."""
    try:
        yield
    except Exception as error:
        if not _from_engine(error):
            raise
        if "WouldBlock" in str(error):
            raise _in_use(folder) from error
        raise _damaged(folder, str(error)) from error


@contextmanager
def serving_errors(folder: Path) -> Iterator[None]:
    """Map what the engine raises while it works."""
    try:
        yield
    except Exception as error:
        if not _from_engine(error):
            raise
        reason = " ".join(str(error).split())[:200]
        raise TransientError(
            f"store {str(folder)!r} failed: {reason}; see that the disk is not full, then try again"
        ) from error


def _from_engine(error: Exception) -> bool:
    """Tell the engine's errors apart: it raises `Exception` itself and no class of its own."""
    return type(error) is Exception


def _in_use(folder: Path) -> StoreInUse:
    return StoreInUse(
        f"store {str(folder)!r} is held by another process; end it, or use a Qdrant server for several"
    )


def _damaged(folder: Path, reason: str = "store.json is unreadable") -> ConfigurationError:
    short = " ".join(reason.split())[:200]
    return ConfigurationError(
        f"store {str(folder)!r} cannot be used: {short}; delete the folder and ingest again"
    )
