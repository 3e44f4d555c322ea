"""The embedded store's folder: one process, durable, checked when opened."""

import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy
import pytest
from qdrant_edge import UpdateOperation

from tools.errors import ConfigurationError, StoreInUse
from tools.knowledge.store_edge import EdgeStore
from tools.types import Chunk, Filter

HOLD = """
import sys, time
from pathlib import Path
from tools.knowledge.store_edge import EdgeStore
store = EdgeStore.open(Path(sys.argv[1]), embedder_name="e", dimension=4, languages={})
print("open", flush=True)
time.sleep(float(sys.argv[2]))
store.close()
"""
VECTOR = numpy.array([[1, 0, 0, 0]], dtype=numpy.float32)


def open_store(folder: Path, *, name: str = "e", dimension: int = 4, wait_seconds: float = 0.1) -> EdgeStore:
    return EdgeStore.open(
        folder, embedder_name=name, dimension=dimension, languages={}, wait_seconds=wait_seconds
    )


def passage(text: str, identifier: str = "3f0c5b8e-3b0a-5a53-9d5e-0d4b8e0c1a11") -> Chunk:
    return Chunk(
        id=identifier,
        knowledge_base="b",
        source="a.md",
        title="t",
        section=(),
        text=text,
        start=0,
        end=len(text),
    )


def hold(folder: Path, seconds: float) -> subprocess.Popen[str]:
    """Open the store in another process and wait until it holds it."""
    process = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(folder), str(seconds)], stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "open\n"
    return process


def end(process: subprocess.Popen[str]) -> None:
    process.kill()
    process.communicate()


def test_chunks_are_there_after_opening_again(tmp_path: Path) -> None:
    """What was written before closing is found after opening, with a working index."""
    store = open_store(tmp_path / "s")
    store.upsert([passage("burrs")], VECTOR)
    store.close()
    again = open_store(tmp_path / "s")
    hits = again.search("burrs", VECTOR, limit=1, where=Filter(knowledge_bases=("b",)))
    again.close()
    assert [hit.chunk.text for hit in hits] == ["burrs"]


def test_a_passage_that_says_nothing_of_groups_is_served_to_nobody(tmp_path: Path) -> None:
    """An older version wrote no such field and indexed none: its passages are counted, and stay closed."""
    store = open_store(tmp_path / "s")
    store.upsert([passage("burrs")], VECTOR)
    store._shard.update(UpdateOperation.delete_payload([passage("burrs").id], ["groups"]))
    store._shard.update(UpdateOperation.delete_field_index("groups"))
    store.close()
    again = open_store(tmp_path / "s")
    assert "groups" in again._shard.info().payload_schema
    assert again.search("burrs", VECTOR, limit=1, where=Filter(groups=frozenset({"staff"}))) == []
    assert again.sample("b", limit=5)[0] == []
    assert again.ids("b") == {passage("burrs").id}
    again.close()


def test_optimizing_changes_no_result(tmp_path: Path) -> None:
    """Building the search graph keeps every chunk."""
    store = open_store(tmp_path / "s")
    store.upsert([passage("burrs")], VECTOR)
    store.optimize()
    assert store.ids("b") == {passage("burrs").id}
    store.close()


def test_a_second_process_is_told_that_the_store_is_in_use(tmp_path: Path) -> None:
    """The folder serves one process at a time."""
    process = hold(tmp_path / "s", 60)
    with pytest.raises(StoreInUse, match="held by another process; end it"):
        open_store(tmp_path / "s")
    end(process)


def test_a_process_that_is_about_to_end_is_waited_for(tmp_path: Path) -> None:
    """A command that closes the store within the wait does not disturb."""
    process = hold(tmp_path / "s", 0.3)
    started = time.monotonic()
    open_store(tmp_path / "s", wait_seconds=10).close()
    assert time.monotonic() - started < 8
    end(process)


def test_a_killed_process_leaves_no_lock(tmp_path: Path) -> None:
    """After SIGKILL the store opens at once."""
    process = hold(tmp_path / "s", 60)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    open_store(tmp_path / "s").close()


def test_two_openings_in_one_process_are_refused(tmp_path: Path) -> None:
    """A process cannot hold the same folder twice by mistake."""
    store = open_store(tmp_path / "s")
    with pytest.raises(StoreInUse):
        open_store(tmp_path / "s")
    store.close()


@pytest.mark.parametrize(("name", "dimension"), [("other", 4), ("e", 8)])
def test_another_embedder_needs_a_new_index(tmp_path: Path, name: str, dimension: int) -> None:
    """Vectors of another model or length are not mixed in; the message says what to do."""
    open_store(tmp_path / "s").close()
    with pytest.raises(ConfigurationError, match="delete the folder and ingest again"):
        open_store(tmp_path / "s", name=name, dimension=dimension)
    open_store(tmp_path / "s").close()


def test_a_folder_with_other_files_is_left_alone(tmp_path: Path) -> None:
    """Nothing is written into a folder that is not the store's."""
    (tmp_path / "thesis.txt").write_text("years of work")
    with pytest.raises(ConfigurationError, match="holds other files; choose an empty folder"):
        open_store(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.txt"]


@pytest.mark.parametrize(
    "damage",
    [
        pytest.param(lambda folder: (folder / "store.json").write_text("{"), id="metadata_cut_short"),
        pytest.param(lambda folder: (folder / "store.json").unlink(), id="metadata_lost"),
        pytest.param(lambda folder: (folder / "store.json").write_text("[]"), id="metadata_foreign"),
        pytest.param(
            lambda folder: [path.write_bytes(b"x") for path in (folder / "shard").rglob("segment.json")],
            id="segment_overwritten",
        ),
        pytest.param(
            lambda folder: (folder / "shard" / "edge_config.json").write_bytes(b"{"), id="engine_config_cut"
        ),
        pytest.param(
            lambda folder: [p.unlink() for p in (folder / "shard").rglob("*.mmap")], id="vectors_lost"
        ),
    ],
)
def test_a_damaged_store_says_so(tmp_path: Path, damage: object) -> None:
    """Damage is one clear message when the store is opened, not a crash."""
    folder = tmp_path / "s"
    store = open_store(folder)
    store.upsert([passage("burrs")], VECTOR)
    store.close()
    assert callable(damage)
    damage(folder)
    with pytest.raises(ConfigurationError, match="ingest again"):
        open_store(folder)


def test_lost_segments_come_back_from_the_log(tmp_path: Path) -> None:
    """The write-ahead log holds what the segments held."""
    store = open_store(tmp_path / "s")
    store.upsert([passage("burrs")], VECTOR)
    store.close()
    shutil.rmtree(tmp_path / "s" / "shard" / "segments")
    again = open_store(tmp_path / "s")
    assert again.ids("b") == {passage("burrs").id}
    again.close()


def test_a_path_that_cannot_be_made_is_a_configuration_error(tmp_path: Path) -> None:
    """A file in the way is named."""
    (tmp_path / "file").write_text("x")
    with pytest.raises(ConfigurationError, match="check path and permissions"):
        open_store(tmp_path / "file" / "s")


def test_an_unknown_language_is_a_configuration_error(tmp_path: Path) -> None:
    """A language without a BM25 model is refused before anything is made."""
    with pytest.raises(ConfigurationError, match="klingon"):
        EdgeStore.open(tmp_path / "s", embedder_name="e", dimension=4, languages={"b": "klingon"})
    assert not (tmp_path / "s").exists()
