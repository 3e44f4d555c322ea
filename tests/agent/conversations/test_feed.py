"""What happens in a run, numbered and shown to followers."""

import asyncio

from hypothesis import given
from hypothesis import strategies as st

from agent.conversations.feed import ATTEMPT, TOGETHER_SECONDS, Feed
from agent.events import Event, NodeStarted, Token
from agent.storage.records import Told

NODE = NodeStarted(node="classify")


def feed_of(kept: list[Told] | None = None, *, attempt: int = 1) -> Feed:
    """Return a feed that keeps in a list."""
    return Feed("r", attempt=attempt, keep=(kept if kept is not None else []).append)


async def followed(feed: Feed, after: int = 0) -> list[Told]:
    """Follow from a place to the end."""
    seen: list[Told] = []
    while found := await feed.after(seen[-1].sequence if seen else after):
        seen.extend(found)
    return seen


async def test_tokens_close_to_one_another_are_told_together() -> None:
    """The first at once, the others as one; no letter is lost and none is out of order."""
    feed = feed_of()
    for word in ("It ", "boils ", "for "):
        feed.tell(Token(text=word))
    assert [one.event for one in await feed.after(0)] == [Token(text="It ")]
    assert [one.event for one in await feed.after(1)] == [Token(text="boils for ")]
    feed.tell(Token(text="two."))
    feed.tell(NODE)
    assert [one.event for one in await feed.after(2)] == [Token(text="two."), NODE]


async def test_a_token_after_a_pause_is_told_at_once() -> None:
    """Nobody waits for tokens that may never come."""
    feed = feed_of()
    feed.tell(Token(text="It "))
    await asyncio.sleep(TOGETHER_SECONDS * 2)
    feed.tell(Token(text="boils"))
    assert [one.event for one in await feed.after(0)] == [Token(text="It "), Token(text="boils")]


async def test_a_draft_that_is_void_stays_apart_from_the_next() -> None:
    """A restart is never swallowed by what is held back."""
    feed = feed_of()
    drafts = [Token(text="a"), Token(text="b"), Token(restart=True), Token(text="c")]
    for token in drafts:
        feed.tell(token)
    last = feed.number([])
    feed.close()
    assert last == []
    assert [one.event for one in await followed(feed)] == drafts


async def test_the_last_events_are_shown_only_when_they_are_kept() -> None:
    """They have their places before, behind the tokens that were held back."""
    kept: list[Told] = []
    feed = feed_of(kept)
    feed.tell(Token(text="a"))
    feed.tell(Token(text="b"))
    last = feed.number([NODE])
    assert [one.sequence for one in [*kept, *last]] == [1, 2, 3]
    assert len(await feed.after(0)) == 2
    feed.show(last)
    assert list(await feed.after(2)) == last
    assert len(kept) == 2


async def test_a_follower_that_went_away_leaves_nothing_behind() -> None:
    """The others go on."""
    feed = feed_of()
    gone, stays = (asyncio.create_task(followed(feed)) for _ in range(2))
    await asyncio.sleep(0)
    gone.cancel()
    feed.tell(NODE)
    await asyncio.sleep(0)
    feed.close()
    assert [one.event for one in await stays] == [NODE]
    assert gone.cancelled()


def test_what_is_told_anew_counts_on_from_far_behind() -> None:
    """A number that a follower has seen is not used for something else after a process died."""
    kept: list[Told] = []
    feed_of(kept, attempt=2).tell(NODE)
    assert [one.sequence for one in kept] == [ATTEMPT + 1]


@given(
    st.lists(st.one_of(st.just(NODE), st.builds(Token, text=st.text(max_size=3), restart=st.booleans()))),
    st.integers(min_value=0),
)
def test_whoever_follows_from_any_place_gets_exactly_the_rest(events: list[Event], place: int) -> None:
    """Whether it was there from the start, came in between, or came when all was over."""

    async def follow() -> None:
        kept: list[Told] = []
        feed = feed_of(kept)
        early = asyncio.create_task(followed(feed))
        late: asyncio.Task[list[Told]] | None = None
        for number, event in enumerate(events):
            if number == place:
                late = asyncio.create_task(followed(feed, number))
            feed.tell(event)
            if number % 3 == 0:
                await asyncio.sleep(0)
        feed.number([])
        feed.close()
        assert await early == kept
        assert [one.sequence for one in kept] == [*range(1, len(kept) + 1)]
        assert late is None or await late == kept[place:]
        for after in range(len(kept) + 2):
            assert await followed(feed, after) == kept[after:]

    asyncio.run(follow())
