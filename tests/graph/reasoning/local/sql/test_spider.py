"""Accuracy on Spider's questions, where that data set lies beside the project."""

import sqlite3
from contextlib import closing
from datetime import date
from pathlib import Path

import pytest

from agent.evaluation.spider.dataset import read_dataset
from agent.evaluation.spider.equality import compared, is_ordered, results_equal
from graph.reasoning.local.sql.writer import LocalSqlWriter
from tools.database.engine import open_database
from tools.types import ANYONE

SPIDER = Path(__file__).parents[5].parent / "shared" / "data" / "spider_dev"
EVERY = 4
RIGHT, RIGHT_OF_ANSWERED = 0.30, 0.70


@pytest.mark.skipif(not SPIDER.is_dir(), reason="Spider's questions are not here")
def test_a_third_of_spider_is_answered_and_most_of_that_is_right() -> None:
    """Execution accuracy over a sample of every fourth question."""
    questions = read_dataset(SPIDER).questions[::EVERY]
    answered = right = 0
    for name in sorted({question.database for question in questions}):
        file = SPIDER / "database" / name / f"{name}.sqlite"
        database = open_database(f"sqlite:///{file}", tables=(), deadline_seconds=10.0)
        writer = LocalSqlWriter(database)
        with closing(sqlite3.connect(f"file:{file}?mode=ro", uri=True)) as connection:
            connection.text_factory = lambda raw: raw.decode("utf-8", "replace")
            for question in questions:
                if question.database != name:
                    continue
                found = writer.compose(question.text, today=date(2024, 1, 1), principal=ANYONE)
                if found is None:
                    continue
                answered += 1
                gold = connection.execute(compared(question.gold)).fetchall()
                rows = connection.execute(compared(found.text)).fetchall()
                right += results_equal(gold, rows, ordered=is_ordered(question.gold))
        database.close()
    assert right / len(questions) >= RIGHT
    assert right / answered >= RIGHT_OF_ANSWERED
