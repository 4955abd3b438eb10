"""What somebody does with the IDE, key by key, on the sample database."""

from __future__ import annotations

from pathlib import Path

import pytest

from sqlx_tui.results.viewer import CellViewer
from tests.tui.conftest import Opened
from tests.tui.studio import Studio


async def test_it_opens_what_it_was_told_to(studio: Opened, sample: str) -> None:
    """The tree shows the tables of the only schema, the editor has the focus, and nothing has been run."""
    async with studio(sample) as ide:
        await ide.until(lambda: "customers" in ide.shown())
        assert ide.app.focused is ide.screen.editor
        assert "bestsellers view" in ide.shown()
        assert "nothing has been run yet" in ide.shown()
        assert "autocommit on" in ide.shown()


async def test_a_table_opens_to_its_columns(studio: Opened, sample: str) -> None:
    """Columns are read when they are asked for: with type, key, and where a foreign key leads."""
    async with studio(sample, (160, 40)) as ide:
        await ide.until(lambda: "book_authors" in ide.shown())
        assert "author_id" not in ide.shown()
        await ide.choose("book_authors")
        await ide.press("enter")
        await ide.until(lambda: "author_id integer key → authors" in ide.labels())
        assert "position integer not null" in ide.labels()


async def test_the_statement_at_the_cursor_runs(studio: Opened, sample: str) -> None:
    """Of several statements the one the cursor is in; rows, their number and the time are shown."""
    async with studio(sample) as ide:
        outcome = await ide.run("SELECT 1 AS one;\nSELECT id, name FROM authors ORDER BY id LIMIT 3;")
        assert [column.name for column in outcome.columns or ()] == ["id", "name"]
        assert len(outcome.rows) == 3
        assert "3 rows" in ide.said("#result-summary")
        assert "ms" in ide.said("#result-summary")
        assert str(outcome.rows[2][1]) in ide.shown()


async def test_null_is_not_a_word(studio: Opened, sample: str) -> None:
    """NULL looks other than the text of four letters."""
    async with studio(sample) as ide:
        await ide.run("SELECT NULL AS a, 'NULL' AS b")
        line = ide.grid.render_line(1)
        null, text = [segment for segment in line if segment.text.strip() == "NULL"]
        assert null.style is not None and text.style is not None
        assert null.style.italic and not text.style.italic


async def test_all_statements_run_one_by_one(studio: Opened, sample: str) -> None:
    """Each has its result, to be reached by `[` and `]`; how many rows were changed is said."""
    async with studio(sample) as ide:
        await ide.run("SELECT 1 AS a; UPDATE books SET stock = stock + 1 WHERE id <= 3; SELECT 2 AS b", "f6")
        assert [outcome.summary for outcome in ide.screen.results.outcomes] == ["1 row", "3 rows affected", "1 row"]
        await ide.press("f4", "[")
        assert "3 rows affected" in ide.said("#result-summary")
        await ide.press("ctrl+pageup")
        assert ide.grid.columns[0].name == "a"


async def test_the_first_failure_ends_a_script(studio: Opened, sample: str) -> None:
    """What stands behind it is not run; the failure is told below the editor, and marked in it."""
    async with studio(sample) as ide:
        await ide.run("SELECT 1;\nSELEC 2;\nSELECT 3", "f6")
        assert [outcome.state for outcome in ide.screen.results.outcomes] == ["done", "failed"]
        assert "syntax error" in ide.said("#problem")
        assert "42601" in ide.said("#problem")
        await ide.run("SELECT 4")
        assert not ide.screen.problem.display


async def test_a_result_without_rows_has_its_columns(studio: Opened, sample: str) -> None:
    async with studio(sample) as ide:
        await ide.run("SELECT * FROM books WHERE 1 = 0")
        assert "0 rows" in ide.said("#result-summary")
        assert "isbn" in ide.shown()
        await ide.press("f4", "down", "end", "enter", "c", "r")
        assert ide.app.screen is ide.screen


async def test_an_empty_editor_has_nothing_to_run(studio: Opened, sample: str) -> None:
    async with studio(sample) as ide:
        await ide.press("f5")
        await ide.until(lambda: "there is no statement to run" in ide.shown())


@pytest.mark.parametrize("key", ["escape", "y"])
async def test_a_sweeping_statement_is_asked_about(studio: Opened, sample: str, key: str) -> None:
    """DELETE without WHERE runs only when somebody says so."""
    async with studio(sample) as ide:
        ide.screen.editor.text = "DELETE FROM reviews"
        await ide.press("f5")
        await ide.until(lambda: "DELETE without WHERE reaches every row" in ide.shown())
        assert ide.screen.run is None
        await ide.press(key)
        if key == "y":
            await ide.until(lambda: ide.screen.run is not None)
            await ide.finished()
            assert "rows affected" in ide.outcome.summary
        else:
            await ide.until(lambda: "nothing was run" in ide.shown())
            assert ide.screen.run is None


async def test_a_selection_runs_alone(studio: Opened, sample: str) -> None:
    """What is selected is run, not what the cursor is in."""
    async with studio(sample) as ide:
        ide.screen.editor.text = "SELECT 1 AS a, 2 AS b"
        ide.screen.editor.selection = type(ide.screen.editor.selection)((0, 0), (0, 13))
        await ide.press("ctrl+j")
        await ide.until(lambda: ide.screen.run is not None)
        await ide.finished()
        assert ide.outcome.rows == [(1,)]


async def test_a_transaction_is_seen(studio: Opened, sample: str) -> None:
    """Without autocommit a change opens one, F8 undoes it, and F7 makes it last."""
    async with studio(sample) as ide:
        await ide.press("f9")
        await ide.until(lambda: "autocommit OFF" in ide.shown())
        await ide.run("UPDATE books SET stock = 7 WHERE id = 1")
        assert "TRANSACTION OPEN" in ide.shown()
        await ide.press("f9")
        await ide.until(lambda: ide.screen.session and not ide.screen.session.connection.autocommit)
        await ide.press("f8")
        await ide.until(lambda: "rolled back" in ide.shown())
        assert "TRANSACTION OPEN" not in ide.shown()
        await ide.run("UPDATE books SET stock = 8 WHERE id = 1")
        await ide.press("f7")
        await ide.until(lambda: "committed" in ide.shown())
        await ide.press("f9")
        outcome = await ide.run("SELECT stock FROM books WHERE id = 1")
        assert outcome.rows == [(8,)]


@pytest.mark.parametrize(("key", "stock"), [("r", 1), ("c", 5)])
async def test_leaving_an_open_transaction_is_asked_about(studio: Opened, sample: str, key: str, stock: int) -> None:
    """Nothing is lost, and nothing lasts, without being said."""
    async with studio(sample) as ide:
        await ide.run("UPDATE books SET stock = 1 WHERE id = 1")
        await ide.run("BEGIN")
        await ide.run("UPDATE books SET stock = 5 WHERE id = 1")
        await ide.press("ctrl+q")
        await ide.until(lambda: "a transaction is open" in ide.shown())
        await ide.press("escape")
        await ide.until(lambda: ide.app.screen is ide.screen)
        await ide.press("ctrl+q", key)
        await ide.until(lambda: not ide.app.is_running)
    async with studio(sample) as ide:
        assert (await ide.run("SELECT stock FROM books WHERE id = 1")).rows == [(stock,)]


async def test_a_cell_is_read_whole_in_its_own_window(studio: Opened, sample: str) -> None:
    """What is cut in the grid is all there in the window; json is laid out."""
    async with studio(sample) as ide:
        await ide.run("SELECT '" + "x" * 100 + "' AS long, '{\"a\": [1, 2]}' AS doc")
        assert "x" * 39 + "…" in ide.shown()
        await ide.press("f4", "enter")
        await ide.until(lambda: isinstance(ide.app.screen, CellViewer))
        await ide.until(lambda: "100 characters" in ide.shown())
        await ide.press("escape", "right", "space")
        await ide.until(lambda: '"a": [' in ide.shown())


async def test_cells_and_rows_go_to_the_clipboard(studio: Opened, sample: str) -> None:
    """A cell as its whole text, a row with tabs; what no terminal takes is refused with a sentence."""
    async with studio(sample) as ide:
        await ide.run("SELECT 1 AS a, 'two\nlines' AS b, NULL AS c, x'00ff' AS d")
        await ide.press("f4", "right", "c")
        await ide.until(lambda: ide.app.clipboard == "two\nlines")
        await ide.press("r")
        await ide.until(lambda: ide.app.clipboard == "1\ttwo\nlines\t\t\\x00ff")
        await ide.run("SELECT printf('%200000d', 1) AS long")
        await ide.press("f4", "c")
        await ide.until(lambda: "terminals take up to" in ide.shown())


async def test_what_the_database_says_is_not_markup(studio: Opened, sample: str) -> None:
    """Brackets, escape sequences and line breaks of a value, a name or an error are shown, not obeyed."""
    async with studio(sample) as ide:
        await ide.run("SELECT '[bold]x[/bold]' AS \"[red]n[/red]\", char(27) || '[31mred' AS esc, 'a\nb\tc' AS lines")
        shown = ide.shown()
        assert "[bold]x[/bold]" in shown
        assert "[red]n[/red]" in shown
        assert "\\x1b[31mred" in shown
        assert "a⏎b→c" in shown
        await ide.press("f4", "enter")
        await ide.until(lambda: "14 characters" in ide.shown())
        await ide.press("escape")
        await ide.run('SELECT * FROM "[/nothing]"')
        assert "[/nothing]" in ide.shown()


async def test_nothing_that_is_shown_is_obeyed(studio: Opened, tmp_path: Path) -> None:
    """Escape sequences and broken text in names, values, messages and copies reach no terminal, and end nothing."""
    async with studio(f"sqlite:///{tmp_path}/odd.db") as ide:
        await ide.run('CREATE TABLE "\x1b[2J[/b]\u202e" ("\x07" TEXT)')
        await ide.choose("\\x1b[2J[/b]\\u202e")
        await ide.press("enter", "i")
        await ide.until(lambda: "␛[2J" in ide.shown())
        await ide.run("SELECT CAST(x'ff1b5b324a' AS TEXT) AS broken, char(27) || '[2J' || char(10) || 'b' AS esc")
        await ide.press("f4", "c", "enter")
        await ide.until(lambda: isinstance(ide.app.screen, CellViewer))
        assert "\x1b" not in ide.shown()
        await ide.press("escape", "right", "enter")
        await ide.until(lambda: "␛[2J" in ide.shown())
        await ide.press("escape")
        await ide.run('SELECT * FROM "\x1b[31m"')
        assert "\\x1b[31m" in ide.said("#problem")
        assert "\x1b" not in ide.shown()


async def test_the_tree_shows_the_rows_of_a_table(studio: Opened, sample: str) -> None:
    """S on a table runs a query; I writes its name into the editor."""
    async with studio(sample) as ide:
        await ide.until(lambda: "categories" in ide.shown())
        await ide.choose("categories")
        await ide.press("s")
        await ide.until(lambda: ide.screen.run is not None)
        await ide.finished()
        assert [column.name for column in ide.outcome.columns or ()] == ["id", "parent_id", "name"]
        await ide.press("i")
        await ide.until(lambda: ide.screen.editor.text == "categories")


async def test_new_tables_are_in_the_tree(studio: Opened, sample: str) -> None:
    """After a statement that defines something the tree is read anew; what was open stays so."""
    async with studio(sample) as ide:
        await ide.choose("categories")
        await ide.press("enter")
        await ide.until(lambda: "parent_id integer → categories" in ide.labels())
        await ide.run("CREATE TABLE aardvarks (id INTEGER PRIMARY KEY)")
        await ide.until(lambda: "aardvarks" in ide.labels())
        await ide.until(lambda: "parent_id integer → categories" in ide.labels())


async def test_an_empty_database_says_so(studio: Opened, tmp_path: Path) -> None:
    async with studio(f"sqlite:///{tmp_path}/new.db") as ide:
        await ide.until(lambda: "no tables yet" in ide.shown())


async def test_a_small_terminal_is_enough(studio: Opened, sample: str) -> None:
    """On 80 by 24 the tree, some of the editor, the results and both lines are seen."""
    async with studio(sample, (80, 24)) as ide:
        await ide.run("SELECT id, title FROM books")
        shown = ide.shown()
        for part in ("Database", "customers", "SELECT id", "title", "autocommit on", "F5 Run", "F1 Help"):
            assert part in shown, part


async def test_help_and_palette_know_every_action(studio: Opened, sample: str) -> None:
    async with studio(sample) as ide:
        await ide.press("f1")
        await ide.until(lambda: "everywhere" in ide.shown())
        await ide.press("escape", "ctrl+p")
        await ide.until(lambda: ide.app.screen is not ide.screen)
        for letter in "autoc":
            await ide.press(letter)
        await ide.until(lambda: "Autocommit" in ide.shown())
        await ide.press("enter")
        await ide.until(lambda: "autocommit OFF" in ide.shown())
    assert isinstance(ide, Studio)
