"""The pages tell the truth: sessions run as written, tables are fresh, links lead somewhere."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from urllib.parse import unquote

import pytest

from sqlx.dbapi.exceptions import CLASSES, Error, Report
from sqlx.wire.builtin_options import PARAM_STYLES
from tests.pages import FENCE, PAGES, ROOT, blocks, name, run_sessions
from tests.servers.server import Server
from tests.test_house import ARROWS

DRIVER = ROOT / "docs" / "driver.md"
GUIDES = [page for page in PAGES if page.parent.name == "docs" and blocks(page, "pycon")]
ARCHITECTURE = ROOT / "docs" / "architecture.md"
LINK = re.compile(r"""(?:\]\(|src(?:set)?=")([^)"\s]+)[)"]""")
NAMED_TEST = re.compile(r'\]\(\.\./(tests/[^ )"]+\.py) "([^"]+)"\)')
MACHINE_PATH = re.compile(r"/(root|work|home/\w+|tmp/sqlx)\b|/usr/lib/python")


def anchors(page: Path) -> set[str]:
    """What a # behind a page's name may name: GitHub's anchors of its headings."""
    headings = re.findall(r"^#+ (.+)$", FENCE.sub("", page.read_text("utf-8")), re.MULTILINE)
    plain = (re.sub(r"[^\w\- ]", "", heading.lower()) for heading in headings)
    return {heading.replace(" ", "-") for heading in plain}


def dead(page: Path) -> list[str]:
    """The links of a page within the repository that lead nowhere."""
    found = []
    for target in LINK.findall(FENCE.sub("", page.read_text("utf-8"))):
        path, _, anchor = target.partition("#")
        file = page if not path else page.parent / unquote(path)
        leads = file.exists() and (not anchor or file.suffix != ".md" or anchor in anchors(file))
        if "://" not in target and not leads:
            found.append(target)
    return found


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_links_lead_somewhere(page: Path) -> None:
    """To a file that is there, and a heading that is in it."""
    assert dead(page) == []


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_the_tests_that_a_page_names_are_there(page: Path) -> None:
    """A link to a test has its name as title, `Class.name` for one in a class."""
    missing = []
    for path, title in NAMED_TEST.findall(page.read_text("utf-8")):
        text = (ROOT / path).read_text("utf-8") if (ROOT / path).exists() else ""
        *classes, function = title.split(".")
        here = all(f"class {each}" in text for each in classes) and f"def {function}(" in text
        missing += [] if here else [f"{path}: {title}"]
    assert missing == []


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_a_page_names_no_path_of_somebody_s_machine(page: Path) -> None:
    assert [line for line in page.read_text("utf-8").splitlines() if MACHINE_PATH.search(line)] == []


def test_every_page_is_in_the_index() -> None:
    """docs/README.md leads to all of them."""
    index = (ROOT / "docs" / "README.md").read_text("utf-8")
    listed = {target.partition("#")[0] for target in LINK.findall(index)}
    assert {page.name for page in (ROOT / "docs").glob("*.md")} - listed == {"README.md"}


def test_the_generated_tables_are_fresh() -> None:
    """The packs and the driver say what the pages say."""
    command = [sys.executable, str(ROOT / "scripts" / "generate_tables.py"), "--check"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=ROOT)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize("page", GUIDES, ids=name)
def test_a_guide_does_what_it_says(
    page: Path, postgres: Server, mariadb: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The sessions of a page, as one, on the engines that it names."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("SQLX_ENVIRONMENT")
    monkeypatch.setenv("HOME", str(tmp_path))
    places = {f"{server.kind}://anna:secret@localhost/shop": server.url() for server in (postgres, mariadb)}
    assert run_sessions(page, places) == ""


def test_the_driver_guide_names_what_the_driver_has() -> None:
    """Every attribute of an error, every way to mark parameters, every class of PEP 249."""
    text = DRIVER.read_text("utf-8")
    attributes = [each for each in (*vars(Report), *vars(Error(""))) if not each.startswith("_")]
    assert [each for each in (*attributes, *PARAM_STYLES) if f"`{each}`" not in text] == []
    assert [each for each in CLASSES if each not in text] == []


def test_the_plan_shows_the_arrows_that_are_held() -> None:
    """docs/architecture.md and tests/test_house.py draw the same house."""
    (table,) = blocks(ARCHITECTURE, "arrows")
    drawn = {}
    for line in table.text.splitlines():
        room, _, below = line.partition("->")
        drawn[room.strip()] = set(below.replace(",", " ").split())
    assert drawn == ARROWS
