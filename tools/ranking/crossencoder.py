"""An optional cross-encoder, by fastembed name or local folder."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from tools.errors import ConfigurationError

if TYPE_CHECKING:
    from fastembed.rerank.cross_encoder import TextCrossEncoder


class CrossEncoder:
    """Scores (query, passage) pairs with a fastembed cross-encoder. Implements `Reranker`."""

    def __init__(self, name_or_path: str, *, threads: int | None = None) -> None:
        """Load the model.

        Args:
            name_or_path: A model name fastembed knows, or a folder with `model.onnx`, `config.json` and
                tokenizer files.
            threads: ONNX threads; None lets the runtime choose.

        Raises:
            ConfigurationError: The model is unknown, incomplete or cannot be fetched.
        """
        self.name = name_or_path
        self._model = _load(name_or_path, threads)

    def score(self, query: str, texts: Sequence[str]) -> list[float]:
        """Return one relevance logit a text, in order; higher is better."""
        return [float(value) for value in self._model.rerank(query, list(texts), batch_size=16)]


def _load(name_or_path: str, threads: int | None) -> "TextCrossEncoder":
    from fastembed.rerank.cross_encoder import TextCrossEncoder
    from onnxruntime.capi import onnxruntime_pybind11_state as runtime  # type: ignore[import-untyped]  # no stubs

    damaged = (runtime.Fail, runtime.InvalidArgument, runtime.InvalidGraph, runtime.InvalidProtobuf)
    missing = (runtime.NoSuchFile, runtime.NoModel, runtime.NotImplemented, runtime.RuntimeException)
    folder = Path(name_or_path)
    try:
        if folder.is_dir():
            model = _registered(folder)
            return TextCrossEncoder(model, specific_model_path=str(folder), threads=threads)
        return TextCrossEncoder(name_or_path, threads=threads)
    except (ValueError, OSError, RuntimeError, *damaged, *missing) as error:
        raise ConfigurationError(
            f"models.reranker = {name_or_path!r} cannot be loaded ({_first_line(error)}); "
            "give a model name that fastembed lists, or a folder with model.onnx and its tokenizer files"
        ) from error


def _registered(folder: Path) -> str:
    """Make a local model known to fastembed and return its name there."""
    from fastembed.common.model_description import ModelSource
    from fastembed.rerank.cross_encoder import TextCrossEncoder

    for file in ("tokenizer.json", "tokenizer_config.json"):  # fastembed fails on these with a bare Exception
        json.loads((folder / file).read_text(encoding="utf-8"))
    name = f"local{folder.resolve().as_posix()}"
    if name not in {entry["model"] for entry in TextCrossEncoder.list_supported_models()}:
        TextCrossEncoder.add_custom_model(model=name, model_file="model.onnx", sources=ModelSource(hf=name))
    return name


def _first_line(error: Exception) -> str:
    return str(error).strip().splitlines()[0][:160] if str(error).strip() else type(error).__name__
