"""Text to unit vectors: the bundled model, or any other one that fastembed runs.

fastembed is imported when the first text is embedded, because its import takes most of a second.
"""

import json
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy

from tools.errors import ConfigurationError
from tools.ports import Embedder, Matrix
from tools.vectors import Remembering, unit_rows

if TYPE_CHECKING:
    from fastembed import TextEmbedding

MINILM_FOLDER = Path(__file__).parent.parent / "models" / "minilm"
MINILM_NAME = "all-MiniLM-L6-v2-int8"
BATCH = 8
"""Small batches of texts of like length waste the least work on padding."""


class FastEmbedder:
    """Embeds with a fastembed model, given by name or as a local folder; safe to share between threads."""

    languages: tuple[str, ...] = ()
    """Languages the model is good at; empty when unknown."""

    def __init__(self, name_or_path: str | Path, *, cache_size: int = 512) -> None:
        """Choose the model; it is loaded when first used, and a name is downloaded then.

        Args:
            name_or_path: A name fastembed knows, or a folder with an ONNX model and its tokenizer files.
            cache_size: Single texts (queries) whose vectors are kept.
        """
        self._place = str(name_or_path)
        self._most_tokens: int | None = None
        self._remembering = Remembering(self._embed_all, size=cache_size)
        self._lock = threading.Lock()
        self._model: TextEmbedding | None = None

    @property
    def name(self) -> str:
        """Identifies the model; a folder by its name and the size of its model file."""
        folder = Path(self._place)
        if not folder.is_dir():
            return self._place
        return f"{folder.name}-{(folder / _model_file(folder)).stat().st_size}"

    @property
    def dimension(self) -> int:
        """Length of each vector; asks the model's files, for a name fastembed's list."""
        if Path(self._place).is_dir():
            return _folder_dimension(Path(self._place))
        from fastembed import TextEmbedding

        try:
            return TextEmbedding.get_embedding_size(self._place)
        except ValueError as error:
            raise _unknown(self._place) from error

    def embed(self, texts: Sequence[str]) -> Matrix:
        """Return one unit vector a text, in order; a single text is remembered."""
        return self._remembering(texts)

    def _embed_all(self, texts: Sequence[str]) -> Matrix:
        """Embed in order of length and put the vectors back in the order of the texts."""
        if not texts:
            return numpy.zeros((0, self.dimension), dtype=numpy.float32)
        order = sorted(range(len(texts)), key=lambda index: len(texts[index]))
        model = self._loaded()
        vectors = numpy.stack(list(model.embed([texts[index] for index in order], batch_size=BATCH)))
        result = numpy.empty(vectors.shape, dtype=numpy.float32)
        result[order] = unit_rows(vectors)
        return result

    def _loaded(self) -> "TextEmbedding":
        """Load the model once."""
        with self._lock:
            if self._model is None:
                self._model = _load(self._place)
                if self._most_tokens is not None:
                    _truncate(self._model, self._most_tokens)
            return self._model


class MiniLM(FastEmbedder):
    """The bundled all-MiniLM-L6-v2, int8; works offline. Longer texts are cut at 256 tokens."""

    languages = ("english",)

    def __init__(self, *, folder: Path = MINILM_FOLDER, cache_size: int = 512) -> None:
        """Choose the bundled model; it is loaded when first used."""
        super().__init__(folder, cache_size=cache_size)
        self._most_tokens = 256

    @property
    def name(self) -> str:
        """Identifies model and quantisation."""
        return MINILM_NAME


def speaks(embedder: Embedder, language: str) -> bool:
    """Tell whether an embedder is good at a language; one that does not say is trusted."""
    languages: tuple[str, ...] = getattr(embedder, "languages", ())
    return not languages or language in languages


def _load(place: str) -> "TextEmbedding":
    """Load a model from a folder, or by name through fastembed's own cache and download."""
    from fastembed import TextEmbedding
    from onnxruntime.capi import onnxruntime_pybind11_state as runtime  # type: ignore[import-untyped]  # no stubs

    damaged = (runtime.Fail, runtime.InvalidArgument, runtime.InvalidGraph, runtime.InvalidProtobuf)
    missing = (runtime.NoSuchFile, runtime.NoModel, runtime.NotImplemented, runtime.RuntimeException)
    folder = Path(place)
    try:
        if folder.is_dir():
            _register(folder)
            return TextEmbedding(str(folder), specific_model_path=str(folder))
        return TextEmbedding(place)
    except (ValueError, OSError, RuntimeError, *damaged, *missing) as error:
        raise _unknown(place) from error


def _register(folder: Path) -> None:
    """Tell fastembed about a local model; its registry lives as long as the process."""
    from fastembed import TextEmbedding
    from fastembed.common.model_description import ModelSource, PoolingType

    if any(model["model"].lower() == str(folder).lower() for model in TextEmbedding.list_supported_models()):
        return
    TextEmbedding.add_custom_model(
        model=str(folder),
        pooling=PoolingType.CLS if _pools_first_token(folder) else PoolingType.MEAN,
        normalization=True,
        sources=ModelSource(hf=str(folder)),
        dim=_folder_dimension(folder),
        model_file=_model_file(folder),
    )


def _pools_first_token(folder: Path) -> bool:
    """Read from a sentence-transformers folder whether the first token stands for the text."""
    try:
        pooling = json.loads((folder / "1_Pooling" / "config.json").read_text(encoding="utf-8"))
    except FileNotFoundError:
        return False
    except (OSError, ValueError) as error:
        raise _unknown(str(folder)) from error
    return isinstance(pooling, dict) and bool(pooling.get("pooling_mode_cls_token"))


def _model_file(folder: Path) -> str:
    """Find the ONNX file of a folder."""
    for name in ("model.onnx", "onnx/model.onnx", "model_quantized.onnx", "onnx/model_quantized.onnx"):
        if (folder / name).is_file():
            return name
    raise ConfigurationError(f"embedding model {str(folder)!r}: the folder holds no model.onnx; put it there")


def _folder_dimension(folder: Path) -> int:
    """Read the vector length from the model's config.json."""
    try:
        return int(json.loads((folder / "config.json").read_text(encoding="utf-8"))["hidden_size"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ConfigurationError(
            f"embedding model {str(folder)!r}: config.json with hidden_size is missing; copy the whole model"
        ) from error


def _truncate(model: "TextEmbedding", most_tokens: int) -> None:
    """Lower the length at which texts are cut: padding to longer ones costs time and helps nothing."""
    tokenizer = getattr(model.model, "tokenizer", None)
    if tokenizer is None:
        raise ConfigurationError("fastembed no longer shows its tokenizer; install the pinned version")
    tokenizer.enable_truncation(max_length=most_tokens)


def _unknown(place: str) -> ConfigurationError:
    """Say that a model cannot be had."""
    return ConfigurationError(
        f"embedding model {place!r} cannot be loaded; use 'bundled', a local model folder, or a name that "
        "fastembed lists and can download from here"
    )
