"""A small installation of an invented kite maker: two bases, a database, two named queries."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from tests.agent.cli.command import plumbline
from tests.copying import copy_installation

FILES = {
    "guides/launching.md": """---
title: Launching a kite
products: [Swift, Heron]
---

# Launching a kite

## Wind

The Swift flies from 8 to 25 km/h of wind. The Heron needs at least 12 km/h of wind.

## Solo launch

1. Lay the kite on its back and weigh it down with sand.
2. Walk backwards until the lines are tight.
3. Pull the top lines and take two steps back.
""",
    "guides/repair.md": """# Repairing a sail

Small tears up to 5 centimetres are closed with ripstop tape on both sides of the sail.

A broken spar is replaced, never glued. Spars of the Swift are 4 millimetres thick.
""",
    "guides/storage.txt": "Dry the kite before you pack it. Store it below 40 degrees, away from sunlight.\n",
    "terms/returns.md": """# Returns

You may return an unflown kite within 21 days of delivery. The refund is paid within 6 working days.

Kites that were flown cannot be returned, only repaired.
""",
    "terms/warranty.md": """# Warranty

The warranty on sails lasts 18 months. Lines and handles are covered for 6 months.
""",
}

CONFIGURATION = r"""
[assistant]
name = "Marlow desk"
description = "Questions about Marlow kites, their care and our terms."
today = 2026-05-04

[knowledge_bases.guides]
description = "Guides: launching, flying, repairing and storing the kites"
paths = ["guides"]
examples = [
    "How do I launch a kite alone?",
    "How do I mend a tear in the sail?",
    "Which wind does the Heron need?",
    "Where should I keep my kite over winter?",
]

[knowledge_bases.terms]
description = "Terms of sale: returns, refunds and warranty"
paths = ["terms"]
examples = [
    "How long can I send a kite back?",
    "Is a broken line covered by the warranty?",
    "When do I get my money back?",
]

[database]
url = "sqlite:///marlow.db"
description = "Records of the shop: kites with prices and stock, orders with their status"

[[database.queries]]
name = "kite_price"
description = "What a kite costs and how many are in stock"
examples = ["What does the Heron cost?", "Price of the Swift", "How many Herons are in stock?"]
statement = "SELECT name, price, stock FROM kites WHERE name = :kite"
answer = "The {name} costs EUR {price}; {stock} are in stock."
parameters.kite = { kind = "value", column = "kites.name", ask = "Which kite do you mean?" }

[[database.queries]]
name = "order_status"
description = "The status of one order"
examples = ["Where is my order MK-4711?", "Has MK-4711 been shipped?", "What is the status of MK-4711?"]
statement = "SELECT number, status, ordered_on FROM orders WHERE number = :number"
answer = "Order {number} of {ordered_on} is {status}."
empty = "There is no order {number}."
parameters.number = { kind = "text", pattern = 'MK-\d{4}', ask = "Which order number, like MK-4711?" }
"""

ROWS = """
CREATE TABLE kites (name TEXT PRIMARY KEY, price REAL NOT NULL, stock INTEGER NOT NULL);
CREATE TABLE orders (number TEXT PRIMARY KEY, status TEXT NOT NULL, ordered_on TEXT NOT NULL);
INSERT INTO kites VALUES ('Swift', 89.5, 14), ('Heron', 149.0, 3), ('Puffin', 45.0, 0);
INSERT INTO orders VALUES ('MK-2001', 'shipped', '2026-04-28');
INSERT INTO orders VALUES ('MK-2002', 'waiting for payment', '2026-05-02');
"""


def write_installation(folder: Path) -> Path:
    """Write documents, database and configuration; return the configuration file."""
    for name, text in FILES.items():
        file = folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
    with closing(sqlite3.connect(folder / "marlow.db")) as connection:
        connection.executescript(ROWS)
    configuration = folder / "plumbline.toml"
    configuration.write_text(CONFIGURATION, encoding="utf-8")
    return configuration


@pytest.fixture(scope="session")
def marlow(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the configuration of the ingested installation, for tests that only read it."""
    configuration = write_installation(tmp_path_factory.mktemp("marlow"))
    done = plumbline("ingest", "--config", configuration)
    assert done.code == 0, done.err
    return configuration


@pytest.fixture
def own(marlow: Path, tmp_path: Path) -> Path:
    """Return the configuration of a copy of the ingested installation, for tests that change it."""
    copy_installation(marlow.parent, tmp_path / "own")
    return tmp_path / "own" / "plumbline.toml"


@pytest.fixture
def fresh(tmp_path: Path) -> Path:
    """Return the configuration of an installation of which nothing is ingested yet."""
    (tmp_path / "fresh").mkdir()
    return write_installation(tmp_path / "fresh")
