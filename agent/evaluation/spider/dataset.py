"""Reads a folder in the format of Spider: questions with gold statements, tables, SQLite databases.

    dev.jsonl or dev.json       {"db_id", "question", "query"}, optionally "idx" and "hardness"
    tables.json                 names of tables and columns in words, optional
    database/ID/ID.sqlite       one for each db_id
    train_spider.json           {"question", "query"}, optional: what a model's examples are chosen from

Spider: Yu et al., 2018, https://yale-lily.github.io/spider
"""

import json
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, TypeAdapter, ValidationError

from agent.evaluation.spider.equality import mended
from tools.database.difficulty import Difficulty, difficulty
from tools.errors import InvalidInput

QUESTION_FILES = ("dev.jsonl", "dev.json")
EXAMPLE_FILE = "train_spider.json"
_MOST_PROBLEMS = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """One question with the statement that answers it."""

    number: int
    """Its place in the whole set, by which predictions and verdicts name it."""
    database: str
    text: str
    gold: str
    difficulty: Difficulty


@dataclass(frozen=True, slots=True, kw_only=True)
class Dataset:
    """A folder that was read."""

    folder: Path
    questions: tuple[Question, ...]
    """Those that were asked for."""
    numbers: tuple[int, ...]
    """Those of the whole set, in order."""
    descriptions: Mapping[str, Mapping[str, str]]
    """By database: words for `table` and `table.column` where they say more than the name."""

    @property
    def examples(self) -> list[tuple[str, str]]:
        """Read the questions and statements of the training part; none when the folder has none.

        Raises:
            InvalidInput: The file is wrong.
        """
        file = self.folder / EXAMPLE_FILE
        if not file.is_file():
            return []
        try:
            examples = TypeAdapter(list[_Example]).validate_python(read_json(file))
        except ValidationError as error:
            raise InvalidInput(
                f"{file}: {error.error_count()} entries are no questions with queries; correct or remove it"
            ) from error
        return [(example.question, example.query) for example in examples]

    def file(self, database: str) -> Path:
        """Return the file of a database."""
        return _database_file(self.folder, database)


class _Line(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")

    idx: int | None = None
    db_id: str
    question: str
    query: str
    hardness: Difficulty | None = None


class _Example(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")

    question: str
    query: str


class _Tables(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")

    db_id: str
    table_names: list[str]
    table_names_original: list[str]
    column_names: list[tuple[int, str]]
    column_names_original: list[tuple[int, str]]


def read_dataset(folder: Path, *, database: str | None = None, limit: int | None = None) -> Dataset:
    """Read the questions of a folder.

    Args:
        folder: Where everything is.
        database: Keep only the questions of this one.
        limit: Keep only so many.

    Raises:
        InvalidInput: Something is missing or wrong; the message says what, where, and what to do.
    """
    questions = _questions(folder)
    known = sorted({question.database for question in questions})
    if database is not None and database not in known:
        raise InvalidInput(
            f"{folder}: asks nothing of a database {database!r}; there are: {', '.join(known)}"
        )
    chosen = [question for question in questions if database in (None, question.database)][:limit]
    wanted = {question.database for question in chosen}
    missing = [name for name in sorted(wanted) if not _database_file(folder, name).is_file()]
    if missing:
        raise InvalidInput(
            f"{folder}: there is no {' and no '.join(f'database/{name}/{name}.sqlite' for name in missing)}; "
            "add what is missing, or choose another with --database"
        )
    return Dataset(
        folder=folder,
        questions=tuple(chosen),
        numbers=tuple(question.number for question in questions),
        descriptions=_descriptions(folder, wanted),
    )


def _questions(folder: Path) -> list[Question]:
    file = next((folder / name for name in QUESTION_FILES if (folder / name).is_file()), None)
    if file is None:
        raise InvalidInput(
            f"{folder}: holds neither {' nor '.join(QUESTION_FILES)}; name a folder in the format of Spider"
        )
    entries = read_json_lines(file) if file.suffix == ".jsonl" else read_json(file)
    if not isinstance(entries, list):
        raise InvalidInput(f"{file}: is no list of questions; take the file from a folder of Spider")
    questions: dict[int, Question] = {}
    problems = []
    for place, entry in enumerate(entries):
        try:
            question = _question(entry, place, known=questions)
        except InvalidInput as error:
            problems.append(f"question {place + 1}: {error}")
        else:
            questions[question.number] = question
    if problems or not questions:
        more = [f"and {len(problems) - _MOST_PROBLEMS} more"] if len(problems) > _MOST_PROBLEMS else []
        told = " | ".join([*problems[:_MOST_PROBLEMS], *more])
        raise InvalidInput(f"{file}: {told or 'holds no questions'}; correct the file")
    return list(questions.values())


def _question(entry: object, place: int, *, known: Collection[int]) -> Question:
    try:
        line = _Line.model_validate(entry)
    except ValidationError as error:
        raise InvalidInput(
            "; ".join(f"{'.'.join(map(str, one['loc'])) or 'it'}: {one['msg']}" for one in error.errors())
        ) from error
    if line.db_id in ("", ".", "..") or Path(line.db_id).name != line.db_id:
        raise InvalidInput(f"db_id {line.db_id!r} is no name of a folder")
    number = place if line.idx is None else line.idx
    if number in known:
        raise InvalidInput(f"idx {number} is used twice")
    return Question(
        number=number,
        database=line.db_id,
        text=line.question,
        gold=line.query,
        difficulty=line.hardness or difficulty(mended(line.query)),
    )


def _descriptions(folder: Path, wanted: Collection[str]) -> dict[str, dict[str, str]]:
    file = folder / "tables.json"
    if not file.is_file():
        return {}
    try:
        schemas = TypeAdapter(list[_Tables]).validate_python(read_json(file))
    except ValidationError as error:
        raise InvalidInput(
            f"{file}: is not the tables.json of Spider ({error.error_count()} problems); correct or remove it"
        ) from error
    return {schema.db_id: dict(_words(schema)) for schema in schemas if schema.db_id in wanted}


def _words(schema: _Tables) -> Iterable[tuple[str, str]]:
    tables = schema.table_names_original
    for name, words in zip(tables, schema.table_names, strict=False):
        if _plain(name) != _plain(words):
            yield name, words
    for (table, name), (_, words) in zip(schema.column_names_original, schema.column_names, strict=False):
        if 0 <= table < len(tables) and _plain(name) != _plain(words):
            yield f"{tables[table]}.{name}", words


def _plain(name: str) -> str:
    return "".join(filter(str.isalnum, name)).casefold()


def _database_file(folder: Path, name: str) -> Path:
    return folder / "database" / name / f"{name}.sqlite"


def read_json(file: Path) -> Any:  # noqa: ANN401  # JSON is what it is
    """Read one JSON value.

    Raises:
        InvalidInput: The file cannot be read or is not JSON.
    """
    text = _read(file)
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        raise InvalidInput(f"{file}: is not JSON; correct the file") from error


def read_json_lines(file: Path) -> list[Any]:
    """Read one JSON value a line.

    Raises:
        InvalidInput: The file cannot be read, or a line is not JSON.
    """
    values = []
    for number, line in enumerate(_read(file).split("\n"), start=1):
        if line.strip():
            try:
                values.append(json.loads(line))
            except (ValueError, RecursionError) as error:
                raise InvalidInput(f"{file}: line {number} is not JSON; correct the line") from error
    return values


def _read(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise InvalidInput(
            f"{file}: cannot be read as UTF-8 text; check the file and its permissions"
        ) from error
