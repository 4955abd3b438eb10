"""What a test does with the IDE, and what it sees there."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from textual.pilot import Pilot
from textual.widgets import Static

from sqlx_tui.app import StudioApp
from sqlx_tui.ask import Ask
from sqlx_tui.results.grid import ResultGrid
from sqlx_tui.session.outcome import Outcome
from sqlx_tui.studio import StudioScreen

PATIENCE = 20.0  # seconds until a test gives up waiting


class Studio:
    """The IDE and the hands of whoever uses it."""

    def __init__(self, app: StudioApp, pilot: Pilot[None]) -> None:
        self.app = app
        self.pilot = pilot

    @classmethod
    @asynccontextmanager
    async def started(
        cls, url: str | None, size: tuple[int, int] = (120, 36), password: str | None = None
    ) -> AsyncIterator[Studio]:
        app = StudioApp(url, password=password)
        async with app.run_test(size=size) as pilot:
            yield cls(app, pilot)

    @property
    def screen(self) -> StudioScreen:
        return self.app.studio

    @property
    def grid(self) -> ResultGrid:
        return self.screen.results.grid

    @property
    def outcome(self) -> Outcome:
        """The current result."""
        outcome = self.screen.results.outcome
        assert outcome is not None, "nothing was run"
        return outcome

    async def until(self, holds: Callable[[], object]) -> None:
        """Wait until something holds, however long the machine takes."""
        async with asyncio.timeout(PATIENCE):
            while not holds():
                await self.pilot.pause()
        await self.pilot.pause()

    async def press(self, *keys: str) -> None:
        await self.pilot.press(*keys)

    async def start(self, sql: str, key: str = "f5") -> None:
        """Write a text, put the cursor at its end, press the key that runs it, and say yes if that is asked."""
        before = self.screen.run
        self.screen.editor.text = sql
        await self.press("f3", "ctrl+end", key)
        await self.until(lambda: self.screen.run is not before or isinstance(self.app.screen, Ask))
        if isinstance(self.app.screen, Ask):
            await self.press("y")
        await self.until(lambda: self.screen.run is not before)

    async def run(self, sql: str, key: str = "f5") -> Outcome:
        """Run a text to its end; its last result."""
        await self.start(sql, key)
        await self.finished()
        return self.outcome

    async def finished(self) -> None:
        run = self.screen.run
        assert run is not None
        await self.until(run.over.is_set)

    def labels(self) -> list[str]:
        """What the tree shows, from top to bottom."""
        tree = self.screen.tree_pane
        return [str(tree.get_node_at_line(line).label) for line in range(tree.last_line + 1)]  # type: ignore[union-attr]

    async def choose(self, label: str) -> None:
        """Go to a node of the tree, once it is there."""
        tree = self.screen.tree_pane
        await self.until(lambda: label in self.labels())
        await self.press("f2")
        tree.cursor_line = self.labels().index(label)

    def said(self, selector: str) -> str:
        """The text of a widget."""
        return str(self.app.screen.query_one(selector, Static).visual)

    def shown(self) -> str:
        """The whole screen as text, line by line."""
        width, height = self.app.size
        lines = self.app.screen._compositor.render_strips()
        return "\n".join(strip.text[:width] for strip in lines[:height])
