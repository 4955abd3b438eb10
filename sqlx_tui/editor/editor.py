"""The editor: Textual's text area, with colours that cost the same in a long document as in a short one."""

from __future__ import annotations

from collections.abc import Mapping

from rich.style import Style
from rich.text import Text
from textual.widgets import TextArea
from textual.widgets.text_area import Edit, EditResult, TextAreaTheme

from sqlx.kernel.scanner import Scanner
from sqlx_tui.actions import bindings
from sqlx_tui.cells import harmless
from sqlx_tui.editor.highlighter import Highlighter

LONGEST_LINE = 5000  # characters of a line that are coloured


class SqlEditor(TextArea):
    """Where SQL is written. `error_at` is an offset in the text that is underlined until the next edit."""

    BINDINGS = bindings("editor")

    def __init__(self, *, id: str) -> None:
        super().__init__(id=id, soft_wrap=False, show_line_numbers=True, tab_behavior="indent")
        self.border_title = " SQL "
        self.cursor_blink = False  # over a slow line each blink is traffic
        self.indent_width = 4
        self.scanner: Scanner | None = None
        self._highlighter: Highlighter | None = None
        self._styles: Mapping[str, Style] = {}
        self._error: tuple[int, int] | None = None

    def speak(self, scanner: Scanner) -> None:
        """Read what is written as this engine does."""
        self.scanner = scanner
        self._highlighter = Highlighter(
            scanner, lambda line: self.document.get_line(line), lambda: self.document.line_count
        )
        self._repaint()

    def dress(self, name: str, styles: Mapping[str, Style]) -> None:
        """Use these styles, by kind of token; the theme's name is `name`."""
        self._styles = styles
        # Textual's own style for the cursor's line has a foreground, which would hide the colours of SQL.
        self.register_theme(TextAreaTheme(name, cursor_line_style=styles["line"]))
        self.theme = name
        self._repaint()

    def mark_error(self, offset: int) -> None:
        """Underline the word at an offset in the text, and go there."""
        before = self.text[: max(offset, 0)]
        self._error = (before.count("\n"), len(before) - before.rfind("\n") - 1)
        self.move_cursor(self._error)
        self._repaint()

    @property
    def cursor_offset_in_text(self) -> int:
        """Where the cursor is, in characters from the start of the text."""
        return len(self.get_text_range((0, 0), self.cursor_location))

    def get_line(self, line_index: int) -> Text:
        line = Text(harmless(self.document.get_line(line_index)), end="", no_wrap=True)
        if self._highlighter is not None and len(line) <= LONGEST_LINE:
            for start, end, kind in self._highlighter.spans(line_index):
                if (style := self._styles.get(kind)) is not None:
                    line.stylize(style, start, end)
        if self._error is not None and self._error[0] == line_index:
            column = self._error[1]
            line.stylize(self._styles.get("error", "underline"), column, _word_end(line.plain, column))
        return line

    def edit(self, edit: Edit) -> EditResult:
        first = min(edit.from_location[0], edit.to_location[0])
        result = super().edit(edit)
        self._changed(first)
        return result

    def undo(self) -> None:
        super().undo()
        self._changed(0)

    def redo(self) -> None:
        super().redo()
        self._changed(0)

    def load_text(self, text: str) -> None:
        super().load_text(text)
        self._changed(0)

    def action_toggle_comment(self) -> None:
        """Put `-- ` before each of the selected lines, or take it away where all have it."""
        (first, _), (last, _) = sorted(self.selection)
        rows = [row for row in range(first, last + 1) if self.document.get_line(row).strip()]
        commented = all(self.document.get_line(row).lstrip().startswith("--") for row in rows)
        for row in rows:
            text = self.document.get_line(row)
            column = len(text) - len(text.lstrip())
            if commented:
                self.delete((row, column), (row, column + 2 + text[column + 2 : column + 3].isspace()))
            else:
                self.insert("-- ", (row, column), maintain_selection_offset=True)

    def action_first_line(self) -> None:
        self.move_cursor((0, 0))

    def action_last_line(self) -> None:
        self.move_cursor(self.document.end)

    def _changed(self, first: int) -> None:
        self._error = None
        if self._highlighter is not None:
            self._highlighter.forget(first)
        self.refresh()

    def _repaint(self) -> None:
        self.notify_style_update()
        self.refresh()


def _word_end(text: str, column: int) -> int:
    end = column
    while end < len(text) and (text[end].isalnum() or text[end] == "_"):
        end += 1
    return max(end, column + 1)
