"""plumbline ingest: counts, changes, failures and verification."""

import shutil
from pathlib import Path
from typing import Any

import pytest
from fpdf import FPDF

from tests.agent.cli.command import plumbline, plumbline_process

COUNTS = ("added", "updated", "unchanged", "removed")


def counts(report: dict[str, Any]) -> tuple[int, ...]:
    return tuple(report[name] for name in COUNTS)


def encrypted_pdf() -> bytes:
    document = FPDF()
    document.set_encryption("owner", "reader")
    document.add_page()
    document.set_font("helvetica")
    document.cell(text="Kites of the coming season")
    return bytes(document.output())


def test_documents_are_counted_and_a_second_run_finds_them_unchanged(fresh: Path) -> None:
    """The real command prints one line a base; doing it again reads nothing."""
    first = plumbline_process("ingest", "--config", fresh)
    assert first.code == 0
    assert "guides: 3 added, 0 updated, 0 unchanged, 0 removed, 3 chunks in " in first.out
    assert "terms: 2 added" in first.out
    second = plumbline("ingest", "--json", "--config", fresh)
    assert second.code == 0
    assert counts(second.json) == (0, 0, 5, 0)
    assert second.json["chunks"] == 0
    assert second.json["failed"] == []
    assert counts(second.json["knowledge_bases"]["guides"]) == (0, 0, 3, 0)


def test_new_changed_and_removed_files_are_followed(own: Path) -> None:
    """The index says what the folder says, and answers change with it."""
    folder = own.parent
    (folder / "guides/storage.txt").unlink()
    (folder / "guides/lines.md").write_text("# Lines\n\nWash the lines in sweet water.\n", encoding="utf-8")
    returns = folder / "terms/returns.md"
    returns.write_text(returns.read_text(encoding="utf-8").replace("21 days", "28 days"), encoding="utf-8")
    report = plumbline("ingest", "--json", "--config", own).json
    assert counts(report["knowledge_bases"]["guides"]) == (1, 0, 2, 1)
    assert counts(report["knowledge_bases"]["terms"]) == (0, 1, 1, 0)
    answer = plumbline("ask", "How long can I return an unflown kite?", "--json", "--config", own).json
    assert "28 days" in answer["answer"]
    assert "21 days" not in answer["answer"]
    hits = plumbline("search", "keep it dry", "--json", "--config", own).json["hits"]
    assert "storage.txt" not in {hit["source"] for hit in hits}


def test_one_base_or_one_path_can_be_ingested_alone(fresh: Path) -> None:
    """--kb leaves the other base alone; a path removes nothing else."""
    done = plumbline("ingest", "--kb", "terms", "--json", "--config", fresh)
    assert done.code == 0
    assert list(done.json["knowledge_bases"]) == ["terms"]
    assert counts(done.json) == (2, 0, 0, 0)
    path = fresh.parent / "guides/repair.md"
    done = plumbline("ingest", path, "--kb", "guides", "--json", "--config", fresh)
    assert done.code == 0
    assert counts(done.json) == (1, 0, 0, 0)


def test_a_path_outside_the_bases_is_a_failure(fresh: Path, tmp_path: Path) -> None:
    """Only configured paths are read: the answerable documents are the operator's choice."""
    stray = tmp_path / "stray.md"
    stray.write_text("# Stray\n\nText.\n", encoding="utf-8")
    done = plumbline("ingest", stray, "--kb", "guides", "--json", "--config", fresh)
    assert done.code == 1
    assert counts(done.json) == (0, 0, 0, 0)
    (failure,) = done.json["failed"]
    assert failure["path"] == str(stray)
    assert failure["reason"] == "it is not a file of this knowledge base; check the path"


def test_a_path_that_does_not_exist_is_wrong_usage(fresh: Path) -> None:
    """Nothing is opened for it."""
    done = plumbline("ingest", "nowhere.md", "--config", fresh)
    assert done.code == 2
    assert done.complaint == ("nowhere.md: there is no such file or folder; name one of the configured paths")


def test_an_unknown_base_is_wrong_usage(fresh: Path) -> None:
    """The known ones are named."""
    done = plumbline("ingest", "--kb", "guide", "--config", fresh)
    assert done.code == 2
    assert done.complaint == "there is no knowledge base 'guide'; the configuration has: guides, terms"


def test_every_file_that_cannot_be_read_is_reported_and_the_others_go_in(fresh: Path) -> None:
    """Empty, blank, mislabelled, encrypted, binary and unsupported files each have their reason; code 1."""
    guides = fresh.parent / "guides"
    (guides / "empty.md").touch()
    (guides / "blank.txt").write_bytes(b" \n\t\n")
    (guides / "picture.md").write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(range(256)))
    (guides / "page.pdf").write_bytes(b"<html><body>no pdf</body></html>")
    (guides / "secret.pdf").write_bytes(encrypted_pdf())
    (guides / "letter.docx").write_bytes(b"PK\x03\x04 and no archive")
    (guides / "program.exe").write_bytes(b"MZ\x00\x01")
    (guides / "lines.jsonl").write_text('{"id": 1, "text": "fine"}\n{"id": 2}\n', encoding="utf-8")
    (guides / "dangling.md").symlink_to(guides / "gone.md")
    done = plumbline("ingest", "--json", "--config", fresh)
    assert done.code == 1
    assert counts(done.json) == (5, 0, 0, 0)
    reasons = {failure["path"]: failure["reason"] for failure in done.json["failed"]}
    assert all(failure["knowledge_base"] == "guides" for failure in done.json["failed"])
    expected = {
        "empty.md": "the file is empty",
        "blank.txt": "the file is empty",
        "picture.md": "the content is a PNG image",
        "page.pdf": "pdf",
        "secret.pdf": "encrypted",
        "letter.docx": "damaged",
        "program.exe": "the extension '.exe' is not supported",
        "lines.jsonl": "line 2: no text under",
        "dangling.md": "cannot be read",
    }
    assert reasons.keys() == expected.keys()
    for name, part in expected.items():
        assert part.lower() in reasons[name].lower(), (name, reasons[name])
        assert "\n" not in reasons[name]
    assert plumbline("ingest", "--verify", "--config", fresh).code == 0


def test_failures_are_named_on_the_screen(fresh: Path) -> None:
    """People see the file and the reason under their base."""
    (fresh.parent / "terms/empty.md").touch()
    done = plumbline("ingest", "--config", fresh)
    assert done.code == 1
    assert "  failed: empty.md: the file is empty; fill or remove it" in done.out.splitlines()


def test_a_file_that_became_unreadable_keeps_its_last_version(own: Path) -> None:
    """A bad save loses nothing that was known."""
    (own.parent / "guides/repair.md").write_bytes(b"")
    report = plumbline("ingest", "--json", "--config", own)
    assert report.code == 1
    assert report.json["removed"] == 0
    hits = plumbline("search", "broken spar", "--json", "--config", own).json["hits"]
    assert hits[0]["source"] == "repair.md"


def test_a_missing_folder_is_a_failure_and_forgets_nothing(own: Path) -> None:
    """A folder that is not mounted today does not empty its base."""
    shutil.rmtree(own.parent / "guides")
    done = plumbline("ingest", "--json", "--config", own)
    assert done.code == 1
    (failure,) = done.json["failed"]
    assert failure["path"] == str(own.parent / "guides")
    assert failure["reason"] == "there is no such file or folder; check the path"
    assert counts(done.json) == (0, 0, 2, 0)
    assert plumbline("search", "spar", "--kb", "guides", "--json", "--config", own).json["hits"]


def test_verify_agrees_with_a_sound_store_and_finds_a_lost_base(own: Path) -> None:
    """--verify reads only; its code is 1 when something is wrong, and another ingest mends it."""
    done = plumbline("ingest", "--verify", "--json", "--config", own)
    assert (done.code, done.json) == (0, {"consistent": True, "findings": {"guides": [], "terms": []}})
    shutil.rmtree(own.parent / ".plumbline/store")
    done = plumbline("ingest", "--verify", "--json", "--config", own)
    assert done.code == 1
    assert done.json["consistent"] is False
    assert done.json["findings"]["terms"] == [
        "terms: returns.md: 1 of 1 chunks are missing; ingest again",
        "terms: warranty.md: 1 of 1 chunks are missing; ingest again",
    ]
    assert plumbline("ingest", "--config", own).code == 0
    assert plumbline("ingest", "--verify", "--config", own).code == 0


def test_verify_names_differences_on_the_screen(fresh: Path) -> None:
    """Nothing ingested is a difference too."""
    done = plumbline("ingest", "--verify", "--kb", "terms", "--config", fresh)
    assert done.code == 1
    assert done.out.splitlines() == ["terms: differences", "  terms: nothing is ingested; run ingest"]


@pytest.mark.parametrize("name", ["ümläut und Leerzeichen.md", "日本語.md", "-dash.md"])
def test_unusual_file_names_are_sources_like_others(fresh: Path, name: str) -> None:
    """Spaces, dashes and other scripts come back as they are."""
    (fresh.parent / "terms" / name).write_text("# Loan\n\nDemonstration kites are lent for a week.\n")
    assert plumbline("ingest", "--kb", "terms", "--config", fresh).code == 0
    arguments = ("search", "demonstration kites lent", "--kb", "terms", "--limit", "1", "--json")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PLUMBLINE_STORAGE__FOLDER", ".plumbline")
        text = fresh.read_text(encoding="utf-8").replace('paths = ["guides"]', "paths = []")
        fresh.write_text(text, encoding="utf-8")
        assert plumbline(*arguments, "--config", fresh).json["hits"][0]["source"] == name
