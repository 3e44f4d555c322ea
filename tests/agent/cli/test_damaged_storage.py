"""Data folders that are held, damaged or something else: told in one line, and never half-written."""

import os
import shutil
from pathlib import Path

import pytest

from tests.agent.cli.command import held_open, plumbline, plumbline_process

QUESTION = "What does the Heron cost?"


def data(configuration: Path) -> Path:
    return configuration.parent / ".plumbline"


def damage(file: Path, content: bytes) -> None:
    for beside in file.parent.glob(f"{file.name}-*"):
        beside.unlink()
    file.write_bytes(content)


@pytest.mark.parametrize("command", [("ask", QUESTION), ("search", "sail"), ("ingest",)])
def test_a_store_that_another_process_holds_is_told(own: Path, command: tuple[str, ...]) -> None:
    """After a short wait; the other process is not disturbed."""
    with held_open(own):
        done = plumbline(*command, "--config", own)
        assert (done.code, done.out) == (2, "")
        assert done.complaint == (
            f"store {str(data(own) / 'store')!r} is held by another process; "
            "end it, or use a Qdrant server for several"
        )
    assert plumbline(*command, "--config", own).code == 0


def test_doctor_tells_a_held_store_and_goes_on(own: Path) -> None:
    """The database is still checked."""
    with held_open(own):
        done = plumbline("doctor", "--json", "--config", own)
    assert done.code == 2
    bad = [finding["check"] for finding in done.json["checks"] if not finding["good"]]
    assert bad == ["store"]


def test_a_file_in_the_place_of_the_folder_is_told_and_kept(own: Path) -> None:
    """Nothing of anybody's is overwritten."""
    shutil.rmtree(data(own))
    data(own).write_text("mine", encoding="utf-8")
    for command in (("ask", QUESTION), ("ingest",)):
        done = plumbline(*command, "--config", own)
        assert (done.code, done.out) == (2, "")
        assert done.complaint == (
            f"storage.folder {data(own)} cannot be made (File exists); choose a folder that can be written"
        )
    assert data(own).read_text(encoding="utf-8") == "mine"


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere, so nothing can be unwritable")
def test_a_folder_that_cannot_be_written_is_told(own: Path) -> None:
    """One line, exit code 2."""
    shutil.rmtree(data(own))
    own.parent.chmod(0o555)
    try:
        done = plumbline("ingest", "--config", own)
    finally:
        own.parent.chmod(0o755)
    assert done.code == 2
    assert "choose a folder that can be written" in done.complaint


def test_a_store_folder_with_other_files_is_left_alone(own: Path) -> None:
    """A folder that is somebody else's is refused, not cleared."""
    (data(own) / "store/holiday.jpg").write_bytes(b"picture")
    done = plumbline("ingest", "--config", own)
    assert done.code == 2
    assert done.complaint == f"store {str(data(own) / 'store')!r} holds other files; choose an empty folder"
    assert (data(own) / "store/holiday.jpg").read_bytes() == b"picture"


@pytest.mark.parametrize("command", [("ask", QUESTION), ("search", "sail"), ("ingest",)])
def test_a_damaged_manifest_is_told_and_a_new_ingest_mends_it(own: Path, command: tuple[str, ...]) -> None:
    """Deleting the file, as told, and ingesting again brings everything back without doubles."""
    file = data(own) / "manifest.db"
    damage(file, b"no database at all " * 100)
    done = plumbline(*command, "--config", own)
    assert (done.code, done.out) == (2, "")
    assert done.complaint == f"manifest {str(file)!r}: file is not a database; delete it and ingest again"
    file.unlink()
    assert plumbline("ingest", "--config", own).code == 0
    assert plumbline("ingest", "--verify", "--config", own).code == 0
    assert plumbline("ask", QUESTION, "--config", own).code == 0


def test_damaged_conversations_are_told_and_search_does_without(own: Path) -> None:
    """Deleting the file, as told, starts new ones."""
    file = data(own) / "threads.db"
    damage(file, b"no database at all " * 100)
    done = plumbline("ask", QUESTION, "--config", own)
    assert (done.code, done.out) == (2, "")
    assert done.complaint == (
        f"conversations {str(file)!r}: file is not a database; delete it to go on without the earlier ones"
    )
    assert plumbline("search", "sail", "--config", own).code == 0
    file.unlink()
    assert plumbline("ask", QUESTION, "--config", own).code == 0


def test_a_folder_in_the_place_of_the_conversations_is_told(own: Path) -> None:
    """SQLite's own words are kept and completed."""
    (data(own) / "threads.db").unlink(missing_ok=True)
    (data(own) / "threads.db").mkdir()
    done = plumbline_process("ask", QUESTION, "--config", own)
    assert (done.code, done.out) == (2, "")
    assert done.complaint.startswith(f"conversations {str(data(own) / 'threads.db')!r}: ")


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(b"no archive at all", id="other bytes"),
        pytest.param(b"PK\x03\x04" + b"\0" * 100, id="a broken archive"),
        pytest.param(b"", id="nothing"),
    ],
)
def test_a_damaged_router_is_learned_anew(own: Path, content: bytes) -> None:
    """It is only remembered work; nobody has to do anything."""
    file = data(own) / "router/router.npz"
    assert file.exists()
    damage(file, content)
    done = plumbline("ask", QUESTION, "--json", "--config", own)
    assert (done.code, done.err) == (0, "")
    assert "EUR 149" in done.json["answer"]
    assert file.read_bytes()[:4] == b"PK\x03\x04"
    assert file.stat().st_size > len(content)


def test_a_truncated_router_is_learned_anew(own: Path) -> None:
    """A copy that was cut off is noticed."""
    file = data(own) / "router/router.npz"
    whole = file.read_bytes()
    damage(file, whole[: len(whole) // 2])
    done = plumbline("ask", QUESTION, "--json", "--config", own)
    assert (done.code, done.err) == (0, "")
    assert file.stat().st_size == len(whole)
