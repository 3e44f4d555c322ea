"""A small folder in the format of Spider: two invented databases, eight questions."""

import json
import sqlite3
from contextlib import closing
from pathlib import Path

SCRIPTS = {
    "orchard": """
        CREATE TABLE trees (tree_id INTEGER PRIMARY KEY, kind TEXT, planted INTEGER, height REAL);
        INSERT INTO trees VALUES
            (1, 'apple', 1999, 4.5), (2, 'pear', 2004, 6.0), (3, 'apple', 2011, 3.0), (4, 'plum', 2011, NULL);
        CREATE TABLE harvests (tree_id INTEGER REFERENCES trees (tree_id), year INTEGER, kilos INTEGER);
        INSERT INTO harvests VALUES (1, 2023, 80), (1, 2024, 65), (2, 2024, 120), (3, 2024, 20);
    """,
    "fleet": """
        CREATE TABLE ships (name TEXT PRIMARY KEY, home TEXT, crew INTEGER);
        INSERT INTO ships VALUES ('Petrel', 'Oban', 9), ('Gannet', 'Mallaig', 14), ('Tern', 'Oban', 9);
    """,
}
QUESTIONS = [
    ("orchard", "How many trees are there?", "SELECT count(*) FROM trees"),
    ("orchard", "Which kinds of trees are there?", "SELECT DISTINCT kind FROM trees"),
    (
        "orchard",
        "List the kinds from the oldest tree on.",
        "SELECT kind FROM trees ORDER BY planted, tree_id",
    ),
    (
        "orchard",
        "How many kilos did each kind yield in 2024?",
        "SELECT T1.kind, sum(T2.kilos) FROM trees AS T1 JOIN harvests AS T2 ON T1.tree_id = T2.tree_id "
        "WHERE T2.year = 2024 GROUP BY T1.kind",
    ),
    ("fleet", "Which ships have a crew of at least 10?", "SELECT name FROM ships WHERE crew > = 10"),
    ("fleet", "Home and name of all ships", "SELECT home, name FROM ships"),
    ("fleet", "How many ships are at home in Oban?", "SELECT count(*) FROM ships WHERE home = 'Oban'"),
    ("fleet", "Is there a ship called Skua?", "SELECT name FROM ships WHERE name = 'Skua'"),
]
TABLES = [
    {
        "db_id": "orchard",
        "table_names": ["trees", "yearly harvests"],
        "table_names_original": ["trees", "harvests"],
        "column_names": [[-1, "*"], [0, "tree id"], [0, "sort of fruit"]],
        "column_names_original": [[-1, "*"], [0, "tree_id"], [0, "kind"]],
    }
]
STATEMENTS = {number: gold for number, (_, _, gold) in enumerate(QUESTIONS)}


def write_folder(folder: Path) -> Path:
    """Write the folder and return it."""
    for name, script in SCRIPTS.items():
        file = folder / "database" / name / f"{name}.sqlite"
        file.parent.mkdir(parents=True)
        with closing(sqlite3.connect(file)) as connection:
            connection.executescript(script)
    lines = [
        {"idx": number, "db_id": database, "question": question, "query": gold}
        for number, (database, question, gold) in enumerate(QUESTIONS)
    ]
    (folder / "dev.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
    (folder / "tables.json").write_text(json.dumps(TABLES), encoding="utf-8")
    return folder


def write_predictions(file: Path, statements: dict[int, str]) -> Path:
    """Write recorded predictions and return the file."""
    lines = [{"idx": number, "sql": statement} for number, statement in statements.items()]
    file.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
    return file
