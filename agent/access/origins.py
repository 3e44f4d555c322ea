"""Origins of web pages: scheme, host and port, as browsers send them."""

import re
from collections.abc import Iterable
from functools import lru_cache
from urllib.parse import urlsplit

from tools.errors import ConfigurationError

_HOST = re.compile(r"[a-z0-9._-]+|[0-9a-f.]*:[0-9a-f:.]+")
_USUAL_PORTS = {"http": 80, "https": 443}


@lru_cache(maxsize=1024)  # asked several times of every request
def origin_of(text: str) -> str | None:
    """Return an origin as a browser writes it; None when it is none, such as `null`."""
    try:
        parts = urlsplit(text.strip().rstrip("/"))
        port = parts.port
    except ValueError:
        return None
    if not parts.scheme or not _HOST.fullmatch(parts.hostname or "") or parts.username is not None:
        return None
    if parts.path or parts.query or parts.fragment:
        return None
    host = f"[{parts.hostname}]" if ":" in str(parts.hostname) else parts.hostname
    usual = port is None or port == _USUAL_PORTS.get(parts.scheme)
    return f"{parts.scheme}://{host}" if usual else f"{parts.scheme}://{host}:{port}"


def check_origins(origins: Iterable[str], *, setting: str) -> None:
    """Refuse what no browser would ever send.

    Raises:
        ConfigurationError: One of them is no origin.
    """
    if wrong := [origin for origin in origins if origin_of(origin) is None]:
        raise ConfigurationError(
            f"{setting}: {wrong[0]!r} is no origin; "
            "write scheme, host and port alone, such as https://shop.example"
        )
