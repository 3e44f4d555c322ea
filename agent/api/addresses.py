"""What a server is called, and from where it is called."""

import re
from functools import lru_cache
from ipaddress import IPv4Address, IPv6Address, ip_address

from starlette.datastructures import Headers
from starlette.requests import HTTPConnection

from agent.access.origins import origin_of

_NAME = re.compile(r"[A-Za-z0-9._-]+")
_AUTHORITY = re.compile(r"(?:\[(?P<six>[0-9A-Fa-f:.]+)\]|(?P<name>[A-Za-z0-9._-]+))(?::[0-9]{1,5})?")
_FORWARDED = re.compile(
    r"via|(x-)?(forwarded|original|envoy|amzn|azure|proxyuser|remote)(-.*)?|(cf|fastly)-.*|(.*-)?(client|real)-?ip"
)
"""Names by which proxies say for whom they speak; some write _ for -."""


def host_name(headers: Headers) -> str | None:
    """Return the name by which a request calls the server; None when it is missing, double or none."""
    sent = headers.getlist("host")
    found = _AUTHORITY.fullmatch(sent[0]) if len(sent) == 1 else None
    return (found["six"] or found["name"]).lower() if found else None


def is_host_name(text: str) -> bool:
    """Tell whether a text is what `host_name` may return."""
    return is_address(text) or _NAME.fullmatch(text) is not None


def is_address(name: str) -> bool:
    """Tell whether a name is an IP address, which nobody can have resolve to somewhere else."""
    return _address(name) is not None


def is_loopback(name: str) -> bool:
    """Tell whether a name or an address can only mean this machine."""
    address = _address(name)
    if address is None:
        return name == "localhost" or name.endswith(".localhost")
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return (mapped or address).is_loopback


def is_forwarded(headers: Headers) -> bool:
    """Tell whether a proxy passed the request on, for somebody who may be anywhere."""
    return any(_FORWARDED.fullmatch(name.replace("_", "-")) for name in headers)


def own_origin(connection: HTTPConnection) -> str:
    """Return the server's own origin, as pages that it served name it.

    A proxy may speak https for it; whoever serves under its name is it, by either scheme.
    """
    authority = connection.headers.get("host", "")
    sent = connection.headers.get("origin", "")
    alike = {origin_of(f"{scheme}://{authority}") for scheme in ("http", "https")}
    if sent and origin_of(sent) in alike:
        return sent
    return f"{connection.url.scheme}://{authority}"


@lru_cache(maxsize=1024)  # asked several times of every request
def _address(name: str) -> IPv4Address | IPv6Address | None:
    try:
        return ip_address(name)
    except ValueError:
        return None
