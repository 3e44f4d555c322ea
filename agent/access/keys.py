"""API keys: made, and recognised. A digest is kept; the secret is shown once, to whoever makes the key."""

import hmac
import re
import secrets
from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from typing import Protocol

from agent.access.caller import SCOPES, Caller, Limits
from agent.storage.records import Key
from tools.errors import InvalidInput, Unauthenticated
from tools.types import Cell, Principal

PREFIX = "pl_"
_SECRET = re.compile(rf"{PREFIX}(?P<id>[0-9a-f]{{16}})_[A-Za-z0-9_-]{{43}}")
_ID_BYTES, _SECRET_BYTES = 8, 32
_NOBODYS = sha256(b"").hexdigest()
"""Compared with when there is no such key, so that the answer takes as long."""


class KnownKeys(Protocol):
    """Where keys are kept."""

    async def get(self, key_id: str) -> Key | None:
        """Return a key, revoked or not."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Issued:
    """A new key."""

    key: Key
    """What is kept of it."""
    secret: str
    """What its holder sends; it cannot be had again."""


def issue(
    name: str,
    *,
    owner: str,
    scopes: Collection[str],
    groups: Collection[str] = (),
    attributes: Collection[tuple[str, Cell]] = (),
) -> Issued:
    """Make a key.

    Args:
        name: What people call it.
        owner: Whose threads, runs and feedback its holder sees.
        scopes: What it is for, among `SCOPES`.
        groups: Whose documents, rows and columns its holder sees.
        attributes: What row filters may refer to.

    Raises:
        InvalidInput: A scope that does not exist, or none.
    """
    if not scopes or (unknown := sorted(set(scopes) - SCOPES)):
        wrong = ", ".join(map(repr, unknown)) if scopes else "none"
        raise InvalidInput(f"scopes of key {name!r}: {wrong}; choose among {', '.join(sorted(SCOPES))}")
    key_id = secrets.token_hex(_ID_BYTES)
    secret = f"{PREFIX}{key_id}_{secrets.token_urlsafe(_SECRET_BYTES)}"
    key = Key(
        id=key_id,
        name=name,
        owner=owner,
        digest=_digest(secret),
        scopes=tuple(sorted(set(scopes))),
        groups=tuple(sorted(set(groups))),
        attributes=tuple(attributes),
        created=datetime.now(UTC),
    )
    return Issued(key=key, secret=secret)


def id_of(secret: str) -> str | None:
    """Return the id of the key that a secret claims to be of; None when it has not the form of one."""
    found = _SECRET.fullmatch(secret)
    return found["id"] if found else None


class Keys:
    """Recognises the holders of keys."""

    def __init__(self, known: KnownKeys, *, limits: Limits) -> None:
        """Take where keys are kept, and what each of them may do in a while."""
        self._known = known
        self._limits = limits

    async def caller_of(self, secret: str) -> Caller:
        """Return who holds a secret.

        Raises:
            Unauthenticated: It is not that of a key, or the key was revoked; the two are told alike.
        """
        key_id = id_of(secret)
        key = await self._known.get(key_id) if key_id is not None else None
        right = hmac.compare_digest(_digest(secret), key.digest if key is not None else _NOBODYS)
        if key is None or not right or key.revoked is not None:
            raise Unauthenticated("the API key is not valid (any more); make one with: plumbline keys create")
        return Caller(
            owner=key.owner,
            scopes=frozenset(scope for scope in SCOPES if scope in key.scopes),
            limits=self._limits,
            principal=Principal(groups=frozenset(key.groups), attributes=key.attributes),
        )


def _digest(secret: str) -> str:
    """A fast hash is enough: the secret has 256 random bits, so there is nothing to guess."""
    return sha256(secret.encode(errors="surrogatepass")).hexdigest()
