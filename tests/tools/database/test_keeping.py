"""Answers that are remembered: for a while, not too many, and the same object while nothing changes."""

from tools.database.keeping import Kept, bytes_of


class Counter:
    """Finds answers and counts how often."""

    def __init__(self, *answers: tuple[str, ...]) -> None:
        """Prepare the answers, of which the last one stays."""
        self.answers = list(answers)
        self.found = 0

    def __call__(self) -> tuple[str, ...]:
        """Find the next one, as a new object."""
        self.found += 1
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        return (*answer, "")


def test_an_answer_is_found_once_while_it_holds() -> None:
    """The second time costs nothing."""
    kept, find = Kept[tuple[str, ...]](seconds=60, most=5), Counter(("a",))
    assert kept.get("q", find) is kept.get("q", find)
    assert find.found == 1


def test_an_answer_that_is_too_old_is_found_anew() -> None:
    """A changed one replaces it."""
    kept, find = Kept[tuple[str, ...]](seconds=0, most=5), Counter(("a",), ("b",))
    assert [kept.get("q", find), kept.get("q", find)] == [("a", ""), ("b", "")]


def test_an_answer_that_comes_out_the_same_stays_the_same_object() -> None:
    """Who made an index of it sees that nothing changed."""
    kept, find = Kept[tuple[str, ...]](seconds=0, most=5), Counter(("a", "b"))
    assert kept.get("q", find) is kept.get("q", find)
    assert find.found == 2


def test_a_doubted_answer_is_found_anew() -> None:
    """And is the same object when it was right."""
    kept, find = Kept[tuple[str, ...]](seconds=60, most=5), Counter(("a",))
    first = kept.get("q", find)
    kept.doubt()
    assert kept.get("q", find) is first
    assert find.found == 2


def test_the_oldest_answer_is_forgotten_first() -> None:
    """However many questions there are, so many answers are kept."""
    kept, find = Kept[tuple[str, ...]](seconds=60, most=2), Counter(("a",))
    for question in ("one", "two", "three", "two", "three"):
        kept.get(question, find)
    assert find.found == 3
    kept.get("one", find)
    assert find.found == 4


def test_the_answer_that_was_asked_for_longest_ago_is_forgotten_first() -> None:
    """Being asked for keeps an answer."""
    kept, find = Kept[tuple[str, ...]](seconds=60, most=2), Counter(("a",))
    for question in ("one", "two", "one", "three", "one"):
        kept.get(question, find)
    assert find.found == 3


def test_answers_are_bounded_in_bytes_and_a_giant_one_is_not_kept() -> None:
    """However many fit."""
    size = bytes_of(("a" * 1_000, ""))
    kept, find = Kept[tuple[str, ...]](seconds=60, most=2 * size, size=bytes_of), Counter(("a" * 1_000,))
    for question in ("one", "two", "three", "three", "two"):
        kept.get(question, find)
    assert find.found == 3
    giant = Counter(("a" * 9_000,))
    assert kept.get("giant", giant) == kept.get("giant", giant)
    assert giant.found == 2


def test_answers_that_nobody_asks_for_again_are_forgotten() -> None:
    """They take no room when others come."""
    kept, find = Kept[tuple[str, ...]](seconds=0, most=10), Counter(("a",))
    first = kept.get("one", find)
    kept.get("two", find)
    assert kept.get("one", find) is not first
