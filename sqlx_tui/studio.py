"""The one screen: a database is connected to, statements are run, what they have changed is kept or undone."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence

from textual.worker import Worker

from sqlx.dbapi.exceptions import Error
from sqlx_tui.actions import bindings
from sqlx_tui.ask import Ask
from sqlx_tui.cells import glance
from sqlx_tui.layout import Layout
from sqlx_tui.session.messages import Connected, Failed, Finished, NotConnected, Settled
from sqlx_tui.session.outcome import Outcome
from sqlx_tui.session.run import Run
from sqlx_tui.session.session import Session, open_session, password_in, without_password
from sqlx_tui.session.statements import Statement, at_cursor, danger, in_text
from sqlx_tui.themes import StudioTheme
from sqlx_tui.tree.tree import CatalogTree

DEFINING = frozenset({"CREATE", "DROP", "ALTER"})


class StudioScreen(Layout):
    """Owns the session and the run. What takes time goes on in workers, which tell by messages how it went."""

    BINDINGS = bindings("everywhere")

    def __init__(
        self, url: str | None, password: str | None, themes: Mapping[str, StudioTheme], pack: str | None = None
    ) -> None:
        super().__init__(themes)
        self._url = url
        self._password = password
        self._pack = pack
        self.session: Session | None = None
        self.run: Run | None = None
        self._connecting: Worker[None] | None = None

    @property
    def is_at_work(self) -> bool:
        """Whether a statement runs; one that pauses does not."""
        return self.run is not None and not self.run.over.is_set() and not self.run.is_paused

    # -- connecting

    def on_mount(self) -> None:
        self.status.show_nothing()
        self.dress()
        if self._url is None:
            self.action_connect()
        else:
            self._connect(self._url, self._password)

    def _connect(self, url: str, password: str | None) -> None:
        self.status.begin(f"connecting to {without_password(url)}")
        self._connecting = self.run_worker(self._open(url, password), group="connect", exclusive=True)
        self.show_keys()

    async def _open(self, url: str, password: str | None) -> None:
        try:
            session = await open_session(url, password, self._pack)
        except Error as error:
            self.post_message(NotConnected(error))
        else:
            self.post_message(Connected(session))

    def on_connected(self, message: Connected) -> None:
        self._connecting = None
        if (before := self.session) is not None:
            self.run_worker(self._part(before), group="part")
        session = self.session = message.session
        self.status.end()
        self.status.say("connected", "good")
        self.editor.speak(session.scanner)
        self.tree_pane.show(session)
        self._show_state()

    def on_not_connected(self, message: NotConnected) -> None:
        from sqlx_tui.connect.screen import ConnectScreen

        self._connecting = None
        self.status.end()
        self.status.say("no connection", "bad")
        url = self._url or ""
        screen = ConnectScreen(url, self._password or password_in(url, self._pack), message.error, self._pack)
        self.app.push_screen(screen, self._chosen)

    def action_connect(self) -> None:
        if not self._is_busy():
            self._leave_for(self._ask_where)

    def _ask_where(self) -> None:
        from sqlx_tui.connect.screen import ConnectScreen

        self.app.push_screen(ConnectScreen(), self._chosen)

    def _chosen(self, session: Session | None) -> None:
        if session is not None:
            self.post_message(Connected(session))
        elif self.session is None:
            self.status.say("not connected: Ctrl+O connects")

    def action_reconnect(self) -> None:
        if self.session is not None and not self._is_busy():
            url, password = self._url, self._password = self.session.address
            self._leave_for(lambda: self._connect(url, password))

    async def _part(self, session: Session) -> None:
        """Leave a database."""
        if self.run is not None and not self.run.over.is_set():
            self._give_up()
            await self.run.over.wait()
        await session.close()

    # -- running

    def action_run_statement(self) -> None:
        self.editor.call_later(self._run_statement)  # behind the keys that are still on their way to it

    def _run_statement(self) -> None:
        editor, session = self.editor, self.session
        if session is None:
            self._not_connected()
            return
        if editor.selected_text:
            start = min(editor.selection.start, editor.selection.end)
            offset = len(editor.get_text_range((0, 0), start))
            self._ask_and_run(in_text(session.scanner, editor.selected_text, offset))
        else:
            self._ask_and_run(at_cursor(session.scanner, editor.text, editor.cursor_offset_in_text))

    def action_run_all(self) -> None:
        self.editor.call_later(self._run_all)

    def _run_all(self) -> None:
        if self.session is None:
            self._not_connected()
        else:
            self._ask_and_run(in_text(self.session.scanner, self.editor.text))

    def on_catalog_tree_rows_asked(self, message: CatalogTree.RowsAsked) -> None:
        self._ask_and_run([Statement(message.sql, -1)])

    def _ask_and_run(self, statements: Sequence[Statement]) -> None:
        session = self.session
        if session is None or self._is_busy():
            return
        if not statements:
            self.status.say("there is no statement to run")
            return
        risks = [(risk, each) for each in statements if (risk := danger(session.scanner, each.sql)) is not None]
        if not risks:
            self._run(statements)
            return
        risk, first = risks[0]
        title = glance(first.title)
        body = title if len(risks) == 1 else f"{title}\nand {len(risks) - 1} more of that kind"

        def answered(answer: str | None) -> None:
            if answer:
                self._run(statements)
            else:
                self.status.say("left alone: nothing was run")

        self.app.push_screen(Ask(risk, body, [("y", "run it")]), answered)

    def _run(self, statements: Sequence[Statement]) -> None:
        session = self.session
        if session is None:
            return
        before = self.run
        self.problem.hide()
        self.results.clear()
        self.run = Run(session.connection, statements, self.results.post_message)
        self.status.begin("running")
        self.run_worker(self._after(before, self.run), group="run")
        self.show_keys()

    async def _after(self, before: Run | None, run: Run) -> None:
        if before is not None:
            before.let_go()
            await before.over.wait()
        await run.run()

    def on_paused(self) -> None:
        self.status.end()
        self.status.say("paused: m reads on")
        self.show_keys()

    def on_failed(self, message: Failed) -> None:
        statement, error = message.outcome.statement, message.error
        if message.was_cancelled:
            self.status.say("cancelled: the server has stopped it", "good")
            return
        self.status.say("failed", "bad")
        start, text = statement.offset, self.editor.text
        is_there = start >= 0 and text.startswith(statement.sql, start)
        self.problem.show(error, statement.sql, text.count("\n", 0, start) if is_there else 0)
        if error.position and is_there:
            self.editor.mark_error(start + error.position - 1)

    def on_finished(self, message: Finished) -> None:
        if message.run is not self.run:
            return
        self.status.end()
        outcomes = self.results.outcomes
        if outcomes and outcomes[-1].state in ("done", "abandoned"):
            self.status.say(f"{len(outcomes)} results" if len(outcomes) > 1 else "done", "good")
        if any(self._defines(outcome) for outcome in outcomes):
            self.tree_pane.action_refresh()
        self._show_state()

    def _defines(self, outcome: Outcome) -> bool:
        """Whether the tree may look other than before."""
        words = self.session.scanner.words(outcome.statement.sql, 1) if self.session is not None else []
        return outcome.state == "done" and bool(DEFINING.intersection(words))

    def on_results_panel_more_asked(self) -> None:
        if self.run is not None and self.run.is_paused:
            self.status.begin("reading on")
            self.run.read_more()
        else:
            self.status.say("there is nothing more to read: run the statement again")

    # -- stopping

    async def action_cancel(self) -> None:
        run, session = self.run, self.session
        if self._connecting is not None:
            self._connecting.cancel()
            self._connecting = None
            self.status.end()
            self.status.say("given up: Ctrl+O connects")
            return
        if run is None or session is None or run.over.is_set():
            return
        if run.was_cancelled:
            self.status.say("giving up: the connection is closed if the server does not answer", "bad")
            self._give_up()
            return
        self.status.say("cancelling …")
        self.run_worker(self._cancel(run), group="cancel")

    def _give_up(self) -> None:
        """End the run within seconds, whatever becomes of its connection."""
        for worker in self.workers:
            if worker.group == "run":
                worker.cancel()

    async def _cancel(self, run: Run) -> None:
        try:
            await run.cancel()
        except Error as error:
            self.post_message(Settled("cancel", error))

    async def action_interrupt(self) -> None:
        await self.action_cancel()

    # -- transactions

    def action_commit(self) -> None:
        if self.session is not None and not self._is_busy():
            self._settle("committed", self.session.connection.commit)

    def action_rollback(self) -> None:
        if self.session is not None and not self._is_busy():
            self._settle("rolled back", self.session.connection.rollback)

    def action_toggle_autocommit(self) -> None:
        if self.session is None or self._is_busy():
            return
        connection = self.session.connection
        try:
            connection.autocommit = not connection.autocommit
        except Error as error:
            self.status.say(error.message, "bad")
        else:
            self.status.say(
                "autocommit on: each statement lasts at once"
                if connection.autocommit
                else "autocommit off: F7 makes changes last, F8 undoes them"
            )
        self._show_state()

    def _settle(self, what: str, call: Callable[[], Awaitable[None]]) -> None:
        async def work() -> None:
            try:
                await call()
            except Error as error:
                self.post_message(Settled(what, error))
            else:
                self.post_message(Settled(what))

        self.status.begin(what.replace("committed", "committing").replace("rolled", "rolling"))
        self.run_worker(work(), group="settle", exclusive=True)

    def on_settled(self, message: Settled) -> None:
        self.status.end()
        if message.error is None:
            self.status.say(message.what, "good")
        else:
            self.status.say("failed", "bad")
            self.problem.show(message.error)
        self._show_state()

    # -- leaving

    def action_quit_studio(self) -> None:
        self._leave_for(self.app.exit)

    def _leave_for(self, then: Callable[[], object]) -> None:
        """Go on to what ends the session; what an open transaction has changed is asked about first."""
        session = self.session
        if session is None or session.connection.closed or not session.connection.in_transaction:
            then()
            return

        def answered(answer: str | None) -> None:
            if answer:
                call = session.connection.commit if answer == "c" else session.connection.rollback
                self.run_worker(self._settle_for(call, then), group="leave", exclusive=True)

        choices = [("c", "commit and go on"), ("r", "roll back and go on")]
        self.app.push_screen(Ask("a transaction is open", "its changes are not yet made to last", choices), answered)

    async def _settle_for(self, call: Callable[[], Awaitable[None]], then: Callable[[], object]) -> None:
        try:
            if not self.is_at_work:  # what still runs has no say in what becomes of it
                await call()
        except Error as error:
            self.post_message(Settled("leaving", error))
        else:
            self.post_message(Settled("settled"))
            then()

    async def on_unmount(self) -> None:
        if self.session is not None:
            await self._part(self.session)

    # -- how things stand

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        # Esc is kept from the editor, for which it means to go elsewhere.
        return action == "cancel" or self.makes_sense(action)

    def makes_sense(self, action: str) -> bool:
        """Whether an action could do anything now."""
        if action in ("cancel", "interrupt"):
            return self._connecting is not None or (self.run is not None and not self.run.over.is_set())
        if action in ("commit", "rollback"):
            return self.session is not None and self.session.connection.in_transaction
        return True

    def _is_busy(self) -> bool:
        if self.is_at_work:
            self.status.say("something runs: Esc cancels it", "bad")
        return self.is_at_work

    def _not_connected(self) -> None:
        self.status.say("not connected: Ctrl+O connects", "bad")

    def _show_state(self) -> None:
        """Whom one is connected to, and what becomes of changes."""
        session = self.session
        if session is None:
            self.status.show_nothing()
        elif session.connection.closed:
            self.status.show_nothing()
            self.status.say("the connection is lost: Ctrl+R connects again", "bad")
        else:
            self.status.show_place(f"{session.place}  {session.engine}")
            connection = session.connection
            self.status.show_transaction(
                connection.autocommit, connection.in_transaction, connection.in_failed_transaction
            )
        self.show_keys()
