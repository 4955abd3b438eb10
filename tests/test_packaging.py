"""Whoever installs the wheel, the sdist or a checkout gets the packs and the themes."""

from __future__ import annotations

import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

from sqlx.wire import registry

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the sdist, and the wheel made from it."""
    folder = tmp_path_factory.mktemp("dist")
    command = [sys.executable, "-m", "build", "--no-isolation", "--outdir", str(folder), str(ROOT)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return folder


def shipped(folder: str) -> set[str]:
    return {path.name for path in (ROOT / folder).glob("*.json")}


@pytest.mark.parametrize(("folder", "installed"), [("wirepacks", "sqlx/_packs"), ("themes", "sqlx_tui/_themes")])
def test_the_wheel_has_packs_and_themes_inside_its_packages(built: Path, folder: str, installed: str) -> None:
    """All of them, where the installed package looks for them."""
    (wheel,) = built.glob("*.whl")
    names = zipfile.ZipFile(wheel).namelist()
    assert {name.rpartition("/")[2] for name in names if name.startswith(f"{installed}/")} == shipped(folder)


@pytest.mark.parametrize("folder", ["wirepacks", "themes"])
def test_the_sdist_has_packs_and_themes_where_the_checkout_has_them(built: Path, folder: str) -> None:
    """The wheel above was built from it."""
    (sdist,) = built.glob("*.tar.gz")
    with tarfile.open(sdist) as archive:
        names = [Path(name) for name in archive.getnames()]
    assert {name.name for name in names if name.parts[1:2] == (folder,)} == shipped(folder)


def test_the_wheel_says_that_it_is_typed(built: Path) -> None:
    """Both packages carry the marker of PEP 561."""
    (wheel,) = built.glob("*.whl")
    assert {"sqlx/py.typed", "sqlx_tui/py.typed"} <= set(zipfile.ZipFile(wheel).namelist())


def test_an_editable_install_finds_the_packs_of_the_checkout() -> None:
    """Nothing is copied: a pack that is edited is the pack that runs."""
    assert registry.pack_folder() == ROOT / "wirepacks"
    assert "registry.json" in shipped("wirepacks")
