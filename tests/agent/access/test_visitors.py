"""Visitors of sites: what is exchanged for what, and what it is good for."""

import base64
import time

import jwt
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr

from agent.access.caller import Limits
from agent.access.visitors import TOKEN_SECONDS, VISITOR_SECONDS, Granted, Visitors
from agent.sections_server import Site
from tools.errors import AccessDenied, ConfigurationError, Unauthenticated

SHOP, BLOG, OWN = "https://shop.example", "https://blog.example", "http://127.0.0.1:8000"
SECRET, SHARED = b"0123456789abcdef" * 2, "a-secret-of-the-shop-and-of-plumbline"
SITES = {
    "shop": Site(
        origins=("https://Shop.example/", "https://www.shop.example"),
        groups=("customers",),
        identity_secret=SecretStr(SHARED),
        requests_per_minute=5,
        runs=3,
    ),
    "blog": Site(origins=(BLOG, SHOP)),
    "own": Site(origins=("self",)),
}
NOW = time.time()


def visitors_at(seconds: float = 0, secret: bytes = SECRET) -> Visitors:
    """Return what admits visitors, so many seconds from now."""
    return Visitors(SITES, secret, clock=lambda: NOW + seconds)


def exchanged(
    site: str = "shop",
    origin: str | None = SHOP,
    *,
    visitor: str | None = None,
    identity: str | None = None,
    at: float = 0,
) -> Granted:
    """Exchange what a page knows."""
    return visitors_at(at).exchange(site, origin=origin, own_origin=OWN, visitor=visitor, identity=identity)


def owner_of(granted: Granted, origin: str = SHOP) -> str:
    """Return the owner that a token stands for."""
    return visitors_at().caller_of(granted.token, origin=origin).owner


def signed(secret: str = SHARED, algorithm: str = "HS256", **claims: object) -> str:
    """Sign an identity as a site's server does."""
    return jwt.encode({"sub": "anna", "exp": NOW + 60, **claims}, secret, algorithm)


def test_a_token_is_for_conversations_of_one_visitor_alone() -> None:
    """With the groups of the site, and its limits."""
    caller = visitors_at().caller_of(exchanged().token, origin=SHOP)
    assert caller.owner.startswith("visitor:shop:")
    assert (caller.scopes, caller.site) == (frozenset({"chat"}), "shop")
    assert caller.principal.groups == {"customers"}
    assert caller.limits == Limits(requests_per_minute=5, runs=3)
    assert owner_of(exchanged()) != owner_of(exchanged())


@pytest.mark.parametrize(
    ("site", "origin"),
    [
        pytest.param("shop", "https://evil.example", id="a foreign page"),
        pytest.param("shop", "http://shop.example", id="another scheme"),
        pytest.param("shop", "https://shop.example:8443", id="another port"),
        pytest.param("shop", "https://shop.example.evil.example", id="a longer name"),
        pytest.param("shop", BLOG, id="another site's page"),
        pytest.param("shop", OWN, id="our own page"),
        pytest.param("shop", "null", id="a page of no origin"),
        pytest.param("shop", None, id="no page"),
        pytest.param("nowhere", SHOP, id="no such site"),
    ],
)
def test_no_other_page_gets_a_token(site: str, origin: str | None) -> None:
    """All are told the same."""
    with pytest.raises(AccessDenied, match="this page may not show the assistant"):
        exchanged(site, origin)


def test_self_is_the_servers_own_origin() -> None:
    """Whatever that is."""
    assert owner_of(exchanged("own", OWN), OWN).startswith("visitor:own:")


def test_a_visitor_is_recognised_for_thirty_days() -> None:
    """By the credential; one that is not good is no error, but somebody new."""
    first = exchanged(at=-VISITOR_SECONDS + 5)
    same, site = visitors_at(-VISITOR_SECONDS + 6), exchanged("blog", BLOG)
    number = same.caller_of(first.token, origin=SHOP).owner
    assert owner_of(exchanged(visitor=first.visitor)) == number
    late = exchanged(at=-VISITOR_SECONDS - 5)
    for other in (late.visitor, site.visitor, first.token, "", "x.y.z", first.visitor + "x"):
        assert owner_of(exchanged(visitor=other)) != number


@pytest.mark.parametrize(
    ("granted", "origin"),
    [
        pytest.param(exchanged(at=-TOKEN_SECONDS - 1), SHOP, id="expired"),
        pytest.param(exchanged(), "https://www.shop.example", id="another page of the site"),
        pytest.param(exchanged(), "", id="no page"),
        pytest.param(exchanged(), "null", id="a page of no origin"),
        pytest.param(exchanged("blog", BLOG), SHOP, id="another site's page"),
    ],
)
def test_a_token_is_good_for_half_an_hour_and_its_own_page(granted: Granted, origin: str) -> None:
    """And for nothing else."""
    with pytest.raises(Unauthenticated):
        visitors_at().caller_of(granted.token, origin=origin)


def test_what_one_thing_was_signed_for_is_good_for_no_other() -> None:
    """Neither a credential, nor an identity, nor what another installation signed, is a token."""
    granted = exchanged()
    other = visitors_at(secret=bytes(32)).exchange(
        "shop", origin=SHOP, own_origin=OWN, visitor=None, identity=None
    )
    unsigned = jwt.encode(jwt.decode(granted.token, options={"verify_signature": False}), "", "none")
    for text in (granted.visitor, signed(), other.token, unsigned):
        with pytest.raises(Unauthenticated):
            visitors_at().caller_of(text, origin=SHOP)
    for text in (granted.token, granted.visitor):
        with pytest.raises(Unauthenticated):
            exchanged(identity=text)


def test_a_token_ends_with_its_site() -> None:
    """As soon as the configuration no longer has it."""
    without = Visitors({}, SECRET)
    with pytest.raises(Unauthenticated):
        without.caller_of(exchanged().token, origin=SHOP)


def test_a_sites_server_says_who_a_visitor_is() -> None:
    """With groups and attributes beside those of the site; the person has no part in the credential."""
    identity = signed(groups=["staff"], attributes={"customer_id": 7})
    granted = exchanged(identity=identity)
    caller = visitors_at().caller_of(granted.token, origin=SHOP)
    assert caller.owner == "user:shop:anna"
    assert caller.principal.groups == {"customers", "staff"}
    assert caller.principal.attributes == (("customer_id", 7),)
    assert owner_of(exchanged(visitor=granted.visitor)).startswith("visitor:shop:")
    assert owner_of(exchanged(identity=signed(sub="a" * 200, site="shop"))) == f"user:shop:{'a' * 200}"


@pytest.mark.parametrize(
    "identity",
    [
        pytest.param(signed("somebody-elses-secret-of-32-letters"), id="another secret"),
        pytest.param(signed(exp=NOW - 1), id="out of date"),
        pytest.param(signed(exp=NOW + 2 * 60 * 60), id="for two hours"),
        pytest.param(signed(exp=float("inf")), id="for ever"),
        pytest.param(signed(sub=""), id="nobody"),
        pytest.param(signed(sub="a" * 201), id="too long a name"),
        pytest.param(signed(sub="anna\0"), id="a name with a NUL"),
        pytest.param(signed(groups=["staff\0"]), id="a group with a NUL"),
        pytest.param(signed(attributes={"a": "\0"}), id="an attribute with a NUL"),
        pytest.param(signed(site="blog"), id="for another site"),
        pytest.param(signed(groups="staff"), id="groups that are a text"),
        pytest.param(signed(attributes={"a": [1]}), id="attributes that are no cells"),
        pytest.param(signed(aud="something-else"), id="meant for somebody else"),
        pytest.param(jwt.encode({"sub": "anna"}, SHARED, "HS256"), id="without an end"),
        pytest.param(jwt.encode({"exp": NOW + 60}, SHARED, "HS256"), id="without a name"),
        pytest.param(jwt.encode({"sub": "anna", "exp": NOW + 60}, "", "none"), id="unsigned"),
        pytest.param(jwt.encode({"sub": "anna", "exp": NOW + 60}, SHARED + SHARED, "HS512"), id="HS512"),
        pytest.param("", id="empty"),
        pytest.param(base64.urlsafe_b64encode(b"[" * 3000).decode() + ".e30.x", id="a deep header"),
    ],
)
def test_an_identity_that_is_not_good_is_refused(identity: str) -> None:
    """Rather than taken for that of somebody unknown; the message does not repeat it."""
    with pytest.raises(Unauthenticated, match="the identity is") as caught:
        exchanged(identity=identity)
    assert SHARED not in str(caught.value)


def test_a_site_without_a_secret_knows_no_identities() -> None:
    """An empty secret is not one."""
    with pytest.raises(Unauthenticated, match="knows no identities"):
        exchanged("blog", BLOG, identity=signed())


@given(st.text() | st.from_regex(r"[\w-]{0,40}\.[\w-]{0,40}\.[\w-]{0,40}"))
def test_any_text_is_refused_as_a_token_and_none_breaks_anything(text: str) -> None:
    """Half a token included."""
    with pytest.raises(Unauthenticated):
        visitors_at().caller_of(text, origin=SHOP)


TOKEN = exchanged().token


@given(place=st.integers(min_value=0, max_value=len(TOKEN) - 2), letter=st.sampled_from("AZaz09-_."))
def test_a_token_with_one_other_letter_is_refused(place: int, letter: str) -> None:
    """Wherever the letter is; the last one has bits that say nothing."""
    other = TOKEN[:place] + letter + TOKEN[place + 1 :]
    if other == TOKEN:
        return
    with pytest.raises(Unauthenticated):
        visitors_at().caller_of(other, origin=SHOP)


@pytest.mark.parametrize(
    ("name", "origin", "reason"),
    [
        ("a:b", SHOP, "not usable as a name"),
        ("", SHOP, "not usable as a name"),
        ("shop", "shop.example", "is no origin"),
        ("shop", "*", "is no origin"),
        ("shop", "null", "is no origin"),
        ("shop", "https://*.shop.example", "is no origin"),
    ],
)
def test_a_site_that_could_not_work_is_refused_at_the_start(name: str, origin: str, reason: str) -> None:
    """Two sites must not share owners, and an origin must be one."""
    with pytest.raises(ConfigurationError, match=reason):
        Visitors({name: Site(origins=(origin,))}, SECRET)


def test_a_site_without_pages_is_refused_at_the_start() -> None:
    """Nobody could use it."""
    with pytest.raises(ConfigurationError, match="names no page"):
        Visitors({"shop": Site(origins=())}, SECRET)
