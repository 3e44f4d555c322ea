"""Personal data is replaced by what reads alike; what only looks like it stays."""

import re
from ipaddress import ip_address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.tracing.scrubbing import EVERYTHING, Scrubber


def scrubbed(text: str) -> str:
    """Return a text scrubbed of everything, by itself."""
    return Scrubber(EVERYTHING, {}).text(text)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("Ask anna.lund@shop.example.", "Ask person-1@example.com.", id="mail address"),
        pytest.param("<Ünal+x@müller.example>", "<person-1@example.com>", id="mail address beyond ASCII"),
        pytest.param('"a\\nbo@x.example"', '"a\\nperson-1@example.com"', id="after an escaped line break"),
        pytest.param("+46 522 555 010", "+00 000 000 001", id="phone of a country"),
        pytest.param("+44 (0)20 7946 0958", "+00 (0)00 0000 0001", id="phone with (0)"),
        pytest.param("+41445550119", "+00000000001", id="phone in one piece"),
        pytest.param("0041 44 555 01 19", "0000 00 000 00 01", id="phone with 00"),
        pytest.param("(020) 7946 0958", "(000) 0000 0001", id="phone with an area"),
        pytest.param("0522/555010", "0000/000001", id="phone with a slash"),
        pytest.param("07911123456", "00000000001", id="mobile phone in one piece"),
        pytest.param("555-123-4567", "000-000-0001", id="phone of North America"),
        pytest.param("1 (800) 555-0199", "0 (000) 000-0001", id="the same with 1"),
        pytest.param("138 0013 8000", "000 0000 0001", id="mobile phone of China"),
        pytest.param("Tel. 55 50 11 04", "Tel. 00 00 00 01", id="phone announced by a word"),
        pytest.param("电话：12 34 044 555 01 19", "电话：12 34 000 000 00 01", id="behind other numbers"),
        pytest.param("4532 0151 1283 0366", "0000 0000 0000 0001", id="card"),
        pytest.param("378282246310005", "000000000000001", id="card in one piece"),
        pytest.param("4532 0151 1283 0366 2026", "0000 0000 0000 0001 2026", id="card before a number"),
        pytest.param("2026 4532-0151-1283-0366", "2026 0000-0000-0000-0001", id="card behind a number"),
        pytest.param("DE89 3704 0044 0532 0130 00", "XX00 0000 0000 0000 0000 01", id="account"),
        pytest.param("gb29NWBK60161331926819 and", "XX00000000000000000001 and", id="account in one piece"),
        pytest.param("from 192.168.1.17.", "from 0.0.0.1.", id="address of a machine"),
        pytest.param("ip:fe80::8a2e:1", "ip:100::1", id="new address of a machine"),
        pytest.param("[2001:db8::7]:80", "[100::1]:80", id="the same with a port"),
        pytest.param("(https://a.example/p?k=1)", "(https://a.example/p?query-1)", id="query of a URL"),
        pytest.param("postgresql://u:pw@h.example/d", "postgresql://h.example/d", id="credentials of a URL"),
        pytest.param("https://a.example/#token=x", "https://a.example/#query-1", id="token behind #"),
    ],
)
def test_personal_data_is_replaced_in_its_own_form(text: str, expected: str) -> None:
    """What stands around it stays."""
    written = scrubbed(text)
    assert re.sub(r"person-0+", "person-", written) == expected


@pytest.mark.parametrize(
    "text",
    [
        "order FH-2026-001234, part 045-332-11, lot 2026-000123-7",
        "2026-11-27 12:30:45.123456789 01.02.2026 10:30 11/27/2026 9 27-11-2026 05",
        "2026-11-23T22:03:27.123456+01:00 20261123T220327Z 1795471407 1795471407123",
        "EUR 1068039.18, 360 136 890, 1,234,567.89, 0.123456789, 05.1234567, -12 345 678",
        "v1.2.3, 2.10.0, 2026.11.23, Python 3.11.14, 12 x 34 x 5678",
        "550e8400-e29b-41d4-a716-446655440000 01234567-8901-2345-6789-012345678901",
        "9f86d081884c7d659a2feaa0c55ad015 a3f5c1e8b2d4 0x0445550119ab",
        "4532015112830367, 1234567890123456, DE89370400440532013001, ZZ89370400440532013000",
        "12:30:45, std::string, 127.0.0.1, ::1, 999.1.1.1, aa:bb:cc:dd:ee:ff",
        "a@b, user@localhost, @name, 5 @ 3.20, https://a.example/p, is it http://a.example?",
        "phone 1189.15, call 2026-11-27, mobile 1,234,567, tel 112",
        "2 0 0 0, 50 % of 12 345 678, 18-25 km/h, 4-6-4",
    ],
)
def test_what_only_looks_personal_stays(text: str) -> None:
    """Orders, dates, times, amounts, versions, identifiers, digests, wrong check digits."""
    assert scrubbed(text) == text


def test_the_same_is_the_same_and_others_are_others() -> None:
    """However it is written, and in whichever text."""
    scrubber = Scrubber(EVERYTHING, {})
    told = scrubber.value({"a": "Bo@x.example", "b": ["bo@X.example", "di@x.example"], "bo@x.example": 1})
    assert told["a"] == told["b"][0] != told["b"][1]
    assert "bo@x.example" in told, "keys are names of fields"
    first, second, other = (
        int(re.sub(r"\D", "", scrubber.text(text)))
        for text in ("+41 44 555 01 19", "0041 (44) 555-01-19", "+41 44 555 01 18")
    )
    assert first == second != other


def test_positions_behind_a_long_address_stay() -> None:
    """A placeholder is as long as what it stands for, so that quotations are found again."""
    text = "Mail theo.dornhof.1@mail.example or +41 44 555 01 19: within 14 days."
    assert scrubbed(text).index("within") == text.index("within")


def test_own_patterns_are_replaced_by_their_names() -> None:
    """They are the operator's, and go on holding when what they find is gone."""
    scrubber = Scrubber(("email",), {"customer number": r"CU-\d+", "digits": r"\d{3,}"})
    text = scrubber.text("CU-17 and CU-18, CU-17: 5678 to 5678@x.example")
    assert text == (
        "redacted-customer-number-1 and redacted-customer-number-2, redacted-customer-number-1: "
        "redacted-digits-1 to person-1@example.com"
    )
    assert scrubber.text(text) == text


def test_only_the_kinds_asked_for_are_replaced() -> None:
    """The rest of what is personal stays."""
    text = "bo@x.example +41 44 555 01 19"
    assert Scrubber(("phone",), {}).text(text) == "bo@x.example +00 00 000 00 01"
    assert Scrubber((), {}).text(text) == text


def test_references_and_vectors_stay() -> None:
    """They are no text, whatever their letters make."""
    kept = [{"$vectors": "a@b.example", "shape": [1, 2]}, {"$attachment": "a@b.example"}, 4532015112830366]
    assert Scrubber(EVERYTHING, {}).value(kept) == kept


PIECES = st.sampled_from(
    [
        *("bo@x.example", "+41 44 555 01 19", "4532 0151 1283 0366", "DE89 3704 0044 0532 0130 00"),
        *(
            "192.168.1.7",
            "fe80::1",
            "https://u:p@h.example/a?b=c",
            "person-1@example.com",
            "0.0.0.1",
            "100::2",
        ),
        *(
            "?query-1",
            "+00 00 000 00 01",
            "XX00 0000 01",
            "redacted-code-1",
            "\\n",
            "@",
            ".",
            "-",
            "+",
            "://",
        ),
        *(" ", "0", "00", "1", "12", "044", "tel ", ":", "/", "?", "=", "(", ")", "x", "é", "\u00a0", "\n"),
    ]
)
HOSTILE = st.lists(PIECES, max_size=12).map("".join) | st.text(max_size=60)


@given(HOSTILE)
def test_scrubbing_twice_changes_nothing_more(text: str) -> None:
    """Whoever does it the second time, and whatever stands beside what."""
    patterns = {"code": r"[a-z]*\d\d"}
    first = Scrubber(EVERYTHING, patterns)
    once = first.text(text)
    assert first.text(once) == once
    assert Scrubber(EVERYTHING, patterns).text(once) == once


def test_numbers_in_a_row_are_replaced_once() -> None:
    """What replaces one makes no other together with what stands behind it."""
    text = "044 555 01 19 " * 40 + "+41 44 555 01 19 " * 40 + "\n" + "044 555 " * 40
    once = scrubbed(text)
    assert scrubbed(once) == once
    assert {*once} == {*"0123+ \n"}


@given(st.emails(), st.ip_addresses(v=4), st.sampled_from(("", " ", "\n", ", ", "(")))
def test_no_address_gets_through(mail: str, machine: object, before: str) -> None:
    """Those that the standards allow, other than that of the machine itself."""
    name, _, host = mail.partition("@")
    text = f"{before}{mail} {machine}"
    written = scrubbed(text)
    if re.fullmatch(r"[\w.%+\-]+", name) and not host.startswith(("[", "xn--")):
        assert mail not in written
    four = ip_address(str(machine))
    if not (four.is_loopback or str(four).startswith("0.")):
        assert str(machine) not in written.split()


@given(st.uuids() | st.datetimes() | st.dates() | st.integers(), st.binary(min_size=16, max_size=32))
def test_values_of_programs_stay(value: object, digest: bytes) -> None:
    """Identifiers, moments, and digests are nobody's; of numbers those that are no card's."""
    assert scrubbed(digest.hex()) == digest.hex()
    if not (isinstance(value, int) and len(str(abs(value))) > 12):
        assert scrubbed(str(value)) == str(value)


@pytest.mark.parametrize(
    "piece",
    [
        "0",
        "1 ",
        "a@",
        "+1",
        "a.",
        "::",
        "1:",
        "(0",
        "GB29 ",
        "x://",
        "@a-.",
        "4532 ",
        "2026-01-",
        "0-0",
        "tel ",
    ],
)
def test_a_long_text_takes_no_longer_than_its_length(piece: str) -> None:
    """A text made to be hard to search would take hours if any search went back over it."""
    text = piece * 20_000
    assert scrubbed(text + " bo@x.example").endswith("@example.com")
