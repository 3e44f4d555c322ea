"""Ingest: incremental, exact about what changed, and safe to kill at any point."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.endpoint.server import Endpoint, Fault, Reply, in_order
from tests.fakes import FakeEmbedder, FakeStore
from tools.errors import ConfigurationError, ModelUnavailable, TransientError
from tools.knowledge.ingest import WINDOW, Progress, ingest, verify
from tools.knowledge.manifest import Manifest
from tools.knowledge.reading import BaseConfig
from tools.knowledge.store_edge import EdgeStore
from tools.models.breaker import Breaker
from tools.models.embedding import OpenAIEmbedder
from tools.types import IngestReport

CHILD = Path(__file__).with_name("ingest_child.py")
REPOSITORY = Path(__file__).parents[3]


@dataclass
class Setup:
    """A folder of documents with everything needed to ingest it."""

    folder: Path
    store: FakeStore
    embedder: FakeEmbedder
    manifest: Manifest

    @property
    def docs(self) -> Path:
        """Where the documents are."""
        return self.folder / "docs"

    def write(self, name: str, text: str) -> None:
        """Write one document."""
        (self.docs / name).parent.mkdir(parents=True, exist_ok=True)
        (self.docs / name).write_text(text)

    def run(self, *, only: tuple[Path, ...] = (), capacity: int = 220) -> IngestReport:
        """Ingest the folder."""
        base = BaseConfig(name="manuals", paths=(self.docs,), capacity=capacity)
        return ingest(base, store=self.store, embedder=self.embedder, manifest=self.manifest, only=only)

    def sources(self) -> list[str]:
        """List the sources in the store."""
        return sorted({chunk.source for chunk, _ in self.store.points.values()})

    def texts(self) -> list[str]:
        """List the texts in the store."""
        return sorted(chunk.text for chunk, _ in self.store.points.values())

    def verify(self) -> list[str]:
        """Compare store and manifest."""
        return verify("manuals", store=self.store, manifest=self.manifest)


@pytest.fixture(name="setup")
def _setup(tmp_path: Path) -> Iterator[Setup]:
    setup = Setup(
        folder=tmp_path,
        store=FakeStore(),
        embedder=FakeEmbedder(),
        manifest=Manifest(tmp_path / "manifest.db"),
    )
    setup.write("a.md", "Clean the burrs.")
    setup.write("sub/b.md", "Fill the tank.")
    yield setup
    setup.manifest.close()


def counts(report: IngestReport) -> tuple[int, int, int, int, int]:
    return report.added, report.updated, report.unchanged, report.removed, len(report.failed)


def test_a_first_run_adds_everything(setup: Setup) -> None:
    """Sources are relative paths, and the manifest agrees with the store."""
    report = setup.run()
    assert counts(report) == (2, 0, 0, 0, 0)
    assert report.chunks == 2
    assert setup.sources() == ["a.md", "sub/b.md"]
    assert setup.verify() == []


def test_a_second_run_does_nothing(setup: Setup) -> None:
    """Unchanged files are neither embedded nor written."""
    setup.run()
    setup.embedder.calls.clear()
    setup.store.log.clear()
    assert counts(setup.run()) == (0, 0, 2, 0, 0)
    assert setup.embedder.calls == []
    assert setup.store.log == []


def test_a_changed_file_replaces_its_chunks_after_the_new_ones_are_written(setup: Setup) -> None:
    """Between the two writes the document is in the store twice, never half."""
    setup.run()
    setup.store.log.clear()
    setup.write("a.md", "Brush the burrs.")
    assert counts(setup.run()) == (0, 1, 1, 0, 0)
    assert [name for name, _ in setup.store.log] == ["upsert", "delete"]
    assert setup.texts() == ["Brush the burrs.", "Fill the tank."]


def test_changed_metadata_is_a_change(setup: Setup) -> None:
    """A new validity date reaches the index although the text stays."""
    setup.run()
    setup.write("a.md", "---\nvalid_to: 2026-01-31\n---\nClean the burrs.")
    assert counts(setup.run()) == (0, 1, 1, 0, 0)


def test_changed_groups_replace_every_chunk(setup: Setup) -> None:
    """Only the readers change, the text stays: no chunk of the open version is left."""
    setup.run()
    setup.write("a.md", "---\ngroups: [staff]\n---\nClean the burrs.")
    assert counts(setup.run()) == (0, 1, 1, 0, 0)
    found = [chunk.metadata.groups for chunk, _ in setup.store.points.values() if chunk.source == "a.md"]
    assert found == [("staff",)]
    assert setup.verify() == []


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("---\ngroups: []\n---\nNew.", id="no_group"),
        pytest.param("---\ngroups: [staff\n---\nNew.", id="broken_front_matter"),
        pytest.param("---\ngroups: [staff]\nNew.", id="front_matter_without_end"),
        pytest.param("---\ngroups: [staff]\nvalid_from: soon\n---\nNew.", id="something_else_is_wrong"),
        pytest.param("---\ngroups: [staff]\n---\n", id="no_text"),
    ],
)
def test_a_document_whose_readers_are_unclear_is_withdrawn(setup: Setup, text: str) -> None:
    """It was open before and is not to be: until it can be read, not even the old version is served."""
    setup.run()
    setup.write("a.md", text)
    report = setup.run()
    assert counts(report) == (0, 0, 1, 1, 1)
    assert setup.sources() == ["sub/b.md"]
    assert setup.verify() == []
    assert counts(setup.run()) == (0, 0, 1, 0, 1)
    setup.write("a.md", "---\ngroups: [staff]\n---\nNew.")
    assert counts(setup.run()) == (1, 0, 1, 0, 0)


def test_an_unclear_line_withdraws_its_file(setup: Setup) -> None:
    """Which document a bad line was cannot be told, so none of the file is served."""
    setup.write("all.jsonl", '{"id": 1, "text": "one"}\n{"id": 2, "text": "two"}')
    setup.run()
    setup.write("all.jsonl", '{"id": 1, "text": "one"}\n{"id": 2, "text": "two", "groups": 7}')
    report = setup.run()
    assert counts(report) == (0, 0, 2, 2, 1)
    assert "line 2: groups" in report.failed[0].reason
    assert setup.sources() == ["a.md", "sub/b.md"]


def test_a_lost_manifest_keeps_nothing_of_what_is_unclear(setup: Setup) -> None:
    """Nobody knows which chunks are those of the file, so those that nobody knows go."""
    setup.run()
    setup.manifest.forget("manuals", ["a.md", "sub/b.md"])
    setup.write("a.md", "---\ngroups:\n---\nx")
    setup.run()
    assert setup.sources() == ["sub/b.md"]


def test_a_new_chunk_size_ingests_again(setup: Setup) -> None:
    """The pipeline's settings are part of the version."""
    setup.run()
    assert counts(setup.run(capacity=100)) == (0, 2, 0, 0, 0)
    assert setup.verify() == []


def test_a_deleted_file_is_removed(setup: Setup) -> None:
    """A complete scan proves that the document is gone."""
    setup.run()
    (setup.docs / "a.md").unlink()
    assert counts(setup.run()) == (0, 0, 1, 1, 0)
    assert setup.sources() == ["sub/b.md"]
    assert setup.verify() == []


def test_a_missing_folder_removes_nothing(setup: Setup) -> None:
    """An unmounted disk is a failure, not an order to forget."""
    setup.run()
    setup.docs.rename(setup.folder / "away")
    report = setup.run()
    assert counts(report) == (0, 0, 0, 0, 1)
    assert "no such file or folder" in report.failed[0].reason
    assert len(setup.sources()) == 2


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read every folder")
def test_an_unreadable_folder_removes_nothing(setup: Setup) -> None:
    """What cannot be listed is not gone."""
    setup.run()
    (setup.docs / "a.md").unlink()
    (setup.docs / "sub").chmod(0)
    report = setup.run()
    (setup.docs / "sub").chmod(0o700)
    assert report.removed == 0
    assert "cannot be read" in report.failed[0].reason


def test_a_file_that_fails_keeps_its_old_version(setup: Setup) -> None:
    """A bad edit is reported and the last good text stays, until it is corrected."""
    setup.run()
    setup.write("a.md", "---\nvalid_from: soon\n---\nNew text.")
    report = setup.run()
    assert counts(report) == (0, 0, 1, 0, 1)
    assert report.failed[0].path == "a.md"
    assert "Clean the burrs." in setup.texts()
    setup.write("a.md", "New text.")
    assert counts(setup.run()) == (0, 1, 1, 0, 0)
    assert setup.verify() == []


def test_hidden_and_unsupported_files(setup: Setup) -> None:
    """Names with a dot in front are skipped; other formats are reported."""
    setup.write(".hidden.md", "x")
    setup.write(".git/config.md", "x")
    setup.write("tool.exe", "x")
    report = setup.run()
    assert [failure.path for failure in report.failed] == ["tool.exe"]
    assert setup.sources() == ["a.md", "sub/b.md"]


def test_json_lines_follow_their_lines(setup: Setup) -> None:
    """Lines are added, changed and removed one by one."""
    lines = {"1": "one", "2": "two", "3": "three"}

    def write() -> None:
        rows = (json.dumps({"id": key, "text": text}) for key, text in lines.items())
        setup.write("all.jsonl", "\n".join(rows))

    write()
    assert counts(setup.run()) == (5, 0, 0, 0, 0)
    del lines["1"]
    lines |= {"2": "TWO", "4": "four"}
    write()
    assert counts(setup.run()) == (1, 1, 3, 1, 0)
    assert setup.sources() == ["a.md", "all.jsonl#2", "all.jsonl#3", "all.jsonl#4", "sub/b.md"]
    (setup.docs / "all.jsonl").write_text("{")
    assert counts(setup.run()) == (0, 0, 2, 0, 1)
    assert len(setup.sources()) == 5
    assert setup.verify() == []


def test_one_file_named_twice_is_one_document(setup: Setup) -> None:
    """A folder and a file inside it overlap without harm."""
    base = BaseConfig(name="manuals", paths=(setup.docs, setup.docs / "sub" / "b.md"))
    report = ingest(base, store=setup.store, embedder=setup.embedder, manifest=setup.manifest)
    assert counts(report) == (2, 0, 0, 0, 0)


def test_two_files_of_one_name_are_a_failure(setup: Setup) -> None:
    """A source names one document; the second file is reported."""
    (setup.folder / "more").mkdir()
    (setup.folder / "more" / "a.md").write_text("other")
    base = BaseConfig(name="manuals", paths=(setup.docs, setup.folder / "more"))
    report = ingest(base, store=setup.store, embedder=setup.embedder, manifest=setup.manifest)
    assert "also the name of" in report.failed[0].reason
    assert "Clean the burrs." in setup.texts()


def test_a_part_of_the_base_can_be_ingested(setup: Setup) -> None:
    """Only the named files are read, under their usual source; nothing else is removed."""
    setup.run()
    (setup.docs / "a.md").unlink()
    setup.write("sub/b.md", "Fill it.")
    assert counts(setup.run(only=(setup.docs / "sub",))) == (0, 1, 0, 0, 0)
    assert setup.sources() == ["a.md", "sub/b.md"]
    report = setup.run(only=(setup.folder / "elsewhere.md",))
    assert "not a file of this knowledge base" in report.failed[0].reason


def test_lost_chunks_are_found_and_written_again(setup: Setup) -> None:
    """Verify names the document; the next run heals it although the file is unchanged."""
    setup.run()
    lost = next(chunk for chunk, _ in setup.store.points.values() if chunk.source == "a.md")
    setup.store.delete([lost.id])
    assert setup.verify() == ["manuals: a.md: 1 of 1 chunks are missing; ingest again"]
    setup.run()
    assert setup.verify() == []


def test_chunks_nobody_knows_are_found_and_deleted(setup: Setup) -> None:
    """Verify counts what no document accounts for; the next run deletes it."""
    setup.run()
    with setup.manifest.exclusive("manuals"):
        setup.manifest.forget("manuals", ["a.md"])
    assert setup.verify() == ["manuals: 1 chunks belong to no ingested document; ingest again"]
    (setup.docs / "a.md").unlink()
    setup.run()
    assert setup.verify() == []
    assert setup.sources() == ["sub/b.md"]


def test_a_lost_manifest_costs_no_document(setup: Setup) -> None:
    """With an empty manifest a file that fails now keeps what the store has of it."""
    setup.run()
    setup.manifest.forget("manuals", ["a.md", "sub/b.md"])
    setup.write("a.md", "---\nvalid_from: soon\n---\nx")
    setup.run()
    assert setup.sources() == ["a.md", "sub/b.md"]


def test_an_empty_base_says_so(setup: Setup) -> None:
    """Verify does not call nothing correct."""
    assert setup.verify() == ["manuals: nothing is ingested; run ingest"]


def test_progress_reaches_its_totals(setup: Setup) -> None:
    """Counts grow and end at the totals; windows bound what is in memory."""
    for number in range(70):
        setup.write(f"n{number}.md", "\n\n".join(f"## H{part}\n\n" + "word " * 100 for part in range(20)))
    seen: list[Progress] = []
    base = BaseConfig(name="manuals", paths=(setup.docs,))
    report = ingest(
        base, store=setup.store, embedder=setup.embedder, manifest=setup.manifest, on_progress=seen.append
    )
    assert len(seen) > 2
    assert [step.chunks for step in seen] == sorted(step.chunks for step in seen)
    last = seen[-1]
    assert last.documents == last.total_documents == 72
    assert last.chunks == last.total_chunks == report.chunks == 1402
    assert max(len(call) for call in setup.embedder.calls) < WINDOW + 20 + 1


def test_two_runs_at_once_are_refused(setup: Setup) -> None:
    """The second run is told to wait instead of deleting what the first writes."""
    with (
        setup.manifest.exclusive("manuals"),
        pytest.raises(TransientError, match="another ingest is running"),
    ):
        setup.run()


def test_a_damaged_manifest_is_a_configuration_error(tmp_path: Path) -> None:
    """A file that is no database is named with the remedy."""
    (tmp_path / "m.db").write_bytes(b"no database at all" * 100)
    with pytest.raises(ConfigurationError, match="delete it and ingest again"):
        Manifest(tmp_path / "m.db")


def index(folder: Path) -> tuple[list[tuple[str, str, str]], list[str]]:
    """Read what a folder's store holds, and what verify says."""
    store = EdgeStore.open(
        folder / "store", embedder_name="fake", dimension=64, languages={"manuals": "english"}
    )
    manifest = Manifest(folder / "manifest.db")
    chunks, _ = store.sample("manuals", limit=10_000)
    findings = verify("manuals", store=store, manifest=manifest)
    store.close()
    manifest.close()
    return [(chunk.id, chunk.source, chunk.text) for chunk in chunks], findings


def write_version(folder: Path, version: int) -> None:
    """Write the documents: in version 2 some changed, one is gone, one is new."""
    docs = folder / "docs"
    docs.mkdir(exist_ok=True)
    for number in range(70):  # more than two windows of changes
        sections = "\n\n".join(f"## H{part}\n\n" + f"word{number} " * 45 for part in range(20))
        edit = f"edited {number}" if version == 2 and number % 2 else ""
        (docs / f"n{number:02}.md").write_text(f"{sections}\n\n## End\n\n{edit or 'as it was'}\n")
    if version == 2:
        (docs / "n00.md").unlink()
        (docs / "new.md").write_text("New.")


def run_here(folder: Path) -> None:
    """Ingest in this process."""
    store = EdgeStore.open(
        folder / "store", embedder_name="fake", dimension=64, languages={"manuals": "english"}
    )
    manifest = Manifest(folder / "manifest.db")
    base = BaseConfig(name="manuals", paths=(folder / "docs",))
    ingest(base, store=store, embedder=FakeEmbedder(), manifest=manifest)
    store.close()
    manifest.close()


def child(folder: Path, target: str, method: str, moment: str, nth: int) -> int:
    """Ingest in another process that kills itself at a step; return its code."""
    command = [sys.executable, str(CHILD), str(folder), target, method, moment, str(nth)]
    return subprocess.run(
        command, check=False, cwd=REPOSITORY, env={"PYTHONPATH": str(REPOSITORY)}
    ).returncode


@pytest.fixture(name="clean", scope="module")
def _clean(tmp_path_factory: pytest.TempPathFactory) -> list[tuple[str, str, str]]:
    """What a run that nobody kills makes of version 2."""
    folder = tmp_path_factory.mktemp("clean")
    write_version(folder, 2)
    run_here(folder)
    chunks, findings = index(folder)
    assert findings == []
    return chunks


@pytest.mark.parametrize(
    ("target", "method", "moment", "nth"),
    [
        pytest.param("store", "upsert", "before", 1, id="before_the_first_write"),
        pytest.param("store", "upsert", "after", 1, id="written_but_not_in_the_manifest"),
        pytest.param("manifest", "record", "after", 1, id="in_the_manifest_but_old_chunks_left"),
        pytest.param("store", "delete", "after", 1, id="old_chunks_deleted"),
        pytest.param("store", "upsert", "after", 2, id="in_the_second_window"),
        pytest.param("manifest", "forget", "after", 1, id="forgotten_but_not_deleted"),
        pytest.param("store", "delete", "after", 2, id="at_a_later_delete"),
    ],
)
def test_a_killed_run_converges_when_run_again(
    tmp_path: Path, clean: list[tuple[str, str, str]], target: str, method: str, moment: str, nth: int
) -> None:
    """After SIGKILL anywhere in an update, one more run gives the index of a clean run."""
    write_version(tmp_path, 1)
    run_here(tmp_path)
    write_version(tmp_path, 2)
    assert child(tmp_path, target, method, moment, nth) == -signal.SIGKILL
    run_here(tmp_path)
    chunks, findings = index(tmp_path)
    assert findings == []
    assert chunks == clean


def test_a_run_killed_before_files_change_leaves_nothing_behind(
    tmp_path: Path, clean: list[tuple[str, str, str]]
) -> None:
    """Chunks written by a killed first run of an older version are swept."""
    write_version(tmp_path, 1)
    assert child(tmp_path, "store", "upsert", "after", 2) == -signal.SIGKILL
    write_version(tmp_path, 2)
    run_here(tmp_path)
    chunks, findings = index(tmp_path)
    assert findings == []
    assert chunks == clean


def test_a_run_whose_embedding_endpoint_fails_is_simply_run_again(setup: Setup) -> None:
    """The first run ends with what the endpoint failed at and takes nothing in; the second completes."""
    base = BaseConfig(name="manuals", paths=(setup.docs,), capacity=220)
    replies = [Reply(), Reply(fault=Fault.SERVER_ERROR), Reply(), Reply()]
    with Endpoint(others=in_order(replies)) as endpoint:
        embedder = OpenAIEmbedder(
            "minnow",
            base_url=endpoint.base_url,
            dimension=setup.embedder.dimension,
            send_dimension=True,
            attempts=1,
            batch=1,
            breaker=Breaker(threshold=1, cooling_seconds=0.0),
        )
        with pytest.raises(ModelUnavailable, match="try again"):
            ingest(base, store=setup.store, embedder=embedder, manifest=setup.manifest)
        assert setup.sources() == []
        report = ingest(base, store=setup.store, embedder=embedder, manifest=setup.manifest)
    assert counts(report) == (2, 0, 0, 0, 0)
    assert setup.verify() == []
