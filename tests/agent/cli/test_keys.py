"""plumbline keys: made, listed, revoked."""

import asyncio
from datetime import datetime
from pathlib import Path

import pytest

from agent.access.caller import Caller, Limits
from agent.access.keys import Keys, id_of
from agent.settings import load
from agent.storage.opening import open_storage
from tests.agent.cli.command import plumbline
from tools.errors import Unauthenticated
from tools.types import Principal

UNLIMITED = Limits(requests_per_minute=None, runs=1)


def holder(configuration: Path, secret: str) -> tuple[str, set[str], Principal]:
    """Return owner, scopes and principal of who sends this secret."""

    async def found() -> Caller:
        async with open_storage(load(configuration).storage_url) as storage:
            return await Keys(storage.keys, limits=UNLIMITED).caller_of(secret)

    caller = asyncio.run(found())
    return caller.owner, {*caller.scopes}, caller.principal


def test_a_key_is_made_with_what_it_is_for(fresh: Path) -> None:
    """Its secret is shown, and lets its holder do that, as that owner, with those groups."""
    made = plumbline(
        *("keys", "create", "shop page", "--scope", "chat", "--scope", "search", "--owner", "shop"),
        *("--group", "staff", "--attribute", "customer_id=7", "--json", "--config", fresh),
    ).json
    assert holder(fresh, made["secret"]) == (
        "shop",
        {"chat", "search"},
        Principal(groups=frozenset({"staff"}), attributes=(("customer_id", 7),)),
    )
    assert (made["name"], made["attributes"], made["revoked_at"]) == ("shop page", {"customer_id": 7}, None)
    assert datetime.fromisoformat(made["created_at"]).tzinfo is not None


def test_a_plain_key_chats_under_its_name(fresh: Path) -> None:
    """The secret is the last line, alone, so that a script can take it."""
    done = plumbline("keys", "create", "laptop", "--config", fresh)
    assert (done.code, done.err) == (0, "")
    assert holder(fresh, done.out.splitlines()[-1]) == ("key:laptop", {"chat"}, Principal())
    assert "key:laptop" not in done.out
    again = plumbline("keys", "create", "laptop", "--config", fresh)
    assert "those of key:laptop, who has 1 more" in again.out.splitlines()[0]


def test_a_revoked_key_is_of_no_use(fresh: Path) -> None:
    """By its id, or by the secret that got out; neither the list nor the message repeats a secret."""
    first, second = (plumbline("keys", "create", n, "--json", "--config", fresh).json for n in ("a", "b"))
    assert plumbline("keys", "revoke", first["id"], "--config", fresh).code == 0
    done = plumbline("keys", "revoke", second["secret"], "--json", "--config", fresh)
    assert done.json == {"revoked": id_of(second["secret"])}
    for made in (first, second):
        with pytest.raises(Unauthenticated):
            holder(fresh, made["secret"])
    listed = plumbline("keys", "list", "--json", "--config", fresh)
    assert [key["revoked_at"] is None for key in listed.json["keys"]] == [False, False]
    shown = plumbline("keys", "list", "--config", fresh)
    assert shown.out.count("revoked") == 2
    assert not any(made["secret"] in text for made in (first, second) for text in (listed.out, shown.out))


@pytest.mark.parametrize(
    ("arguments", "word"),
    [
        pytest.param(("create", "x", "--scope", "everything"), "'everything'", id="no such scope"),
        pytest.param(("create", " "), "name", id="no name"),
        pytest.param(("create", "x", "--attribute", "seven"), "--attribute", id="no attribute"),
        pytest.param(("revoke", "0123456789abcdef"), "no key", id="no such key"),
    ],
)
def test_what_cannot_be_is_one_line(fresh: Path, arguments: tuple[str, ...], word: str) -> None:
    """Nothing was made or revoked."""
    done = plumbline("keys", *arguments, "--config", fresh)
    assert (done.code, done.out) == (2, "")
    assert word in done.complaint
    assert plumbline("keys", "list", "--json", "--config", fresh).json == {"keys": []}
