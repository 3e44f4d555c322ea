"""Visitors of the web sites that show the widget.

A page has no secret to keep: its site's name is public, and its origin is what the browser says. Both are
exchanged for a token that is good for half an hour, for this site and this origin, and for nothing but
conversations.
"""

import re
import secrets
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Annotated, Literal

import jwt
from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    StrictBool,
    StrictFloat,
    StrictInt,
    StrictStr,
    ValidationError,
)

from agent.access.caller import Caller, Limits
from agent.access.origins import check_origins, origin_of
from agent.sections_server import Site
from tools.errors import AccessDenied, ConfigurationError, Unauthenticated
from tools.types import Principal

TOKEN_SECONDS = 30 * 60
VISITOR_SECONDS = 30 * 24 * 60 * 60
IDENTITY_SECONDS = 60 * 60
"""Longest life of what a site's own server signs."""
OWN = "self"
"""Stands among a site's origins for the server's own."""
_ALGORITHM = "HS256"
_SITE = re.compile(r"[A-Za-z0-9_-]{1,64}")
_VISITOR_BYTES = 16
Kind = Literal["token", "visitor"]
"""What something we signed is for: to ask, or to be recognised at the next exchange."""


def _printable(text: str) -> str:
    """Owners and groups are compared by databases, of which some stop at a NUL and some refuse it."""
    if not text.isprintable():
        raise ValueError("has characters that cannot be shown")
    return text


_Text = Annotated[StrictStr, AfterValidator(_printable)]


class _Who(BaseModel):
    """What is said of a person."""

    model_config = ConfigDict(frozen=True)

    sub: _Text = Field(min_length=1, max_length=200)
    exp: float
    groups: tuple[_Text, ...] = ()
    attributes: dict[_Text, _Text | StrictBool | StrictInt | StrictFloat | None] = {}


class _Person(_Who):
    """What a site's own server signed; where several sites share a secret, it should name its own."""

    site: str | None = None


class _Ours(_Who):
    """What we signed; `sub` is the owner in a token and the visitor's number in a credential."""

    sub: _Text = Field(min_length=1)
    site: str
    type: Kind
    origin: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Granted:
    """What a page is given."""

    token: str
    expires_in: int
    """Seconds."""
    visitor: str
    """Credential by which the visitor is recognised at the next exchange; good for thirty days."""


class Visitors:
    """Admits the visitors of the configured sites, and recognises them."""

    def __init__(
        self,
        sites: Mapping[str, Site],
        secret: bytes,
        *,
        clock: Callable[[], float] = time.time,
    ) -> None:
        """Take the sites, what to sign with, and a clock of real time.

        Raises:
            ConfigurationError: A site's name or origin cannot be used.
        """
        self._sites = {name: _checked(name, site) for name, site in sites.items()}
        self._secret = secret
        self._clock = clock

    def exchange(
        self, site: str, *, origin: str | None, own_origin: str, visitor: str | None, identity: str | None
    ) -> Granted:
        """Admit whoever looks at a site's page.

        Args:
            site: Name of the site.
            origin: Origin of the page, as the browser says.
            own_origin: The server's own, which `self` stands for.
            visitor: Credential of an earlier exchange; one that is not good (any more) makes a new visitor.
            identity: What the site's own server signed: who the visitor is.

        Raises:
            AccessDenied: There is no such site, or the page is not one of its.
            Unauthenticated: The identity is not good.
        """
        known = self._sites.get(site)
        page = origin_of(origin or "")
        if known is None or page is None or page not in _origins(known, own_origin):
            raise AccessDenied(
                "this page may not show the assistant; name its origin under server.sites, with its site"
            )
        number = self._number(visitor, site) or secrets.token_hex(_VISITOR_BYTES)
        who = _Who(sub=f"visitor:{site}:{number}", exp=0)
        if identity is not None:
            person = self._identified(identity, known)
            if person.site not in (None, site):
                raise Unauthenticated(
                    "the identity is for another site; sign one that names this site, or none"
                )
            who = person.model_copy(update={"sub": f"user:{site}:{person.sub}"})
        now = self._clock()
        said = {"groups": list(who.groups), "attributes": who.attributes}
        token = {"sub": who.sub, "exp": now + TOKEN_SECONDS, "site": site, "origin": page, **said}
        credential = {"sub": number, "exp": now + VISITOR_SECONDS, "site": site}
        return Granted(
            token=self._sign(token, "token"),
            expires_in=TOKEN_SECONDS,
            visitor=self._sign(credential, "visitor"),
        )

    def caller_of(self, token: str, *, origin: str) -> Caller:
        """Return whose token it is.

        Args:
            token: What an exchange gave.
            origin: Origin of the page that sends it.

        Raises:
            Unauthenticated: It is not good, any more, for this page, or since its site is gone.
        """
        who = self._read(token, "token")
        site = self._sites.get(who.site) if who is not None else None
        if who is None or site is None or who.origin != origin_of(origin):
            raise Unauthenticated(
                "the visitor token is not valid (any more) for this page; exchange a new one"
            )
        return Caller(
            owner=who.sub,
            scopes=frozenset({"chat"}),
            limits=Limits(requests_per_minute=site.requests_per_minute, runs=site.runs),
            principal=Principal(
                groups=frozenset((*site.groups, *who.groups)), attributes=tuple(who.attributes.items())
            ),
            site=who.site,
        )

    def origins(self) -> frozenset[str]:
        """Return the origins of all sites' pages, without the server's own."""
        return frozenset(origin for site in self._sites.values() for origin in _origins(site, None))

    def _number(self, credential: str | None, site: str) -> str | None:
        who = self._read(credential, "visitor") if credential is not None else None
        return who.sub if who is not None and who.site == site else None

    def _sign(self, claims: Mapping[str, object], kind: Kind) -> str:
        return jwt.encode({**claims, "aud": _audience(kind), "type": kind}, self._secret, _ALGORITHM)

    def _read(self, text: str, kind: Kind) -> _Ours | None:
        """Return what we signed for this use; None when it is anything else, or out of date."""
        try:
            claims = jwt.decode(
                text,
                self._secret,
                algorithms=[_ALGORITHM],
                audience=_audience(kind),
                options={"verify_exp": False},  # below, by the same clock that signed
            )
            who = _Ours.model_validate(claims)
        except (jwt.PyJWTError, ValidationError, RecursionError):
            return None
        return who if who.type == kind and who.exp > self._clock() else None

    def _identified(self, identity: str, site: Site) -> _Person:
        """Return who the site's own server says the visitor is."""
        if site.identity_secret is None:
            raise Unauthenticated("this site knows no identities; set its identity_secret, or leave them out")
        try:
            claims = jwt.decode(
                identity,
                site.identity_secret.get_secret_value(),
                algorithms=[_ALGORITHM],
                options={"verify_exp": False, "require": ["sub", "exp"]},
            )
            who = _Person.model_validate(claims)
        except (jwt.PyJWTError, ValidationError, RecursionError) as error:
            raise Unauthenticated(
                "the identity is not valid; sign sub and exp, and groups and attributes if any, "
                "as a JSON Web Token (HS256) with the site's identity_secret"
            ) from error
        if not 0 < who.exp - self._clock() <= IDENTITY_SECONDS:
            raise Unauthenticated("the identity is out of date, or for more than an hour; sign a fresh one")
        return who


def _audience(kind: Kind) -> str:
    return f"plumbline:{kind}"


def _origins(site: Site, own_origin: str | None) -> set[str]:
    """Return the origins of a site's pages as browsers write them."""
    named = (own_origin if origin == OWN else origin for origin in site.origins)
    return {written for origin in named if origin and (written := origin_of(origin))}


def _checked(name: str, site: Site) -> Site:
    """A name stands between colons in owners, and an origin that is none would never match."""
    if not _SITE.fullmatch(name):
        raise ConfigurationError(
            f"server.sites: {name!r} is not usable as a name; use 1 to 64 letters, digits, - and _"
        )
    setting = f"server.sites.{name}.origins"
    if not site.origins:
        raise ConfigurationError(f"{setting} names no page that may show the widget; name one, or {OWN}")
    check_origins((origin for origin in site.origins if origin != OWN), setting=setting)
    return site
