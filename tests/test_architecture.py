"""The rules of the layout: who may import whom, and how large a module and a function may be."""

import ast
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PACKAGES = ("agent", "graph", "tools")
LONGEST_MODULE, LONGEST_FUNCTION = 300, 40
CONTRACTS = {
    "layers": 2,
    "independence": 1,
    "forbidden": 3,
    "protected": 1,
}
"""Least number of contracts of each type that the project keeps."""


def modules() -> list[Path]:
    """Return every module of the three packages."""
    return sorted(path for package in PACKAGES for path in (ROOT / package).rglob("*.py"))


def functions() -> Iterator[tuple[str, int]]:
    """Yield every function with its lines of code, without its docstring."""
    for path in modules():
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                yield f"{path.relative_to(ROOT)}:{node.name}", _lines(node)


def _lines(node: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    lines = (node.end_lineno or node.lineno) - node.lineno + 1
    if ast.get_docstring(node) is None:
        return lines
    first = node.body[0]
    return lines - ((first.end_lineno or first.lineno) - first.lineno + 1)


def test_the_import_contracts_are_declared() -> None:
    """Layers, independent nodes, and who alone may use a library."""
    declared = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["importlinter"]
    assert set(declared["root_packages"]) == set(PACKAGES)
    assert declared["include_external_packages"] is True
    kinds = [contract["type"] for contract in declared["contracts"]]
    assert {kind: kinds.count(kind) >= least for kind, least in CONTRACTS.items()} == dict.fromkeys(
        CONTRACTS, True
    )


def test_the_import_contracts_hold() -> None:
    """As the command that `make check` runs says."""
    command = shutil.which("lint-imports", path=str(Path(sys.executable).parent))
    assert command is not None
    finished = subprocess.run([command, "--no-cache"], cwd=ROOT, capture_output=True, text=True, check=False)
    assert finished.returncode == 0, finished.stdout
    assert "0 broken" in finished.stdout


@pytest.mark.parametrize("package", PACKAGES)
def test_no_module_is_longer_than_a_reader_can_hold(package: str) -> None:
    """Three hundred lines."""
    long = {
        str(path.relative_to(ROOT)): lines
        for path in modules()
        if path.relative_to(ROOT).parts[0] == package
        if (lines := len(path.read_text(encoding="utf-8").splitlines())) > LONGEST_MODULE
    }
    assert long == {}


def test_no_function_is_longer_than_a_screen() -> None:
    """Forty lines without the docstring."""
    assert {name: lines for name, lines in functions() if lines > LONGEST_FUNCTION} == {}


def test_every_node_is_one_coroutine_of_its_modules_name_with_tests_of_its_own() -> None:
    """One node, one file, one test file."""
    nodes = [path for path in (ROOT / "graph" / "nodes").glob("*.py") if path.stem != "__init__"]
    assert nodes
    for path in nodes:
        tree = ast.parse(path.read_text(encoding="utf-8"))
        public = [
            node.name
            for node in tree.body
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef)
            and not node.name.startswith("_")
        ]
        assert public == [path.stem]
        assert (ROOT / "tests" / "graph" / "nodes" / f"test_{path.stem}.py").is_file()


def test_only_the_settings_read_the_environment() -> None:
    """Below them only values travel; ruff checks the same, and this checks that nobody switched it off."""
    readers = {
        str(path.relative_to(ROOT))
        for path in modules()
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Attribute) and node.attr in ("environ", "getenv", "environb")
    }
    assert readers <= {"agent/settings.py"}
