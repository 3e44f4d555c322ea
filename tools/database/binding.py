"""Gives a checked statement its values, and spells its parameters as the driver wants them."""

from collections.abc import Mapping
from itertools import pairwise

from sqlglot.dialects.dialect import Dialect as Tokens
from sqlglot.tokenizer_core import TokenType

from tools.database.guard import Verdict
from tools.database.guarding.forms import ASKER
from tools.errors import RejectedQuery
from tools.types import Cell, Principal

_LARGEST_INTEGER = 2**63


def bound_values(verdict: Verdict, given: Mapping[str, Cell], principal: Principal) -> dict[str, Cell]:
    """Return a value for each parameter of a statement; the asker's own cannot be given from outside.

    Raises:
        RejectedQuery: A value is missing, or no database takes it.
    """
    attributes = dict(principal.attributes)
    missing = sorted(verdict.parameters - set(given))
    if missing:
        names = ", ".join(f":{name}" for name in missing)
        raise RejectedQuery(f"the statement needs values for {names}", "parameters")
    values = {name: given[name] for name in verdict.parameters}
    values |= {f"{ASKER}{name}": attributes[name] for name in verdict.attributes}
    for name, value in values.items():
        if not _is_bindable(value):
            raise RejectedQuery(f"the value for :{name} is none that the database can take", "parameters")
    return values


def percent_style(statement: str) -> str:
    """Spell `:name` as `%(name)s` and every percent sign twice, as PostgreSQL's driver reads it."""
    tokens = Tokens.get_or_raise("postgres").tokenize(statement)
    names = {
        first.start: second
        for first, second in pairwise(tokens)
        if first.token_type is TokenType.COLON and second.start == first.end + 1
    }
    pieces, done = [], 0
    for start, name in sorted(names.items()):
        pieces += [statement[done:start].replace("%", "%%"), f"%({statement[name.start : name.end + 1]})s"]
        done = name.end + 1
    return "".join([*pieces, statement[done:].replace("%", "%%")])


def _is_bindable(value: Cell) -> bool:
    if isinstance(value, str):
        return "\0" not in value and _is_unicode(value)
    if isinstance(value, int):
        return -_LARGEST_INTEGER <= value < _LARGEST_INTEGER
    return True


def _is_unicode(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
