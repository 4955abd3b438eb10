"""Where somebody says which database to open."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import Input, Static
from textual.worker import Worker

from sqlx.dbapi.exceptions import Error
from sqlx_tui.editor.problem import describe
from sqlx_tui.session.messages import Connected, NotConnected
from sqlx_tui.session.session import Session, open_session, without_password

EXAMPLES = """\
postgresql://user@host/database
mysql://user@host/database          mariadb://user@host/database
sqlite:///relative/file.db          sqlite:////absolute/file.db"""


class ConnectScreen(ModalScreen[Session | None]):
    """Asks for a URL and a password until there is a connection; Esc gives up, None then. `pack` runs any of them."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "give_up", "Leave")]

    def __init__(self, url: str = "", password: str = "", error: Error | None = None, pack: str | None = None) -> None:
        super().__init__()
        self._url = url
        self._password = password
        self._error = error
        self._pack = pack
        self._worker: Worker[None] | None = None

    def compose(self) -> ComposeResult:
        with Vertical(classes="window"):
            yield Static("Database URL", classes="title")
            yield Input(without_password(self._url), placeholder="scheme://user@host/database", id="url")
            yield Static("Password, if the server wants one", classes="title")
            yield Input(self._password, password=True, id="password")
            yield Static("", id="connect-problem", markup=False)
            yield Static(EXAMPLES, classes="faint", markup=False)
            yield Static("Enter connect   Tab next field   Esc leave", classes="legend")

    def on_mount(self) -> None:
        self.query_one(".window").border_title = "Connect"
        if self._error is not None:
            self._show(self._error)
        wants_password = self._error is not None and (self._error.sqlstate or "").startswith("28")
        self.query_one("#password" if wants_password else "#url", Input).focus()

    def on_input_submitted(self, event: Input.Submitted) -> None:
        event.stop()
        url = self.query_one("#url", Input).value.strip()
        if url and self._worker is None:
            self.query_one("#connect-problem", Static).update("connecting …")
            self._worker = self.run_worker(self._connect(url, self.query_one("#password", Input).value))

    async def _connect(self, url: str, password: str) -> None:
        try:
            session = await open_session(url, password, self._pack)
        except Error as error:
            self.post_message(NotConnected(error))
        else:
            self.post_message(Connected(session))

    def on_connected(self, message: Connected) -> None:
        message.stop()
        self.dismiss(message.session)

    def on_not_connected(self, message: NotConnected) -> None:
        message.stop()
        self._worker = None
        self._show(message.error)

    def action_give_up(self) -> None:
        if self._worker is None:
            self.dismiss(None)
            return
        self._worker.cancel()
        self._worker = None
        self.query_one("#connect-problem", Static).update("given up")

    def _show(self, error: Error) -> None:
        self.query_one("#connect-problem", Static).update(describe(error))
