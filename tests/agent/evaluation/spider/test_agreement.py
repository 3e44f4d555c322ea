"""The judge against the official verdicts on recorded predictions."""

from dataclasses import replace
from pathlib import Path

import pytest

from agent.evaluation.spider.dataset import Dataset, read_dataset
from agent.evaluation.spider.report import agreement, read_verdicts
from agent.evaluation.spider.running import Run
from agent.evaluation.spider.systems import Recorded, read_predictions
from tools.database.difficulty import difficulty

SYSTEMS = ("dail_gpt4", "c3_chatgpt", "gpt4_zero_shot")
FOLDER = Path(__file__).parents[5] / "shared" / "data" / "spider_dev"

VERDICTS = FOLDER / "official_exec_verdicts.json"

pytestmark = pytest.mark.skipif(not FOLDER.is_dir(), reason="the Spider data lie beside the repository")


@pytest.fixture(scope="module")
def dataset() -> Dataset:
    """Return the whole set."""
    return read_dataset(FOLDER)


async def test_our_verdicts_are_the_official_ones(dataset: Dataset) -> None:
    """At least 99.5 % of them for each of three systems, judged in one run; no gold statement is refused."""
    apart = 1 + max(dataset.numbers)
    recorded = [
        read_predictions(FOLDER / f"predictions_{name}.jsonl", numbers=dataset.numbers) for name in SYSTEMS
    ]
    thrice = replace(
        dataset,
        questions=tuple(
            replace(question, number=question.number + place * apart)
            for place in range(len(SYSTEMS))
            for question in dataset.questions
        ),
    )
    statements = {
        number + place * apart: statement
        for place, one in enumerate(recorded)
        for number, statement in one.statements.items()
    }
    system = Recorded(name="all", label="all", statements=statements)
    outcomes = await Run(dataset=thrice, system=system).outcomes()
    assert [one.idx for one in outcomes if one.gold_problem is not None] == []
    for place, name in enumerate(SYSTEMS):
        own = [
            one.model_copy(update={"idx": one.idx % apart}) for one in outcomes if one.idx // apart == place
        ]
        agreed = agreement(own, read_verdicts(VERDICTS, system=name, predictions=name))
        assert agreed.compared == len(dataset.questions) > 0
        assert agreed.share >= 0.995, (name, agreed.disagreements)


def test_the_official_difficulties_are_counted_alike(dataset: Dataset) -> None:
    """The labels of the data are what our own count gives."""
    assert [one.number for one in dataset.questions if difficulty(one.gold) != one.difficulty] == []
