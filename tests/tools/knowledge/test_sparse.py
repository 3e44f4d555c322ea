"""BM25 by language, and the plan of a search."""

import pytest

from tools.errors import ConfigurationError
from tools.knowledge.sparse import Branch, Lexicon
from tools.types import Filter


def overlap(language: str, passage: str, query: str) -> int:
    """Count the words a query shares with a passage, as the index sees them."""
    lexicon = Lexicon(languages={"base": language}, dense={})
    return len(set(lexicon.document("base", passage).indices) & set(lexicon.query(language, query).indices))


@pytest.mark.parametrize(
    ("language", "passage", "query", "shared"),
    [
        pytest.param(
            "english", "The machines are cleaned", "cleaning the machine", 2, id="stems_and_stop_words"
        ),
        pytest.param("german", "Die Maschinen werden gereinigt", "die Maschine", 1, id="german_stems"),
        pytest.param("chinese", "每月清洗咖啡机", "清洗", 1, id="words_without_spaces"),
        pytest.param("any", "the machines", "the machine", 1, id="words_as_they_are"),
    ],
)
def test_words_meet_in_the_form_of_their_language(
    language: str, passage: str, query: str, shared: int
) -> None:
    """Stems, stop words and segmentation follow the language."""
    assert overlap(language, passage, query) == shared


def test_an_unknown_language_names_the_remedy() -> None:
    """The message offers 'any'."""
    with pytest.raises(ConfigurationError, match=r"'klingon' is not known.*'any'"):
        Lexicon(languages={"base": "klingon"}, dense={})


def test_a_search_has_one_word_branch_a_language_and_one_by_meaning() -> None:
    """The branch by meaning covers the bases whose language the embedder speaks."""
    lexicon = Lexicon(languages={"a": "english", "b": "english", "c": "chinese"}, dense={"c": False})
    assert lexicon.branches(Filter()) == [
        Branch(language=None, knowledge_bases=("a", "b")),
        Branch(language="english", knowledge_bases=("a", "b")),
        Branch(language="chinese", knowledge_bases=("c",)),
    ]
    assert lexicon.branches(Filter(knowledge_bases=("c",))) == [
        Branch(language="chinese", knowledge_bases=("c",))
    ]


def test_without_any_base_everything_is_searched() -> None:
    """No filter is set when nothing is configured."""
    assert Lexicon(languages={}, dense={}).branches(Filter()) == [
        Branch(language=None, knowledge_bases=()),
        Branch(language="english", knowledge_bases=()),
    ]
