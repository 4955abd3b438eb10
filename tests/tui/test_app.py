"""The IDE as a program: how it starts, what it looks like, how it fails, and that its page tells the truth."""

from __future__ import annotations

import os
import pty
import re
import select
import subprocess
import sys
from pathlib import Path
from time import monotonic

import pytest
from textual.worker import WorkerFailed

from sqlx_tui.actions import ACTIONS, PLACES, of_place, table
from sqlx_tui.app import StudioApp
from sqlx_tui.themes import load_themes, preferred
from tests.tui.conftest import Opened

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("theme", load_themes())
async def test_every_theme_dresses_everything(
    studio: Opened, sample: str, theme: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each of the shipped themes starts, and has a colour for each kind of token."""
    monkeypatch.setenv("SQLX_THEME", theme)
    async with studio(sample) as ide:
        assert ide.app.theme == theme
        await ide.run("SELECT 'text', 1 AS n -- comment")
        assert set(load_themes()[theme].syntax) == set(load_themes()["sqlx-dark"].syntax)
        await ide.press("ctrl+t")
        await ide.until(lambda: ide.app.theme != theme)


@pytest.mark.parametrize(
    ("environment", "theme"),
    [
        ({"TERM": "xterm"}, "sqlx-terminal"),
        ({"TERM": "xterm-256color"}, "sqlx-dark"),
        ({"TERM": "xterm", "COLORTERM": "truecolor"}, "sqlx-dark"),
        ({"TERM": "xterm", "SQLX_THEME": "light"}, "sqlx-light"),
    ],
)
def test_a_terminal_gets_colours_it_has(
    environment: dict[str, str], theme: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("TERM", "COLORTERM", "SQLX_THEME", "TEXTUAL_COLOR_SYSTEM"):
        monkeypatch.delenv(name, raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert preferred() == theme


async def test_without_colour_the_focus_is_seen(studio: Opened, sample: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """NO_COLOR: the pane that has the keys has a heavy line."""
    monkeypatch.setenv("NO_COLOR", "1")
    async with studio(sample) as ide:
        assert re.search("━ SQL ━", ide.shown())
        await ide.press("f2")
        await ide.until(lambda: re.search("━ Database +━", ide.shown()))
        assert re.search("─ SQL ─", ide.shown())


@pytest.mark.parametrize("where", ["a handler", "a worker"])
async def test_a_failure_of_ours_leaves_a_report(
    where: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """No traceback reaches whoever sits there: one sentence, and a file with the traceback."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    app = StudioApp("sqlite://")

    async def fail() -> None:
        raise ZeroDivisionError("a defect")

    with pytest.raises((ZeroDivisionError, WorkerFailed)):
        async with app.run_test() as pilot:
            if where == "a handler":
                app.call_later(fail)
            else:
                app.run_worker(fail())
            await pilot.pause()
    said = capsys.readouterr().err
    assert "Traceback" not in said
    assert "ZeroDivisionError in the IDE: this is a defect of sqlx" in said
    [report] = tmp_path.rglob("sqlx-crash-*.txt")
    assert "Traceback" in report.read_text()
    assert 'raise ZeroDivisionError("a defect")' in report.read_text()
    assert str(report) in said.replace("\n", "")


def test_each_key_means_one_thing_in_a_place() -> None:
    for place in PLACES:
        keys = [key for action in of_place(place) for key in action.keys]
        assert len(keys) == len(set(keys)), place


def test_every_action_can_be_done() -> None:
    """Whatever the table names has a method where it says."""
    studio = StudioApp().studio
    homes = {"everywhere": type(studio)}
    from sqlx_tui.editor.editor import SqlEditor
    from sqlx_tui.results.panel import ResultsPanel
    from sqlx_tui.tree.tree import CatalogTree

    homes |= {"editor": SqlEditor, "results": ResultsPanel, "tree": CatalogTree}  # type: ignore[dict-item]
    missing = [action.name for action in ACTIONS if not hasattr(homes[action.place], f"action_{action.name}")]
    assert missing == []


def test_the_page_has_the_keys() -> None:
    """docs/ide.md lists what the table has: `python -c "from sqlx_tui.actions import table; print(table())"`."""
    assert table() in (ROOT / "docs" / "ide.md").read_text("utf-8")


def test_it_needs_a_terminal() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "sqlx", "tui", "sqlite://"], capture_output=True, text=True, cwd=ROOT, check=False
    )
    assert done.returncode == 2
    assert "needs a terminal" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("term", ["xterm", "xterm-256color", "screen", "dumb"])
def test_it_starts_and_ends_on_a_terminal(term: str, sample: str) -> None:
    """A real terminal: the tree appears, Ctrl+Q leaves, the exit code is 0."""
    screen = Terminal(sample, term)
    screen.read_until("customers")
    screen.write("\x11")
    assert screen.ended() == 0
    assert "Traceback" not in screen.seen


def test_little_is_sent(sample: str) -> None:
    """Over a slow line a key in the grid or the editor costs little, and a statement that runs next to nothing."""
    screen = Terminal(sample, "xterm-256color")
    screen.read_until("customers")
    screen.quiet()
    screen.write("select * from orders\n")
    screen.read_until("delivered")
    screen.write("\x1bOS\x1b[B")
    screen.quiet()
    assert screen.cost("\x1b[B") < 1500
    assert screen.cost("\x1b[C") < 1500
    screen.write("\x1bOR")
    screen.quiet()
    assert screen.cost("x") < 4000
    screen.write(";\rwith recursive c(x) as (select 1 union all select x + 1 from c) select count(*) from c\n")
    screen.read_until("running")
    screen.quiet()
    assert screen.quiet(0.5) < 2000
    screen.write("\x1b")
    screen.read_until("the server has stopped it")
    screen.write("\x11")
    assert screen.ended() == 0


def test_no_colour_means_none(sample: str) -> None:
    """NO_COLOR: not one colour is sent, and the current cell is seen all the same."""
    screen = Terminal(sample, "xterm-256color", NO_COLOR="1")
    screen.read_until("customers")
    screen.quiet()
    screen.write("select 'here' as place\n")
    screen.read_until("1 row")
    screen.write("\x1bOS")
    screen.quiet()
    screen.write("\x11")
    assert screen.ended() == 0
    styles = set(";".join(re.findall(r"\x1b\[([0-9;]*)m", screen.seen)).split(";"))
    assert styles <= {"", "0", "1", "2", "3", "4", "7", "39", "49"}
    assert re.search(r"\x1b\[[0-9;]*7[0-9;]*mhere", screen.seen)


class Terminal:
    """The program on a pseudo-terminal of 36 lines."""

    def __init__(self, url: str, term: str, **environment: str) -> None:
        leader, follower = pty.openpty()
        environment = {**os.environ, "TERM": term, "LINES": "36", "COLUMNS": "120", **environment}
        command = [sys.executable, "-m", "sqlx", "tui", url]
        self._process = subprocess.Popen(
            command, stdin=follower, stdout=follower, stderr=follower, env=environment, cwd=ROOT, start_new_session=True
        )
        os.close(follower)
        self._leader = leader
        self.seen = ""

    def read_until(self, text: str) -> None:
        while text not in self.seen:
            assert self._read(), f"the program has ended: {self.seen[-2000:]}"

    def write(self, keys: str) -> None:
        os.write(self._leader, keys.encode())

    def cost(self, keys: str) -> int:
        """How many bytes are sent for a key."""
        self.write(keys)
        return self.quiet()

    def quiet(self, seconds: float = 0.3) -> int:
        """Read until nothing has come for so long, or until that has passed four times; how many bytes came."""
        before, end = len(self.seen), monotonic() + 4 * seconds
        while monotonic() < end and select.select([self._leader], [], [], seconds)[0]:
            self._read()
        return len(self.seen) - before

    def ended(self) -> int:
        while self._read():
            pass
        os.close(self._leader)
        return self._process.wait(20)

    def _read(self) -> bool:
        ready, _, _ = select.select([self._leader], [], [], 20)
        assert ready, f"nothing for 20 seconds: {self.seen[-2000:]}"
        try:
            piece = os.read(self._leader, 65536)
        except OSError:  # the other end is closed
            return False
        self.seen += piece.decode("utf-8", "replace")
        return bool(piece)
