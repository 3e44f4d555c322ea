"""API keys: what is kept of them, and whom they make of their holder."""

import string
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.access.caller import Limits
from agent.access.keys import Keys, id_of, issue
from agent.storage.records import Key
from tools.errors import InvalidInput, Unauthenticated
from tools.types import Principal

LIMITS = Limits(requests_per_minute=600, runs=64)
ISSUED = issue("shop", owner="anna", scopes=["chat"])


@dataclass(frozen=True, slots=True)
class Known:
    """Keeps keys in memory; the port `KnownKeys`."""

    keys: dict[str, Key] = field(default_factory=dict)

    async def get(self, key_id: str) -> Key | None:
        """Return a key."""
        return self.keys.get(key_id)


def keys_of(*known: Key) -> Keys:
    """Return what recognises the holders of keys."""
    return Keys(Known({key.id: key for key in known}), limits=LIMITS)


async def test_a_key_makes_a_caller_with_its_owner_scopes_and_groups() -> None:
    """All that decides what its holder sees comes with it."""
    made = issue("x", owner="anna", scopes=["search", "chat"], groups=["staff"], attributes=[("customer", 7)])
    caller = await keys_of(made.key).caller_of(made.secret)
    assert (caller.owner, caller.limits) == ("anna", LIMITS)
    assert caller.scopes == {"chat", "search"}
    assert caller.principal == Principal(groups=frozenset({"staff"}), attributes=(("customer", 7),))


def test_a_key_has_256_random_bits_of_which_only_a_digest_is_kept() -> None:
    """Neither the secret nor its random part is among what is kept."""
    prefix, key_id, random = ISSUED.secret.split("_", 2)
    assert (prefix, key_id, len(random)) == ("pl", ISSUED.key.id, 43)
    assert random not in repr(ISSUED.key)
    assert issue("shop", owner="anna", scopes=["chat"]).secret != ISSUED.secret


async def test_a_revoked_key_is_told_like_one_that_never_was() -> None:
    """Nobody learns which keys there were."""
    revoked = replace(ISSUED.key, revoked=datetime.now(UTC))
    messages = set()
    for keys in (keys_of(revoked), keys_of()):
        with pytest.raises(Unauthenticated) as caught:
            await keys.caller_of(ISSUED.secret)
        messages.add(str(caught.value))
    assert len(messages) == 1
    assert ISSUED.secret not in messages.pop()


@given(
    place=st.integers(min_value=0, max_value=len(ISSUED.secret) - 1),
    letter=st.sampled_from(string.ascii_letters + string.digits + "-_"),
)
async def test_a_key_with_one_other_letter_is_refused(place: int, letter: str) -> None:
    """Wherever the letter is."""
    other = ISSUED.secret[:place] + letter + ISSUED.secret[place + 1 :]
    if other == ISSUED.secret:
        return
    with pytest.raises(Unauthenticated):
        await keys_of(ISSUED.key).caller_of(other)


@given(st.text(st.characters(exclude_categories=())) | st.from_regex(r"pl_[0-9a-f]{0,20}_[\w-]{0,50}"))
async def test_any_text_is_refused_and_none_breaks_anything(text: str) -> None:
    """Surrogates, NUL and marks included; what claims to be a key names its id."""
    with pytest.raises(Unauthenticated):
        await keys_of(ISSUED.key).caller_of(text)
    key_id = id_of(text)
    assert key_id is None or (text.isascii() and text.startswith(f"pl_{key_id}_"))


@pytest.mark.parametrize("scopes", [[], ["chat", "root"]], ids=["none", "unknown"])
def test_a_key_is_for_scopes_that_exist(scopes: list[str]) -> None:
    """The message lists them."""
    with pytest.raises(InvalidInput, match="choose among admin, chat, data, metrics, search"):
        issue("x", owner="anna", scopes=scopes)
