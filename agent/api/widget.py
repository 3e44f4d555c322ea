"""What a page with the widget starts with."""

from typing import Annotated

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field
from starlette.requests import Request

from agent.api.addresses import own_origin
from agent.api.security import PUBLIC, TheHost

LONGEST = 4096
router = APIRouter(prefix="/api/widget", tags=["widget"])
Credential = Annotated[str, Field(max_length=LONGEST)]


class Visit(BaseModel):
    """A page that shows the widget, and who looks at it."""

    model_config = ConfigDict(extra="forbid")

    site: str = Field(max_length=64)
    """The site's public name."""
    visitor: Credential | None = None
    """What an earlier exchange gave, to be recognised."""
    identity: Credential | None = None
    """Who the visitor is, signed by the site's own server."""


class Session(BaseModel):
    """What the widget works with."""

    token: str
    """Sent as Authorization: Bearer TOKEN."""
    expires_in: int
    """Seconds."""
    visitor: str
    """Shown at the next exchange."""
    title: str
    handoff: bool
    """Whether the visitor may ask for a person."""


@router.post("/session", dependencies=[PUBLIC])
async def session(visit: Visit, request: Request, host: TheHost) -> Session:
    """Exchange a site's name and the page's origin for a visitor's token of half an hour."""
    server = host.settings.server
    peer = request.client.host if request.client else ""
    host.limiter.admit(f"exchange:{peer}", server.requests_per_minute)
    granted = host.visitors.exchange(
        visit.site,
        origin=request.headers.get("origin"),
        own_origin=own_origin(request),
        visitor=visit.visitor,
        identity=visit.identity,
    )
    site = server.sites[visit.site]
    return Session(
        token=granted.token,
        expires_in=granted.expires_in,
        visitor=granted.visitor,
        title=site.title or host.settings.assistant.name,
        handoff=site.handoff,
    )
