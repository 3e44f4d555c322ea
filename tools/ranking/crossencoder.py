"""An optional cross-encoder, by fastembed name or local folder."""

from collections.abc import Sequence
from pathlib import Path

from tools.errors import ConfigurationError


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
        from fastembed.common.model_description import ModelSource
        from fastembed.rerank.cross_encoder import TextCrossEncoder

        self.name = name_or_path
        folder = Path(name_or_path)
        path: str | None = None
        model = name_or_path
        if folder.is_dir():
            path, model = str(folder), f"local/{folder.resolve().name}"
            known = {entry["model"] for entry in TextCrossEncoder.list_supported_models()}
            if model not in known:
                TextCrossEncoder.add_custom_model(
                    model=model, model_file="model.onnx", sources=ModelSource(hf=model)
                )
        try:
            self._model = TextCrossEncoder(model, specific_model_path=path, threads=threads)
        except (ValueError, OSError, RuntimeError) as error:
            raise ConfigurationError(
                f"models.reranker = {name_or_path!r} cannot be loaded ({_first_line(error)}); "
                "give a model name that fastembed lists, or a folder with model.onnx and its tokenizer files"
            ) from error

    def score(self, query: str, texts: Sequence[str]) -> list[float]:
        """Return one relevance logit a text, in order; higher is better."""
        return [float(value) for value in self._model.rerank(query, list(texts), batch_size=16)]


def _first_line(error: Exception) -> str:
    return str(error).strip().splitlines()[0][:160] if str(error).strip() else type(error).__name__
