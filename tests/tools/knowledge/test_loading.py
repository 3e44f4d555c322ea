"""Files to documents: every format, what is refused and why, and what readers cannot see."""

import io
import json
import os
import socket
from datetime import date
from pathlib import Path

import docx
import fpdf
import openpyxl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tools.errors import AccessUnclear, LoadingError
from tools.knowledge.loading import load, load_bytes
from tools.types import Document

PNG = b"\x89PNG\r\n\x1a\n" + b"\x00" * 40


def loaded(data: bytes | str, name: str = "guide.md") -> Document:
    """Load one document from bytes."""
    raw = data.encode() if isinstance(data, str) else data
    (document,) = load_bytes(raw, source=name)
    return document


def pdf(text: str, *, title: str | None = None, locked: bool = False) -> bytes:
    """Make a PDF of one page."""
    document = fpdf.FPDF()
    if title:
        document.set_title(title)
    if locked:
        document.set_encryption(owner_password="owner", user_password="reader")  # noqa: S106 a test's
    document.add_page()
    document.set_font("Helvetica", size=12)
    if text:
        document.multi_cell(0, text=text)
    return bytes(document.output())


def word() -> bytes:
    """Make a Word file with a heading, a hidden character and a table."""
    document = docx.Document()
    document.core_properties.title = "Care of the machine"
    document.add_heading("Wand", 1)
    document.add_paragraph("Wipe the wa\u200bnd after\u202e use.")
    table = document.add_table(2, 2)
    for row, column, text in ((0, 0, "part"), (0, 1, "price"), (1, 0, "gasket"), (1, 1, "8")):
        table.cell(row, column).text = text
    buffer = io.BytesIO()
    document.save(buffer)
    return buffer.getvalue()


def sheet() -> bytes:
    """Make a workbook."""
    workbook = openpyxl.Workbook()
    assert workbook.active is not None
    workbook.active.title = "Prices"
    for row in (("name", "price"), ("gasket", 8), ("tip", 15.5)):
        workbook.active.append(row)
    buffer = io.BytesIO()
    workbook.save(buffer)
    return buffer.getvalue()


def test_markdown_is_the_files_own_text() -> None:
    """Line ends become newlines and the byte-order mark goes; nothing else changes."""
    document = loaded("\ufeff# Head\r\n\r\nText *as is*,  two spaces.\r\n")
    assert document.text == "# Head\n\nText *as is*,  two spaces.\n"
    assert (document.title, document.source, document.body_start) == ("Head", "guide.md", 0)


def test_front_matter_becomes_metadata() -> None:
    """Known keys have their own field, others are text, and the body starts behind the block."""
    document = loaded(
        "---\ntitle: Returns policy\nvalid_from: 2026-03-01\nvalid_to: '2026-12-31'\nsuperseded_by: new.md\n"
        "version: 1.10\nproducts: [Alpha, Beta]\nauthority: official\nurl: https://docs.example/x\n"
        "revision: 010\nnote: null\n---\nThe body.\n"
    )
    metadata = document.metadata
    assert document.title == "Returns policy"
    assert document.url == "https://docs.example/x"
    assert (metadata.valid_from, metadata.valid_to) == (date(2026, 3, 1), date(2026, 12, 31))
    assert (metadata.superseded_by, metadata.version, metadata.authority) == ("new.md", "1.10", "official")
    assert metadata.products == ("Alpha", "Beta")
    assert metadata.extra == (("revision", "010"),)
    assert document.text[document.body_start :] == "The body.\n"


@pytest.mark.parametrize(
    ("stated", "groups"),
    [
        pytest.param("groups: [staff]", ("staff",), id="list"),
        pytest.param("groups:\n  - the staff \n  - board", ("board", "the staff"), id="lines"),
        pytest.param("groups: staff, partners,", ("partners", "staff"), id="commas"),
        pytest.param("Groups: staff", ("staff",), id="capital"),
        pytest.param("groups: [a1, 'b, c', a1]", ("a1", "b, c"), id="comma_in_a_list"),
        pytest.param("title: groups", (), id="no_key"),
    ],
)
def test_groups_are_read(stated: str, groups: tuple[str, ...]) -> None:
    """A list of names, or a text with commas; nothing else of the metadata repeats them."""
    metadata = loaded(f"---\n{stated}\n---\nBody\n").metadata
    assert (metadata.groups, metadata.extra) == (groups, ())


@pytest.mark.parametrize(
    "stated",
    [
        *("groups:", "groups: ''", "groups: []", "groups: {staff: yes}", "groups: [[staff]]", "groups: null"),
        *("groups: 7", "groups: [7]", "groups: '*'", "groups: [staff, '*']", "groups: ','", "groups: ~"),
        *("groups: staff\nGroups: board", "groups: [staff", "groups: staff\nvalid_from: soon"),
        "groups: staff\n" + "note: x\n" * 3000,
    ],
)
@pytest.mark.parametrize("around", ["---\n{}\n---\nBody\n", "\n ---\n{}\n---\nBody\n", "---\n{}\nBody\n"])
def test_groups_that_cannot_be_read_close_the_document(stated: str, around: str) -> None:
    """A statement that is there and unclear never leaves a document open; nor does one out of place."""
    with pytest.raises(AccessUnclear) as caught:
        loaded(around.format(stated))
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("value", [7, 1.5, True, None, "", [], {}, [7], ["staff", None], {"staff": 1}, "*"])
def test_groups_of_a_line_that_cannot_be_read_close_the_file(value: object) -> None:
    """JSON has numbers and objects; none of them is a name."""
    with pytest.raises(AccessUnclear, match="line 1: groups"):
        load_bytes(json.dumps({"id": 1, "text": "x", "groups": value}).encode(), source="a.jsonl")


def test_groups_of_a_line_are_read() -> None:
    """As a list and as a text."""
    lines = [{"id": 1, "text": "x", "groups": ["b", "a"]}, {"id": 2, "text": "x", "groups": "b, c"}]
    documents = load_bytes("\n".join(map(json.dumps, lines)).encode(), source="a.jsonl")
    assert [document.metadata.groups for document in documents] == [("a", "b"), ("b", "c")]


@pytest.mark.parametrize(
    ("tags", "groups"),
    [
        pytest.param('<meta name="groups" content="staff, board">', ("board", "staff"), id="one_tag"),
        pytest.param(
            '<META NAME="Groups" content="staff"/><meta name=\'groups\' content="R&amp;D">',
            ("R&D", "staff"),
            id="two_tags",
        ),
    ],
)
def test_a_page_states_its_groups(tags: str, groups: tuple[str, ...]) -> None:
    """Meta tags say what front matter says elsewhere."""
    page = f"<html><head><title>T</title>{tags}</head><body><p>Seen.</p></body></html>"
    assert loaded(page, "p.html").metadata.groups == groups


@pytest.mark.parametrize(
    "tag",
    [
        '<meta content="staff" name="groups">',
        "<meta name=groups content=staff>",
        '<meta name="groups" data-x="1" content="staff">',
        '<meta name="groups" content="">',
        '<meta name="keywords" content="tea, groups=staff">',
        '<meta name="groups" content="7">',
        '<meta name="groups" content="staff"><meta name="valid_from" content="soon">',
    ],
)
def test_a_tag_of_groups_that_cannot_be_read_closes_the_page(tag: str) -> None:
    """However it is written, it is not passed over."""
    with pytest.raises(AccessUnclear):
        loaded(f"<html><head>{tag}</head><body><p>Seen.</p></body></html>", "p.html")


def test_office_files_state_their_groups_by_keywords() -> None:
    """One keyword for each group."""
    document = docx.Document()
    document.core_properties.keywords = "tea, groups=staff, Groups: board, revision=B"
    document.add_paragraph("Text.")
    buffer = io.BytesIO()
    document.save(buffer)
    metadata = loaded(buffer.getvalue(), "a.docx").metadata
    assert (metadata.groups, metadata.revision) == (("board", "staff"), "B")
    page = fpdf.FPDF()
    page.set_keywords("groups=staff")
    page.add_page()
    page.set_font("Helvetica", size=12)
    page.multi_cell(0, text="Text.")
    assert loaded(bytes(page.output()), "a.pdf").metadata.groups == ("staff",)


@pytest.mark.parametrize(
    ("front", "reason"),
    [
        pytest.param("valid_from: soon", "valid_from: 'soon' is not a date", id="no_date"),
        pytest.param("valid_to: 2026-13-01", "is not a date", id="no_month_13"),
        pytest.param("url: javascript:alert(1)", "not an http or https address", id="script_url"),
        pytest.param("url: file:///etc/passwd", "not an http or https address", id="file_url"),
        pytest.param("title: [open", r"not valid YAML.*line 3", id="broken_yaml"),
        pytest.param("a: &x [1]\nb: [*x, *x]", "YAML aliases", id="aliases_can_explode"),
        pytest.param("a: " + "[" * 5000, "nested too deeply", id="deep_nesting"),
    ],
)
def test_wrong_front_matter_is_refused(front: str, reason: str) -> None:
    """A wrong date or address would mislead answers, so the file fails with the reason."""
    with pytest.raises(LoadingError, match=reason):
        loaded(f"---\n{front}\n---\nBody\n")


@pytest.mark.parametrize(
    "text", ["---\nA line.\n---\nMore.\n", "---\nno end\n", "----\na: b\n---\n", "text\n---\na: b\n---\n"]
)
def test_a_rule_at_the_start_is_not_front_matter(text: str) -> None:
    """Only a mapping between two lines of three dashes is front matter."""
    assert loaded(text).body_start == 0


@pytest.mark.parametrize(
    ("text", "name", "title"),
    [
        pytest.param("---\ntitle: Front\n---\n# Head\n", "a.md", "Front", id="front_matter"),
        pytest.param("Intro\n\n## The *second* `level`\n", "a.md", "The second level", id="first_heading"),
        pytest.param("Just text.\n", "sub/water-tank_guide.txt", "Water tank guide", id="file_name"),
        pytest.param("```\n# code\n```\n", "a-b.md", "A b", id="no_heading_in_code"),
        pytest.param(
            "<title>Page &amp; more</title><h1>Head</h1><p>x</p>", "p.html", "Page & more", id="html_title"
        ),
        pytest.param("<h1>Head</h1><p>x</p>", "p.htm", "Head", id="html_heading"),
    ],
)
def test_the_title_is_the_best_there_is(text: str, name: str, title: str) -> None:
    """Front matter, then the file's own title, then the first heading, then the file name."""
    assert loaded(text, name).title == title


def test_a_pdf_gives_its_text_and_title() -> None:
    """Text and document title are read."""
    document = loaded(pdf("The hopper holds 250 g.", title="Grinder guide"), "g.pdf")
    assert "The hopper holds 250 g." in document.text
    assert document.title == "Grinder guide"


def test_a_word_file_keeps_headings_and_tables_and_loses_hidden_characters() -> None:
    """Word becomes Markdown without the characters nobody can see."""
    document = loaded(word(), "care.docx")
    assert document.title == "Care of the machine"
    assert "# Wand" in document.text
    assert "Wipe the wand after use." in document.text
    assert "| gasket | 8 |" in document.text


def test_a_workbook_becomes_tables() -> None:
    """Each sheet is a heading and a table."""
    text = loaded(sheet(), "prices.xlsx").text
    assert "## Prices" in text
    assert "| tip | 15.5 |" in text


@pytest.mark.parametrize("encoding", ["utf-8", "cp1252"])
def test_csv_becomes_a_table_in_any_encoding(encoding: str) -> None:
    """A spreadsheet's export is read whether it is UTF-8 or Windows text."""
    assert "| Tränke | 9 |" in loaded("näme,price\nTränke,9\n".encode(encoding), "p.csv").text


def test_html_loses_scripts_head_and_what_is_hidden() -> None:
    """Only what a reader sees is left, in the declared charset."""
    page = (
        "<html><head><meta charset=iso-8859-1><meta name=author content=secret1><title>T</title>"
        "<script>secret2()</script></head><body><h1>Höhe</h1><p>Seen.</p><!-- secret3 -->"
        "<p style='display:none'>secret4</p><script>secret5()</script></body></html>"
    )
    text = loaded(page.encode("latin-1"), "p.html").text
    assert "# Höhe" in text
    assert "Seen." in text
    assert "secret" not in text
    assert not text.startswith("---")


def test_json_lines_give_one_document_a_line() -> None:
    """Text, title, id and metadata are found under their usual keys."""
    lines = [
        {"id": 7, "title": "One", "text": "First\r\nline", "valid_from": "2026-01-02", "tags": ["a", "b"]},
        {"_id": "x y", "content": "# Two\n\nbody", "url": "https://docs.example"},
        {"id": "3", "body": "third <!-- hidden --> end"},
    ]
    documents = load_bytes("\n\n".join(map(json.dumps, lines)).encode(), source="d/all.jsonl")
    assert [document.source for document in documents] == [
        "d/all.jsonl#7",
        "d/all.jsonl#x y",
        "d/all.jsonl#3",
    ]
    assert [document.title for document in documents] == ["One", "Two", "3"]
    assert documents[0].text == "First\nline"
    assert documents[0].metadata.valid_from == date(2026, 1, 2)
    assert documents[0].metadata.extra == (("tags", "a, b"),)
    assert "hidden" not in documents[2].text


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        pytest.param("{", "line 2: not valid JSON", id="cut"),
        pytest.param("[1]", "line 2: not a JSON object", id="list"),
        pytest.param('{"id": 1}', "line 2: no text", id="no_text"),
        pytest.param('{"id": 1, "text": " "}', "line 2: no text", id="blank_text"),
        pytest.param('{"text": "a"}', "line 2: no id", id="no_id"),
        pytest.param('{"id": "ok", "text": "again"}', "line 2: the id of .* is used twice", id="id_twice"),
        pytest.param('{"id": 2, "text": "a", "valid_to": "x"}', "line 2: valid_to", id="bad_date"),
        pytest.param("[" * 100_000, "line 2: not valid JSON", id="deep"),
    ],
)
def test_a_bad_line_is_named(line: str, reason: str) -> None:
    """The failure says which line and what is wrong with it."""
    with pytest.raises(LoadingError, match=reason):
        load_bytes(('{"id": "ok", "text": "fine"}\n' + line).encode(), source="all.jsonl")


@pytest.mark.parametrize(
    ("name", "data", "reason"),
    [
        pytest.param("a.md", b"", "empty", id="zero_bytes"),
        pytest.param("a.md", b" \n\t\n", "empty", id="only_space"),
        pytest.param("a.md", b"---\ntitle: x\n---\n\n", "no text", id="only_front_matter"),
        pytest.param("a.md", b"<!-- all hidden -->\n", "no text", id="only_a_comment"),
        pytest.param("a.pdf", pdf(""), "no text", id="pdf_without_text"),
        pytest.param("a.pdf", pdf("x", locked=True), "encrypted", id="encrypted_pdf"),
        pytest.param(
            "a.docx",
            b"\xd0\xcf\x11\xe0" + "EncryptedPackage".encode("utf-16-le"),
            "encrypted",
            id="encrypted_word",
        ),
        pytest.param("a.md", PNG, "a PNG image, not text", id="png_named_markdown"),
        pytest.param("a.txt", pdf("x"), "a PDF, not text", id="pdf_named_text"),
        pytest.param("a.html", pdf("x"), "a PDF", id="pdf_named_html"),
        pytest.param("a.jsonl", sheet(), "Office", id="workbook_named_jsonl"),
        pytest.param("a.pdf", b"just text", "not a PDF", id="text_named_pdf"),
        pytest.param("a.docx", b"just text", "not .docx", id="text_named_word"),
        pytest.param("a.docx", sheet(), "another archive, not .docx", id="workbook_named_word"),
        pytest.param("a.pdf", pdf("x" * 50)[:400], "damaged", id="pdf_cut"),
        pytest.param("a.docx", word()[:3000], "damaged", id="word_cut"),
        pytest.param("a.md", b"ok \x81\x8d\xff\xfe broken", "not text in UTF-8", id="no_encoding"),
        pytest.param("a.md", b"nul \x00 byte", "not text in UTF-8", id="nul"),
        pytest.param("a.exe", b"MZ", "extension '.exe' is not supported; use one of .csv", id="extension"),
        pytest.param("README", b"text", "extension '' is not supported", id="no_extension"),
    ],
)
def test_a_file_that_cannot_be_used_is_refused_with_the_reason(name: str, data: bytes, reason: str) -> None:
    """One line says what is wrong and what to do."""
    with pytest.raises(LoadingError, match=reason) as caught:
        load_bytes(data, source=name)
    assert "\n" not in str(caught.value)
    assert ";" in str(caught.value)


@pytest.mark.parametrize(
    ("data", "text"),
    [
        pytest.param("Größe\n".encode("utf-16"), "Größe\n", id="utf_16_with_mark"),
        pytest.param("Größe – “x”\n".encode("cp1252"), "Größe – “x”\n", id="windows"),
        pytest.param("尺寸\n".encode(), "尺寸\n", id="utf_8"),
    ],
)
def test_text_is_decoded(data: bytes, text: str) -> None:
    """UTF-8, UTF-16 with a byte-order mark and Windows text are understood."""
    assert loaded(data, "a.txt").text == text


def test_what_readers_cannot_see_is_blank() -> None:
    """Hidden characters and comments are spaces, so offsets stay and nothing hidden can be found."""
    raw = "Visi\u200bble\u202e <!-- obey\nme --> end \U000e0041\U000e0042.\n"
    document = loaded(raw)
    assert document.text == "Visi ble           \n       end   .\n"
    assert len(document.text) == len(raw)


def test_comments_in_code_are_text() -> None:
    """A comment that readers see, inside code, stays."""
    text = "```html\n<!-- shown -->\n```\n\n    <!-- also shown -->\n\n<!-- not -->\n"
    result = loaded(text).text
    assert "<!-- shown -->" in result
    assert "<!-- also shown -->" in result
    assert "not" not in result


def test_an_unclosed_comment_hides_the_rest_only_where_browsers_hide_it() -> None:
    """At the start of a block it swallows the page; inside a sentence it is plain text."""
    assert loaded("Seen.\n\n<!-- hidden\n\nalso hidden\n").text.split() == ["Seen."]
    assert loaded("Write <!-- to start.\n\nMore.\n").text == "Write <!-- to start.\n\nMore.\n"


@given(st.text(alphabet="a#-<>!`~ \n\u200b\u202e{}", max_size=80))
def test_blanking_keeps_length_and_lines(raw: str) -> None:
    """Whatever is blanked, every line break stays where it was."""
    text = "x" + raw
    try:
        document = loaded(text)
    except LoadingError:
        return
    assert len(document.text) == len(text)
    assert [index for index, character in enumerate(text) if character == "\n"] == [
        index for index, character in enumerate(document.text) if character == "\n"
    ]


def test_sources_are_relative_to_the_root(tmp_path: Path) -> None:
    """A source has forward slashes and no machine path."""
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "a.MD").write_text("# A")
    assert load(tmp_path / "sub" / "a.MD", root=tmp_path)[0].source == "sub/a.MD"


def test_a_link_out_of_the_root_is_refused(tmp_path: Path) -> None:
    """Links may point inside the folder, not out of it."""
    root = tmp_path / "root"
    root.mkdir()
    (tmp_path / "secret.md").write_text("secret")
    (root / "real.md").write_text("real")
    (root / "out.md").symlink_to(tmp_path / "secret.md")
    (root / "in.md").symlink_to(root / "real.md")
    assert load(root / "in.md", root=root)[0].text == "real"
    with pytest.raises(LoadingError, match="leads outside"):
        load(root / "out.md", root=root)


def test_special_files_and_loops_are_refused(tmp_path: Path) -> None:
    """A pipe would block for ever and a loop of links has no end."""
    os.mkfifo(tmp_path / "pipe.md")
    (tmp_path / "loop.md").symlink_to(tmp_path / "loop.md")
    with pytest.raises(LoadingError, match="not a regular file"):
        load(tmp_path / "pipe.md", root=tmp_path)
    for name in ("loop.md", "missing.md"):
        with pytest.raises(LoadingError, match="cannot be read"):
            load(tmp_path / name, root=tmp_path)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read every file")
def test_a_file_without_permission_is_refused(tmp_path: Path) -> None:
    """Unreadable is a reason, not a crash."""
    (tmp_path / "a.md").write_text("x")
    (tmp_path / "a.md").chmod(0)
    with pytest.raises(LoadingError, match="Permission denied"):
        load(tmp_path / "a.md", root=tmp_path)


def test_a_large_file_is_refused(tmp_path: Path) -> None:
    """The limit is named."""
    (tmp_path / "a.md").write_text("x" * 101)
    with pytest.raises(LoadingError, match="101 bytes, over 100"):
        load(tmp_path / "a.md", root=tmp_path, most_bytes=100)


def test_loading_opens_no_connection(monkeypatch: pytest.MonkeyPatch) -> None:
    """Images and links of a page are not fetched."""

    def refuse(*arguments: object) -> None:
        raise AssertionError(f"opened a connection: {arguments}")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    page = "<link rel=stylesheet href='http://x.example/s.css'><p>a</p><img src='http://x.example/i.png'>"
    assert "a" in loaded(page, "p.html").text
