"""The cross-encoder, run on a tiny model that is written by hand."""

import json
from pathlib import Path

import pytest
from tokenizers import Tokenizer
from tokenizers.models import WordLevel
from tokenizers.pre_tokenizers import Whitespace

from tools.errors import ConfigurationError
from tools.ports import Reranker
from tools.ranking.crossencoder import CrossEncoder

UNKNOWN = "[UNK]"
VOCABULARY = {"[PAD]": 0, "[UNK]": 1, "kettle": 2, "boil": 40, "water": 300}
INT64, FLOAT = 7, 1


def varint(number: int) -> bytes:
    """Encode a non-negative integer as protobuf does."""
    encoded = bytearray()
    while number > 0x7F:
        encoded.append(number & 0x7F | 0x80)
        number >>= 7
    return bytes([*encoded, number])


def message(*fields: tuple[int, int | str | bytes]) -> bytes:
    """Encode a protobuf message from numbered fields."""
    encoded = b""
    for number, value in fields:
        if isinstance(value, int):
            encoded += varint(number << 3) + varint(value)
        else:
            content = value.encode() if isinstance(value, str) else value
            encoded += varint(number << 3 | 2) + varint(len(content)) + content
    return encoded


def tensor(name: str, kind: int, *dimensions: str | int) -> bytes:
    """Encode the description of an input or output."""
    shape = message(*((1, message((1 if isinstance(one, int) else 2, one))) for one in dimensions))
    return message((1, name), (2, message((1, message((1, kind), (2, shape))))))


def model() -> bytes:
    """Encode an ONNX model whose score is the sum of the token ids: longer and rarer is better."""
    to_float = message((1, "to"), (3, FLOAT), (20, 2))
    along = message((1, "axes"), (8, 1), (20, 7))
    cast = message((1, "input_ids"), (2, "floats"), (4, "Cast"), (5, to_float))
    total = message((1, "floats"), (2, "logits"), (4, "ReduceSum"), (5, along))
    graph = message(
        (1, cast),
        (1, total),
        (2, "sum"),
        (11, tensor("input_ids", INT64, "batch", "sequence")),
        (12, tensor("logits", FLOAT, "batch", 1)),
    )
    return message((1, 7), (7, graph), (8, message((1, ""), (2, 11))))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Write the model and its tokenizer as a downloaded model's folder looks."""
    path = tmp_path_factory.mktemp("crossencoder")
    tokenizer = Tokenizer(WordLevel(VOCABULARY, unk_token=UNKNOWN))
    tokenizer.pre_tokenizer = Whitespace()
    tokenizer.save(str(path / "tokenizer.json"))
    (path / "model.onnx").write_bytes(model())
    (path / "config.json").write_text(json.dumps({"pad_token_id": 0}))
    (path / "tokenizer_config.json").write_text(json.dumps({"model_max_length": 64, "pad_token": "[PAD]"}))
    (path / "special_tokens_map.json").write_text(json.dumps({"pad_token": "[PAD]", "unk_token": "[UNK]"}))
    return path


@pytest.fixture(scope="module")
def reranker(folder: Path) -> Reranker:
    """Load the model from its folder."""
    return CrossEncoder(str(folder), threads=1)


def test_each_text_is_scored_together_with_the_query_in_order(reranker: Reranker) -> None:
    """The sums are those of the token ids of query and text."""
    assert reranker.score("kettle", ["boil water", "kettle", "", "boil"]) == [342.0, 4.0, 2.0, 42.0]


def test_scores_do_not_depend_on_the_company(reranker: Reranker) -> None:
    """More texts than one batch holds, each scored as if alone."""
    texts = ["boil " * (number % 5) + "water" for number in range(40)]
    assert reranker.score("kettle", texts) == [reranker.score("kettle", [text])[0] for text in texts]


def test_nothing_to_score_gives_no_scores(reranker: Reranker) -> None:
    """An empty part is no error."""
    assert reranker.score("kettle", []) == []


def test_the_model_is_named_as_configured(folder: Path, reranker: Reranker) -> None:
    """And a second encoder of the same folder can be opened."""
    assert reranker.name == str(folder)
    assert CrossEncoder(str(folder)).score("boil", ["boil"]) == [80.0]


@pytest.mark.parametrize("broken", ["model.onnx", "tokenizer.json", "tokenizer_config.json"])
@pytest.mark.parametrize("how", ["missing", "garbage"])
def test_a_folder_that_cannot_be_loaded_is_refused_with_the_remedy(
    folder: Path, tmp_path: Path, broken: str, how: str
) -> None:
    """Whatever is missing or damaged."""
    copy = tmp_path / f"model-{how}-{broken}"
    copy.mkdir()
    for file in folder.iterdir():
        (copy / file.name).write_bytes(file.read_bytes())
    (copy / broken).unlink() if how == "missing" else (copy / broken).write_bytes(b"\x00garbage")
    with pytest.raises(
        ConfigurationError, match=r"models\.reranker = .* cannot be loaded .* give a model name"
    ):
        CrossEncoder(str(copy))


def test_an_unknown_name_is_refused_without_asking_the_network() -> None:
    """Only names that fastembed lists are fetched."""
    with pytest.raises(ConfigurationError, match=r"models\.reranker = 'nobody/nothing'"):
        CrossEncoder("nobody/nothing")
