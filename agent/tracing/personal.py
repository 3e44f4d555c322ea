"""Finds personal data in text by its form: addresses of mail and of machines, accounts, cards, web addresses.

Every search takes linear time, whatever the text, and leaves alone what such data is replaced by.
"""

import re
from collections.abc import Iterator
from ipaddress import AddressValueError, IPv4Address, IPv4Network, IPv6Address, IPv6Network

MAIL = re.compile(r"person-\d+@example\.com")
"""What addresses of mail are replaced by."""
_MAIL_HOST = re.compile(r"@[^\W_][\w.\-]*")
_MAIL_NAME = re.compile(r"[\w.%+\-]")
_ESCAPES = ("\\n", "\\r", "\\t")
"""Line breaks inside of JSON inside of text: their letter belongs to nobody's name."""
_CARD = re.compile(
    r"(?<![\w.])(?:[2-6]\d{3}([ -])\d{4}\1\d{4}\1\d{4}(?P<rest>\1\d{1,3})?|3\d{3}([ -])\d{6}\3\d{4,5}"
    r"|[2-6]\d{12,18})(?!\w)"
)
_IBAN = re.compile(r"(?<![^\W_])[A-Z]{2}\d{2}(?=[ -]?[A-Z0-9])", re.IGNORECASE)
_IBAN_LENGTHS = dict(
    re.findall(
        r"([A-Z]{2})(\d\d)",
        "AD24 AE23 AL28 AT20 AZ28 BA20 BE16 BG22 BH22 BI27 BR29 BY28 CH21 CR22 CY28 CZ24 DE22 DJ27 DK18 DO28 "
        "EE20 EG29 ES24 FI18 FK18 FO18 FR27 GB22 GE22 GI23 GL18 GR27 GT28 HN28 HR21 HU28 IE22 IL23 IQ23 IS26 "
        "IT27 JO30 KW30 KZ20 LB28 LC32 LI21 LT20 LU20 LV21 LY25 MC27 MD24 ME22 MK19 MN20 MR27 MT31 MU30 NI28 "
        "NL18 NO15 OM23 PK24 PL28 PS29 PT25 QA29 RO24 RS22 RU33 SA24 SC31 SD18 SE24 SI19 SK24 SM27 SO23 ST25 "
        "SV28 TL23 TN24 TR26 UA29 VA22 VG24 XK20 YE30",
    )
)
"""Characters of an account number, by its country (registry of ISO 13616)."""
NO_MACHINE, NO_NEW_MACHINE = IPv4Network("0.0.0.0/8"), IPv6Network("100::/64")
"""Addresses that nothing has (RFC 1122, RFC 6666): what machines are replaced by."""
_IPV4 = re.compile(r"(?<![\w.])\d{1,3}\.\d{1,3}\.\d{1,3}\.\d{1,3}(?!\w|\.\d)")
_IPV6 = re.compile(r"[0-9A-Fa-f:.]{2,}+")
_LONGEST_IPV6 = 45
_URL = re.compile(r"(?<![a-zA-Z0-9+.\-])[a-zA-Z][a-zA-Z0-9+.\-]{0,30}://([^\s<>\"'`\\]+)")
_AFTER_URL = ".,;:!?)]}*|"
"""What ends a sentence or a link, not an address."""


def find_mail_addresses(text: str) -> Iterator[tuple[int, int]]:
    """Yield start and end of each mail address."""
    floor = 0
    for host in _MAIL_HOST.finditer(text):
        end = host.start() + len(host.group().rstrip(".-_"))
        start = host.start()
        while start > floor and _MAIL_NAME.match(text[start - 1]):
            start -= 1
        floor = host.end()
        if text[start - 1 : start + 1] in _ESCAPES and start > 0:
            start += 1
        while start < host.start() and text[start] in ".-":
            start += 1
        last = text[host.start() + 1 : end].rpartition(".")
        complete = start < host.start() and last[0] and len(last[2]) > 1 and not last[2].isdigit()
        if complete and not MAIL.fullmatch(text, start, end):
            yield start, end


def find_cards(text: str) -> Iterator[tuple[int, int]]:
    """Yield start and end of each number of a payment card; its check digit decides."""
    place = 0
    while (card := _CARD.search(text, place)) is not None:
        place = card.start() + 1
        for end in (card.end(), card.start("rest")):  # -1 when there is no rest
            if end > 0 and _luhn(_digits(text[card.start() : end])):
                yield card.start(), end
                place = end
                break


def find_accounts(text: str) -> Iterator[tuple[int, int]]:
    """Yield start and end of each international bank account number; its check digits decide."""
    for match in _IBAN.finditer(text):
        wanted = int(_IBAN_LENGTHS.get(match.group()[:2].upper(), 0))
        end, written = match.start(), ""
        while end < len(text) and len(written) < wanted:
            character = text[end]
            if character.isascii() and character.isalnum():
                written += character
            elif character not in " -" or text[end - 1] in " -":
                break
            end += 1
        inside = end < len(text) and text[end].isalnum()
        if wanted and len(written) == wanted and not inside and _mod_97(written.upper()):
            yield match.start(), end


def find_machines(text: str) -> Iterator[tuple[int, int]]:
    """Yield start and end of each internet address, except those that every machine calls itself."""
    for match in _IPV4.finditer(text):
        try:
            four = IPv4Address(match.group())
        except AddressValueError:
            continue
        if not (four.is_loopback or four in NO_MACHINE):
            yield match.span()
    for match in _IPV6.finditer(text):
        if match.group().count(":") > 1:
            yield from _ipv6(text, *match.span())


def find_logins(text: str) -> Iterator[tuple[int, int]]:
    """Yield start and end of the credentials in each web address, with the machine they are for."""
    for start, url in _urls(text):
        host = re.split(r"[/?#]", url, maxsplit=1)[0]
        if "@" in host:
            yield start, start + len(host)


def find_queries(text: str) -> Iterator[tuple[int, int]]:
    """Yield start and end of what each web address says beyond a place: its query, or values behind #."""
    for start, url in _urls(text):
        before, mark, after = url.partition("?")
        if not mark:
            before, mark, after = url.partition("#")
            after = after if "=" in after else ""
        if after:
            yield start + len(before) + 1, start + len(url)


def _urls(text: str) -> Iterator[tuple[int, str]]:
    """Yield each web address behind its scheme, with its place."""
    for match in _URL.finditer(text):
        yield match.start(1), match.group(1).rstrip(_AFTER_URL)


def _ipv6(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    written = text[start:end]
    trimmed = written.rstrip(".")
    if trimmed.endswith(":") and not trimmed.endswith("::"):
        trimmed = trimmed[:-1]
    skipped = 1 if trimmed.startswith(":") and not trimmed.startswith("::") else 0
    trimmed = trimmed[skipped:]
    glued = (not skipped and text[start - 1 : start].isalnum() and start > 0) or text[end : end + 1].isalnum()
    if glued or len(trimmed) > _LONGEST_IPV6 or not any(character.isdigit() for character in trimmed):
        return
    try:
        six = IPv6Address(trimmed)
    except AddressValueError:
        return
    if not (six.is_loopback or six.is_unspecified or six in NO_NEW_MACHINE):
        yield start + skipped, start + skipped + len(trimmed)


def _digits(text: str) -> str:
    return "".join(character for character in text if character.isdigit())


def _luhn(number: str) -> bool:
    """Check the last digit: every second digit from the right counts double, digit by digit (ISO 7812)."""
    doubled = (int(digit) * 2 for digit in number[-2::-2])
    return (
        sum(int(digit) for digit in number[::-2]) + sum(sum(divmod(two, 10)) for two in doubled)
    ) % 10 == 0


def _mod_97(account: str) -> bool:
    """Check the two digits behind the country: the number they make with the rest is 1 modulo 97."""
    return int("".join(str(int(character, 36)) for character in account[4:] + account[:4])) % 97 == 1
