"""Which addresses the clients of an endpoint can be sent to."""

from urllib.parse import urlsplit


def is_usable(address: str) -> bool:
    """Tell whether an address is one of http or https with a host, as the clients read it."""
    import httpx2  # the embedder of every command is made without it

    try:
        url, port = httpx2.URL(address), urlsplit(address).port
        return url.scheme in ("http", "https") and bool(url.host) and port != 0
    except (httpx2.InvalidURL, ValueError):
        return False
