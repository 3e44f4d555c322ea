"""Makes new statements out of benign and hostile ones, by a seed: pieces of text and trees change places."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from random import Random

import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError

from tests.tools.database.corpora import READABLE, SHOP, statements, unescaped
from tools.database.schema import Dialect

_TOKEN = re.compile(r"\s+|\w+|'(?:[^']|'')*'|\"[^\"]*\"|--[^\n]*|/\*.*?\*/|::|\|\||[<>!]=|<>|.", re.DOTALL)
_MOST_CHARACTERS = 3_000
_FUNCTIONS = """
pg_sleep pg_read_file lo_import query_to_xml set_config nextval dblink generate_series repeat load_extension
randomblob zeroblob printf readfile fts3_tokenizer hex char json_each pragma_table_info version random
count lower max coalesce round length substr replace
"""
_RELATIONS = """
secrets sqlite_master sqlite_schema pg_class pg_shadow information_schema.tables pragma_database_list dbstat
public.secrets main.secrets temp.orders other.orders "secrets" [secrets] `secrets` "Orders"
"""
_FRAMES = (
    "SELECT * FROM ({}) AS x",
    "SELECT ({})",
    "({})",
    "WITH a AS ({}) SELECT * FROM a",
    "WITH orders AS ({}) SELECT * FROM orders",
    "SELECT 1 WHERE EXISTS ({})",
    "SELECT name FROM customers WHERE customer_id IN ({})",
    "SELECT count(*) FROM orders ORDER BY ({})",
    "EXPLAIN {}",
    "CREATE TABLE x AS {}",
    "{};",
    "{} LIMIT :n",
    "{} FOR UPDATE",
)
_GLUES = (" UNION ", " UNION ALL ", " EXCEPT ", "; ", " , ", " JOIN ", " AND ", " -- ", " /* ", " */ ", "\n")
_COMMENTS = ("/**/", "-- x\n", "/*!50000 */", "/* ; */", "#\n", "--", "/*", "*/")
_QUOTES = ('"{}"', "[{}]", "`{}`", "'{}'", "({})", "$${}$$", "E'{}'", "{}()", "main.{}", "public.{}", ":{}")
_ODD = "\u00a0\u200b\u3000\ufeff\u017f\u212a\u0130\uff07\u2019\u0000\u001a\U0001f600\ud800"
_ALIKE = str.maketrans({"s": "ſ", "k": "K", "i": "ı", "o": "о", "e": "е", "'": "＇", ";": ";", "(": "（"})

_Change = Callable[["Mutator", str], str]


@dataclass(slots=True)
class Mutator:
    """An endless source of statements, the same for the same seed."""

    dialect: Dialect
    seed: int
    random: Random = field(init=False)
    benign: list[str] = field(init=False)
    hostile: list[str] = field(init=False)
    trees: list[exp.Expr] = field(init=False)

    def __post_init__(self) -> None:
        """Read the tables of statements and parse what can be parsed."""
        self.random = Random(f"{self.seed} {self.dialect}")  # noqa: S311  # repeatable on purpose
        self.benign = [unescaped(line) for line in statements("benign", self.dialect)]
        self.hostile = [unescaped(line) for line in statements("hostile", self.dialect)]
        self.trees = list(_parsed([*self.benign, *self.hostile], self.dialect))

    def statements(self, count: int) -> Iterator[str]:
        """Yield statements that are one to four changes away from those of the tables."""
        for _ in range(count):
            statement = self.random.choice(self.any())
            for _ in range(self.random.choice((1, 1, 1, 2, 2, 3, 4))):
                change = self.random.choice(_CHANGES)
                statement = change(self, statement)[:_MOST_CHARACTERS]
            yield statement

    def any(self) -> list[str]:
        """Choose benign statements more often: what is nearly allowed says most."""
        return self.benign if self.random.random() < 0.7 else self.hostile

    def other(self) -> str:
        """Return another statement, hostile more often."""
        return self.random.choice(self.hostile if self.random.random() < 0.6 else self.benign)


def _parsed(texts: list[str], dialect: Dialect) -> Iterator[exp.Expr]:
    for text in texts:
        try:
            tree = sqlglot.parse_one(text, read=dialect)
        except (SqlglotError, ValueError, RecursionError, AttributeError):
            continue
        if isinstance(tree, exp.Query):
            yield tree


def _pieces(text: str) -> list[str]:
    return _TOKEN.findall(text) or [" "]


def _swap(mutator: Mutator, text: str) -> str:
    pieces = _pieces(text)
    one, other = (mutator.random.randrange(len(pieces)) for _ in range(2))
    pieces[one], pieces[other] = pieces[other], pieces[one]
    return "".join(pieces)


def _drop(mutator: Mutator, text: str) -> str:
    pieces = _pieces(text)
    start = mutator.random.randrange(len(pieces))
    del pieces[start : start + mutator.random.choice((1, 1, 2, 5))]
    return "".join(pieces)


def _double(mutator: Mutator, text: str) -> str:
    pieces = _pieces(text)
    start = mutator.random.randrange(len(pieces))
    run = pieces[start : start + mutator.random.choice((1, 3, 9))]
    return "".join([*pieces[:start], *run, " ", *pieces[start:]])


def _splice(mutator: Mutator, text: str) -> str:
    """Put a run of another statement in the place of one of this."""
    pieces, others = _pieces(text), _pieces(mutator.other())
    start, begin = mutator.random.randrange(len(pieces)), mutator.random.randrange(len(others))
    run = others[begin : begin + mutator.random.choice((1, 1, 3, 8, 50))]
    return "".join([*pieces[:start], *run, *pieces[start + mutator.random.choice((0, 1, 1, 3)) :]])


def _reword(mutator: Mutator, text: str) -> str:
    """Put one word of another statement in the place of one of this."""
    words = re.findall(r"\w+", mutator.other()) or ["x"]
    return _one_word(mutator, text, lambda _: mutator.random.choice(words))


def _recase(mutator: Mutator, text: str) -> str:
    return _one_word(mutator, text, mutator.random.choice((str.upper, str.lower, str.title, str.swapcase)))


def _quote(mutator: Mutator, text: str) -> str:
    return _one_word(mutator, text, mutator.random.choice(_QUOTES).format)


def _column(mutator: Mutator, text: str) -> str:
    names = [column.name for table in SHOP.tables for column in table.columns]
    names += ["password", "word", "rowid", "ctid", "oid", "*", "o", "orders", "x.*"]
    return _one_word(mutator, text, lambda _: mutator.random.choice(names))


def _call(mutator: Mutator, text: str) -> str:
    """Rename a function, or make a call of a word."""
    name = mutator.random.choice(_FUNCTIONS.split())
    calls = list(re.finditer(r"\w+\s*\(", text))
    if calls and mutator.random.random() < 0.7:
        call = mutator.random.choice(calls)
        return f"{text[: call.start()]}{name}({text[call.end() :]}"
    return _one_word(mutator, text, lambda word: f"{name}({word})")


def _relation(mutator: Mutator, text: str) -> str:
    """Put another table in the place of one that may be read."""
    others = _RELATIONS.split()

    def change(found: re.Match[str]) -> str:
        return mutator.random.choice(others) if mutator.random.random() < 0.5 else found.group()

    return re.sub(rf"\b({'|'.join(READABLE)})\b", change, text)


def _one_word(mutator: Mutator, text: str, change: Callable[[str], str]) -> str:
    words = list(re.finditer(r"\w+", text))
    if not words:
        return text
    word = mutator.random.choice(words)
    return f"{text[: word.start()]}{change(word.group())}{text[word.end() :]}"


def _insert(mutator: Mutator, text: str) -> str:
    place = mutator.random.randrange(len(text) + 1)
    piece = mutator.random.choice((*_COMMENTS, *_ODD, ";", "'", '"', "(", ")", "\\", "\n"))
    return f"{text[:place]}{piece}{text[place:]}"


def _look_alike(mutator: Mutator, text: str) -> str:
    return _one_word(mutator, text, lambda word: word.translate(_ALIKE))


def _frame(mutator: Mutator, text: str) -> str:
    return mutator.random.choice(_FRAMES).replace("{}", text)


def _glue(mutator: Mutator, text: str) -> str:
    return f"{text}{mutator.random.choice(_GLUES)}{mutator.other()}"


def _graft(mutator: Mutator, text: str) -> str:
    """Put a part of one tree in the place of a part of another; the text before is given up."""
    tree = mutator.random.choice(mutator.trees).copy()
    donor = mutator.random.choice(mutator.trees)
    places = list(tree.walk())[1:]
    gifts = list(donor.walk())
    if not places:
        return text
    place = mutator.random.choice(places)
    alike = [gift for gift in gifts if type(gift) is type(place)]
    gift = mutator.random.choice(alike if alike and mutator.random.random() < 0.6 else gifts)
    try:
        place.replace(gift.copy())
        return tree.sql(dialect=mutator.dialect)
    except (SqlglotError, ValueError, AttributeError, TypeError, KeyError, IndexError, RecursionError):
        return text  # a tree that cannot be written is no statement


_CHANGES: tuple[_Change, ...] = (
    *(_swap, _drop, _double, _splice, _splice, _reword, _recase, _quote, _column, _column, _call, _call),
    *(_relation, _relation, _insert, _look_alike, _frame, _glue, _graft, _graft, _graft),
)
