"""What is where on the screen, and the way from one place to another."""

from __future__ import annotations

from collections.abc import Mapping

from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.screen import Screen
from textual.widget import Widget

from sqlx_tui.actions import ACTIONS, PLACES, Place
from sqlx_tui.bars.keys import KeyLine
from sqlx_tui.bars.status import StatusBar
from sqlx_tui.editor.editor import SqlEditor
from sqlx_tui.editor.problem import Problem
from sqlx_tui.results.panel import ResultsPanel
from sqlx_tui.themes import StudioTheme
from sqlx_tui.tree.tree import CatalogTree

COPYABLE = 100_000  # bytes that terminals take onto their clipboard


class Layout(Screen[None]):
    """The tree at the left, the editor over the results, how things stand below."""

    AUTO_FOCUS = "#editor"

    def __init__(self, themes: Mapping[str, StudioTheme]) -> None:
        super().__init__()
        self._themes = themes

    def compose(self) -> ComposeResult:
        with Horizontal():
            yield CatalogTree(id="tree")
            with Vertical(id="work"):
                yield SqlEditor(id="editor")
                yield Problem(id="problem")
                yield ResultsPanel(id="results")
        yield StatusBar(id="status")
        yield KeyLine(id="keys")

    @property
    def tree_pane(self) -> CatalogTree:
        return self.query_one(CatalogTree)

    @property
    def editor(self) -> SqlEditor:
        return self.query_one(SqlEditor)

    @property
    def results(self) -> ResultsPanel:
        return self.query_one(ResultsPanel)

    @property
    def problem(self) -> Problem:
        return self.query_one(Problem)

    @property
    def status(self) -> StatusBar:
        return self.query_one(StatusBar)

    def widget_at(self, place: Place) -> Widget:
        """What has the actions of a place."""
        return {"everywhere": self, "editor": self.editor, "results": self.results, "tree": self.tree_pane}[place]

    def dress(self) -> None:
        """Colour what the style sheet does not reach as the app's theme has it."""
        if (theme := self._themes.get(self.app.theme)) is not None:
            self.editor.dress(theme.colours.name, theme.syntax)
            self.show_keys()

    # -- moving about

    def action_go_to_tree(self) -> None:
        tree = self.tree_pane
        if tree.has_focus:
            tree.display = False
            self.editor.focus()
        else:
            tree.display = True
            tree.focus()

    def action_go_to_editor(self) -> None:
        self._show_editor(True)
        self.editor.focus()

    def action_go_to_results(self) -> None:
        if self.results.body.has_focus:
            self._show_editor(not self.editor.display)
        else:
            self.results.body.focus()

    def _show_editor(self, is_shown: bool) -> None:
        self.editor.display = is_shown

    def action_previous_result(self) -> None:
        self.results.action_previous_result()

    def action_next_result(self) -> None:
        self.results.action_next_result()

    def on_catalog_tree_name_asked(self, message: CatalogTree.NameAsked) -> None:
        self.action_go_to_editor()
        self.editor.insert(message.name)

    def on_results_panel_copy_asked(self, message: ResultsPanel.CopyAsked) -> None:
        self.copy(message.copied, message.what)

    def copy(self, text: str, what: str) -> None:
        """Put a text on the terminal's clipboard, if it is not more than terminals take."""
        text = text.encode("utf-8", "replace").decode()  # what is no text has no place on a clipboard
        size = len(text.encode())
        if size > COPYABLE:
            self.status.say(f"{what} has {size:,} bytes; terminals take up to {COPYABLE:,}", "bad")
            return
        self.app.copy_to_clipboard(text)
        self.status.say(f"copied {what}: {len(text):,} characters", "good")

    def action_next_theme(self) -> None:
        self.app.action_next_theme()  # type: ignore[attr-defined]

    def action_command_palette(self) -> None:
        self.app.action_command_palette()

    def action_help(self) -> None:
        from sqlx_tui.help import Help

        self.app.push_screen(Help())

    # -- keys

    def makes_sense(self, action: str) -> bool:
        """Whether an action could do anything now."""
        return True

    def on_descendant_focus(self) -> None:
        self.show_keys()

    def on_key_line_picked(self, message: KeyLine.Picked) -> None:
        self.run_worker(self.app.run_action(message.action.name, self.widget_at(message.action.place)))

    def show_keys(self) -> None:
        """Show what can be done where the focus is."""
        place: Place = "everywhere"
        for name in PLACES[1:]:
            if self.focused is not None and self.widget_at(name) in self.focused.ancestors_with_self:
                place = name
        disabled = frozenset(action.name for action in ACTIONS if not self.makes_sense(action.name))
        self.query_one(KeyLine).show(place, disabled)
