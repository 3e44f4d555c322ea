"""The bundled embedder and other fastembed models."""

import shutil
import subprocess
import sys
from pathlib import Path

import numpy
import pytest

from tests.fakes import FakeEmbedder
from tools.errors import ConfigurationError
from tools.knowledge.embedding import MINILM_FOLDER, FastEmbedder, MiniLM, speaks


def test_the_bundled_model_cuts_at_256_tokens() -> None:
    """Words beyond the limit change nothing."""
    long = "burrs " * 300
    first, second = MiniLM().embed([long + "alpha", long + "omega"])
    numpy.testing.assert_allclose(first, second, atol=1e-6)


def test_only_so_many_queries_are_remembered() -> None:
    """The cache forgets the query used longest ago."""
    embedder = MiniLM(cache_size=2)
    for text in ("one", "two", "one", "three"):
        embedder.embed([text])
    assert embedder._remembering.texts == ["one", "three"]


def test_importing_the_module_does_not_import_fastembed() -> None:
    """The second that fastembed takes is spent only when something is embedded."""
    code = "import sys, tools.knowledge.embedding; sys.exit('fastembed' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_an_unknown_model_is_a_configuration_error() -> None:
    """A name that fastembed does not list is named with the remedy."""
    embedder = FastEmbedder("nobody/no-such-model")
    with pytest.raises(ConfigurationError, match=r"no-such-model.*cannot be loaded; use"):
        embedder.embed(["text"])
    with pytest.raises(ConfigurationError, match="no-such-model"):
        _ = embedder.dimension


@pytest.mark.parametrize("missing", ["config.json", "model.onnx", "tokenizer.json"])
def test_a_folder_that_misses_a_file_is_a_configuration_error(tmp_path: Path, missing: str) -> None:
    """An incomplete copy of a model is refused."""
    folder = tmp_path / "model"
    shutil.copytree(MINILM_FOLDER, folder)
    (folder / missing).unlink()
    with pytest.raises(ConfigurationError, match="model"):
        FastEmbedder(folder).embed(["text"])


def test_a_damaged_model_is_a_configuration_error(tmp_path: Path) -> None:
    """A file that is no ONNX model is refused, not crashed on."""
    folder = tmp_path / "model"
    shutil.copytree(MINILM_FOLDER, folder)
    (folder / "model.onnx").write_bytes(b"not a model")
    with pytest.raises(ConfigurationError, match="cannot be loaded"):
        FastEmbedder(folder).embed(["text"])


def test_an_embedder_speaks_its_languages() -> None:
    """One that names its languages speaks no others; one that does not is trusted."""
    assert speaks(MiniLM(), "english")
    assert not speaks(MiniLM(), "chinese")
    assert not speaks(FakeEmbedder(), "german")
    assert speaks(FastEmbedder("some/model"), "german")
