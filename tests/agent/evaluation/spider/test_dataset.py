"""Reading folders in the format of Spider."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from agent.evaluation.spider.dataset import read_dataset
from tests.agent.evaluation.spider.orchard import QUESTIONS, write_folder
from tools.errors import InvalidInput


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return a folder that a test may damage."""
    return write_folder(tmp_path)


def test_questions_come_with_number_database_gold_and_difficulty(folder: Path) -> None:
    """Where nobody labelled the difficulty it is counted from the gold statement."""
    questions = read_dataset(folder).questions
    assert [question.number for question in questions] == list(range(len(QUESTIONS)))
    assert (questions[0].database, questions[0].text, questions[0].gold) == QUESTIONS[0]
    assert [questions[0].difficulty, questions[3].difficulty] == ["easy", "hard"]


def test_a_labelled_difficulty_is_believed(folder: Path) -> None:
    """It is what the published figures were grouped by."""
    line = {"db_id": "fleet", "question": "How many?", "query": "SELECT 1", "hardness": "extra"}
    (folder / "dev.jsonl").write_text(json.dumps(line), encoding="utf-8")
    assert read_dataset(folder).questions[0].difficulty == "extra"


def test_the_list_of_the_original_is_read_too(folder: Path) -> None:
    """dev.json is one list, whose questions are numbered by their place."""
    lines = [json.loads(line) for line in (folder / "dev.jsonl").read_text(encoding="utf-8").splitlines()]
    (folder / "dev.jsonl").unlink()
    kept = [{key: value for key, value in line.items() if key != "idx"} | {"sql": {}} for line in lines]
    (folder / "dev.json").write_text(json.dumps(kept), encoding="utf-8")
    assert [question.number for question in read_dataset(folder).questions] == list(range(len(QUESTIONS)))


def test_one_database_and_a_few_questions_can_be_chosen(folder: Path) -> None:
    """The numbers stay those of the whole set."""
    dataset = read_dataset(folder, database="fleet", limit=2)
    assert [question.number for question in dataset.questions] == [4, 5]
    assert dataset.numbers == tuple(range(8))
    assert dataset.file("fleet").is_file()


def test_words_for_names_are_taken_where_they_say_more(folder: Path) -> None:
    """A name that is only spelled otherwise needs no description."""
    assert read_dataset(folder).descriptions == {
        "orchard": {"harvests": "yearly harvests", "trees.kind": "sort of fruit"}
    }
    (folder / "tables.json").unlink()
    assert read_dataset(folder).descriptions == {}


def test_examples_come_from_the_training_part(folder: Path) -> None:
    """Without the file there are none."""
    assert read_dataset(folder).examples == []
    pair = {"db_id": "x", "question": "How many?", "query": "SELECT count(*) FROM x"}
    (folder / "train_spider.json").write_text(json.dumps([pair]), encoding="utf-8")
    assert read_dataset(folder).examples == [("How many?", "SELECT count(*) FROM x")]


def rewritten(text: str) -> Callable[[Path], object]:
    return lambda folder: (folder / "dev.jsonl").write_text(text, encoding="utf-8")


QUESTION = '{"db_id": "fleet", "question": "How many?", "query": "SELECT 1"'


@pytest.mark.parametrize(
    ("damage", "told"),
    [
        pytest.param(
            lambda folder: (folder / "dev.jsonl").unlink(),
            "holds neither dev.jsonl nor dev.json; name a folder in the format of Spider",
            id="no questions",
        ),
        pytest.param(rewritten(""), "holds no questions", id="no lines"),
        pytest.param(rewritten("{"), "line 1 is not JSON", id="no JSON"),
        pytest.param(rewritten("[]"), "question 1: it: ", id="no object"),
        pytest.param(rewritten('{"db_id": "fleet"}'), "question 1: question: Field required", id="no text"),
        pytest.param(
            rewritten(QUESTION + ', "idx": 3}\n' + QUESTION + ', "idx": 3}'),
            "idx 3 is used twice",
            id="twice",
        ),
        pytest.param(
            rewritten(QUESTION.replace("fleet", "../fleet") + "}"), "is no name of a folder", id="a path"
        ),
        pytest.param(
            rewritten(QUESTION.replace("fleet", "navy") + "}"),
            "there is no database/navy/navy.sqlite",
            id="no database",
        ),
        pytest.param(
            lambda folder: (folder / "dev.jsonl").write_bytes(b"\xff\xfe\x00"),
            "cannot be read as UTF-8",
            id="no text file",
        ),
        pytest.param(
            lambda folder: (folder / "tables.json").write_text("[{}]", encoding="utf-8"),
            "is not the tables.json of Spider",
            id="other tables",
        ),
    ],
)
def test_what_is_wrong_is_told_with_its_place(
    folder: Path, damage: Callable[[Path], object], told: str
) -> None:
    """The message names the file and what to do."""
    damage(folder)
    with pytest.raises(InvalidInput) as caught:
        read_dataset(folder)
    assert str(folder) in str(caught.value)
    assert told in str(caught.value)


def test_an_unknown_database_is_told_with_the_known_ones(folder: Path) -> None:
    """A slip of the keyboard is corrected at once."""
    with pytest.raises(InvalidInput, match="asks nothing of a database 'flet'; there are: fleet, orchard"):
        read_dataset(folder, database="flet")


def test_many_wrong_questions_are_told_shortly(folder: Path) -> None:
    """The first five, and how many more there are."""
    (folder / "dev.jsonl").write_text("{}\n" * 12, encoding="utf-8")
    with pytest.raises(InvalidInput, match=r"question 5: .*\| and 7 more; correct the file"):
        read_dataset(folder)


def test_a_wrong_training_part_is_told(folder: Path) -> None:
    """It is read only when examples are wanted."""
    (folder / "train_spider.json").write_text('{"question": 1}', encoding="utf-8")
    with pytest.raises(InvalidInput, match="are no questions with queries; correct or remove it"):
        _ = read_dataset(folder).examples
