"""The pages, the widget's script, and what they load: small files that are the same for everybody."""

import gzip
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from html import escape
from importlib.resources import files
from typing import Annotated

from fastapi import APIRouter, Header, HTTPException
from starlette.responses import Response

from agent.access.visitors import OWN
from agent.api.security import PUBLIC, TheHost

router = APIRouter(tags=["pages"], dependencies=[PUBLIC], default_response_class=Response)
MEDIA_TYPES: Mapping[str, str] = {
    ".css": "text/css; charset=utf-8",
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
}
PAGE_POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "connect-src 'self'",
        "img-src 'self'",
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'none'",
        "require-trusted-types-for 'script'",
        "trusted-types 'none'",
    )
)
"""Nothing but our own files, and no way at all for text to become script."""
FOREVER = "public, max-age=31536000, immutable"
ASK_AGAIN = "no-cache"
"""May be kept, but must be asked for before it is used; the ETag makes that cheap."""
_FIELD = re.compile(r"\{(\w+)\}")
IfNoneMatch = Annotated[str, Header()]
AcceptEncoding = Annotated[str, Header()]


@dataclass(frozen=True, slots=True, kw_only=True)
class Asset:
    """One file as it is sent."""

    content: bytes
    packed: bytes
    """The same, compressed by gzip."""
    etag: str
    media_type: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Assets:
    """Everything in `agent/web`."""

    by_name: Mapping[str, Asset]
    version: str
    """Stands in every address, so that browsers may keep the files for ever."""

    @property
    def folder(self) -> str:
        """Return where they are served, relative to the pages."""
        return f"static/{self.version}"

    def fill(self, name: str, values: Mapping[str, str]) -> Asset:
        """Return a page with its fields filled in."""
        known = {"static": self.folder, **{field: escape(value) for field, value in values.items()}}
        text = _FIELD.sub(lambda field: known[field[1]], self.by_name[name].content.decode())
        return asset_of(name, text.encode())


def asset_of(name: str, content: bytes) -> Asset:
    """Prepare a file for sending."""
    return Asset(
        content=content,
        packed=gzip.compress(content, mtime=0),
        etag=f'"{sha256(content).hexdigest()[:32]}"',
        media_type=MEDIA_TYPES[name[name.rindex(".") :]],
    )


@cache
def assets() -> Assets:
    """Read all files, once."""
    folder = files("agent") / "web"
    found = sorted(
        (file.name, file.read_bytes()) for file in folder.iterdir() if not file.name.startswith(".")
    )
    by_name = {name: asset_of(name, content) for name, content in found}
    whole = sha256("".join(f"{name} {asset.etag}\n" for name, asset in by_name.items()).encode())
    return Assets(by_name=by_name, version=whole.hexdigest()[:12])


@router.head("/", include_in_schema=False)
@router.get("/")
async def chat_page(
    host: TheHost, if_none_match: IfNoneMatch = "", accept_encoding: AcceptEncoding = ""
) -> Response:
    """Show the chat page."""
    page = assets().fill("page.html", {"name": host.settings.assistant.name})
    return _sent(page, if_none_match, accept_encoding, policy=PAGE_POLICY)


@router.head("/demo", include_in_schema=False)
@router.get("/demo")
async def demo_page(
    host: TheHost, if_none_match: IfNoneMatch = "", accept_encoding: AcceptEncoding = ""
) -> Response:
    """Show a page as a site may have it, with the widget of the first site that includes this server."""
    site = next((name for name, site in host.settings.server.sites.items() if OWN in site.origins), None)
    name = "demo.html" if site is not None else "demo-without.html"
    page = assets().fill(name, {"name": host.settings.assistant.name, "site": site or ""})
    return _sent(page, if_none_match, accept_encoding, policy=PAGE_POLICY)


@router.head("/debug", include_in_schema=False)
@router.get("/debug")
async def debug_page(
    host: TheHost, if_none_match: IfNoneMatch = "", accept_encoding: AcceptEncoding = ""
) -> Response:
    """Show the trace debugger; what it shows comes by the API, to those who may see it."""
    page = assets().fill("debug.html", {"name": host.settings.assistant.name})
    return _sent(page, if_none_match, accept_encoding, policy=PAGE_POLICY)


@router.head("/widget.js", include_in_schema=False)
@router.get("/widget.js")
async def widget(if_none_match: IfNoneMatch = "", accept_encoding: AcceptEncoding = "") -> Response:
    """Start the widget: sites keep this address, and it leads to the files of this version."""
    script = f'import {{ mount }} from "./{assets().folder}/widget.js";\nmount(import.meta.url);\n'
    return _sent(asset_of("widget.js", script.encode()), if_none_match, accept_encoding)


@router.head("/static/{version}/{name}", include_in_schema=False)
@router.get("/static/{version}/{name}")
async def static_file(
    version: str, name: str, if_none_match: IfNoneMatch = "", accept_encoding: AcceptEncoding = ""
) -> Response:
    """Serve a file; one that is asked for by the address of another version is not to be kept."""
    asset = assets().by_name.get(name)
    if asset is None or name.endswith(".html"):
        raise HTTPException(404)
    lasting = version == assets().version
    return _sent(asset, if_none_match, accept_encoding, keep=FOREVER if lasting else ASK_AGAIN)


def _sent(
    asset: Asset,
    if_none_match: str,
    accept_encoding: str,
    *,
    keep: str = ASK_AGAIN,
    policy: str | None = None,
) -> Response:
    headers = {"ETag": asset.etag, "Cache-Control": keep, "Vary": "Accept-Encoding"}
    if policy is not None:
        headers["Content-Security-Policy"] = policy
    if asset.etag in if_none_match:
        return Response(status_code=304, headers=headers)
    if "gzip" not in accept_encoding:
        return Response(asset.content, media_type=asset.media_type, headers=headers)
    return Response(
        asset.packed, media_type=asset.media_type, headers={**headers, "Content-Encoding": "gzip"}
    )
