"""The house is built as docs/architecture.md says: who may import whom, what no file says, how large things get."""

from __future__ import annotations

import ast
import graphlib
import importlib
import re
import statistics
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGES = ("sqlx", "sqlx_tui")
# Room -> the rooms it may import, itself apart. `sqlx` is the package's own __init__, which only re-exports.
SHELF = {"flo", "planner", "assist", "codegen", "catalog", "dbapi", "aio", "kernel"}
ARROWS: dict[str, set[str]] = {
    "wire": set(),
    "air": set(),
    "udr": {"air"},
    "policy": set(),
    "cache": set(),
    "telemetry": set(),
    "store": {"wire"},
    "kernel": {"policy", "air", "udr", "cache", "telemetry", "wire"},
    "rows": {"kernel", "wire"},
    "dbapi": {"kernel", "rows"},
    "aio": {"kernel", "dbapi", "rows"},
    "sqlx": {"kernel", "wire"},
    "catalog": {"kernel", "dbapi", "aio"},
    "flo": {"kernel", "dbapi", "aio", "catalog"},
    "codegen": {"kernel", "catalog"},
    "assist": {"kernel", "catalog"},
    "planner": {"kernel", "dbapi", "aio", "catalog", "codegen"},
    "driver": SHELF - {"assist"},
    "sqlalchemy": {"kernel", "dbapi", "aio"},
    # `sqlx pack` looks at packs, `sqlx policy` at policies, and `sqlx tui` starts the IDE.
    "cli": {*SHELF, "driver", "store", "sqlx", "wire", "policy", "sqlx_tui"},
    "__main__": {"cli"},
    "sqlx_tui": {*SHELF, "driver", "store", "sqlx"},
}
HEAVY = ("pydantic", "sqlglot", "keyring", "textual", "cryptography", "opentelemetry", "pyarrow", "rich")
ENGINES = re.compile("postgres|mysql|mariadb|sqlite|mongodb|cockroach|redshift", re.IGNORECASE)
UNFINISHED = re.compile(r"\b(TODO|FIXME|XXX|NotImplementedError)\b")
VAGUE = {"utils", "util", "helpers", "helper", "common", "misc", "base", "stuff", "lib", "core"}


@cache
def sources(*suffixes: str) -> list[Path]:
    """The source files of both packages, relative to the root."""
    files = (path for package in PACKAGES for path in (ROOT / package).rglob("*") if path.suffix in suffixes)
    return sorted(path.relative_to(ROOT) for path in files)


@cache
def tree(path: Path) -> ast.Module:
    return ast.parse((ROOT / path).read_text("utf-8"))


def module_name(path: Path) -> str:
    return ".".join(path.with_suffix("").parts).removesuffix(".__init__")


def room(module: str) -> str:
    """sqlx.wire.values.types -> wire, sqlx -> sqlx, sqlx_tui.app -> sqlx_tui."""
    package, _, rest = module.partition(".")
    return rest.partition(".")[0] if package == "sqlx" and rest else package


def imports(path: Path) -> Iterator[tuple[int, str]]:
    """Line and module of everything of ours that a file imports, at its top or inside a function."""
    here = module_name(path).split(".")
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names if alias.name.split(".")[0] in PACKAGES)
        elif isinstance(node, ast.ImportFrom):
            depth = len(here) - node.level + (path.name == "__init__.py")
            parent = ".".join([*(here[:depth] if node.level else []), *filter(None, [node.module])])
            if parent == "sqlx":  # what follows is a room, or a name of the package itself
                yield from ((node.lineno, f"sqlx.{name}" if name in ARROWS else "sqlx") for name in _names(node))
            elif parent.split(".")[0] in PACKAGES:
                yield node.lineno, parent


def _names(node: ast.ImportFrom) -> list[str]:
    return [alias.name for alias in node.names]


def lines_matching(pattern: re.Pattern[str], paths: list[Path]) -> list[str]:
    return [
        f"{path}:{number}: {line.strip()}"
        for path in paths
        for number, line in enumerate((ROOT / path).read_text("utf-8").splitlines(), 1)
        if pattern.search(line)
    ]


def functions(path: Path) -> Iterator[tuple[str, int]]:
    """Where each function stands and how many lines it has without its docstring."""
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            first = node.body[0]
            documented = ast.get_docstring(node, clean=False) is not None
            docstring = (first.end_lineno or 0) - first.lineno + 1 if documented else 0
            yield f"{path}:{node.lineno}: {node.name}", (node.end_lineno or 0) - node.lineno + 1 - docstring


def report(problems: list[str], sentence: str) -> None:
    assert not problems, sentence + "\n" + "\n".join(problems)


def test_the_arrows_themselves_have_no_circle() -> None:
    """The table above is a plan that can be built."""
    assert list(graphlib.TopologicalSorter(ARROWS).static_order())


def test_arrows_point_down() -> None:
    """A lower room never imports an upper one, not even inside a function."""
    wrong = [
        f"{path}:{line}: {room(module_name(path))} imports {module}"
        for path in sources(".py")
        for line, module in imports(path)
        if room(module) not in {*ARROWS.get(room(module_name(path)), ()), room(module_name(path))}
    ]
    report(wrong, "arrows of the plan (tests/test_house.py, ARROWS) that do not exist:")


def test_every_room_is_on_the_plan() -> None:
    """A new folder under sqlx/ is drawn into the plan first."""
    unknown = sorted({str(path) for path in sources(".py", ".pyx") if room(module_name(path)) not in ARROWS})
    report(unknown, "rooms that ARROWS in tests/test_house.py does not have:")


def test_engines_are_data() -> None:
    """Law 1: no file of the driver names an engine; what differs between engines stands in wirepacks/."""
    spared = {Path("sqlx/wire/embedded.py")}
    driver = [
        path
        for path in sources(".py", ".pyx", ".pxd")
        if path.parts[0] == "sqlx" and path.parts[1] != "sqlalchemy" and path not in spared
    ]
    report(lines_matching(ENGINES, driver), "engines named in code (move it into the pack):")
    report([str(path) for path in driver if ENGINES.search(path.name)], "files named after an engine:")


def test_nothing_is_left_open() -> None:
    """Whatever is merged is whole."""
    report(lines_matching(UNFINISHED, sources(".py", ".pyx", ".pxd")), "left open:")


def test_names_say_what_a_module_is_for() -> None:
    """No drawer for everything; every module begins with what it is."""
    vague = [str(path) for path in sources(".py") if path.stem.strip("_") in VAGUE]
    report(vague, "module names that say nothing:")
    silent = [str(path) for path in sources(".py") if not ast.get_docstring(tree(path))]
    report(silent, "modules without a docstring:")


@pytest.mark.parametrize("path", [path for path in sources(".py") if path.name != "__main__.py"], ids=str)
def test_a_module_exports_what_it_says(path: Path) -> None:
    """It imports without warnings, and the names in its __all__ exist, each once."""
    module = importlib.import_module(module_name(path))
    exported = getattr(module, "__all__", [])
    assert len(set(exported)) == len(exported), f"{path}: a name stands twice in __all__"
    assert not (missing := [name for name in exported if not hasattr(module, name)]), f"{path}: {missing}"


def test_packages_export_what_they_import() -> None:
    """An __init__ imports to re-export: each public name it binds by import is in its __all__."""
    wrong = []
    for path in sources(".py"):
        if path.name == "__init__.py":
            exported = getattr(importlib.import_module(module_name(path)), "__all__", [])
            wrong += [f"{path}:{line}: {name}" for line, name in reexports(path) if name not in exported]
    report(wrong, "names imported by an __init__ that its __all__ does not have:")


def reexports(path: Path) -> Iterator[tuple[int, str]]:
    for node in tree(path).body:
        if isinstance(node, ast.ImportFrom) and node.module != "__future__":
            bound = (alias.asname or alias.name for alias in node.names)
            yield from ((node.lineno, name) for name in bound if not name.startswith("_"))


def test_functions_are_small() -> None:
    """Median at most 8 lines, 95 % at most 40, none over 80; docstrings do not count."""
    sizes = sorted(((size, place) for path in sources(".py") for place, size in functions(path)), reverse=True)
    longest = "\n".join(f"{place}: {size} lines" for size, place in sizes[:15])
    lines = [size for size, _ in sizes]
    assert lines[0] <= 80, f"functions of more than 80 lines; the longest are\n{longest}"
    assert statistics.quantiles(lines, n=20)[-1] <= 40, f"more than 5 % over 40 lines; the longest are\n{longest}"
    assert statistics.median(lines) <= 8, f"the median function has {statistics.median(lines)} lines"


def test_files_are_small() -> None:
    """At most one file in ten has more than 400 lines."""
    sizes = {path: len((ROOT / path).read_text("utf-8").splitlines()) for path in sources(".py", ".pyx")}
    large = [f"{path}: {size} lines" for path, size in sizes.items() if size > 400]
    assert len(large) * 10 <= len(sizes), "more than one file in ten over 400 lines:\n" + "\n".join(large)


FIRST_SELECT = (
    'cursor = sqlx.dbapi.connect("sqlite:///:memory:").cursor(); cursor.execute("select 1"); cursor.fetchone()'
)


@pytest.mark.parametrize("use", ["pass", FIRST_SELECT], ids=["import", "first select"])
def test_the_driver_loads_nothing_it_does_not_use(use: str) -> None:
    """A script waits for none of the heavy libraries, neither to import the driver nor to use it."""
    program = f"import sys, sqlx.dbapi; {use}; print(*sorted({set(HEAVY)!r} & sys.modules.keys()))"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False, cwd=ROOT)
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == [], "the driver loads what it does not use"
