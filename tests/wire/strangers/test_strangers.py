"""Engines are data: two protocols that no line of the project knows, each one JSON file, used through `sqlx.dbapi`."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

import sqlx.dbapi
from sqlx.wire import registry
from sqlx.wire.language.check import check
from tests.wire.strangers.scripted import Resp, Scripted, Tabby

HERE = Path(__file__).parent


@contextmanager
def connected(
    server: Scripted, name: str, login: str = "ada:secret", **options: Any
) -> Iterator[sqlx.dbapi.Connection]:
    url = f"{name}://{login}@?socket={server.path}"
    connection = sqlx.dbapi.connect(url, pack=HERE / f"{name}.wire.json", connect_timeout=5, **options)
    try:
        yield connection
    finally:
        connection.close()


@pytest.fixture
def tabby(tmp_path: Path) -> Iterator[Tabby]:
    with Tabby(tmp_path / "tabby.sock") as server:
        yield server


@pytest.fixture
def resp(tmp_path: Path) -> Iterator[Resp]:
    with Resp(tmp_path / "resp.sock") as server:
        yield server


@pytest.mark.parametrize("name", ["tabby", "resp"])
def test_the_pack_is_found_right(name: str) -> None:
    """By the same check that every stranger's pack goes through."""
    source = registry.read_source(HERE / f"{name}.wire.json")
    assert [finding for finding in check(source) if finding.severity == "error"] == []


class TestTabby:
    """A line protocol: greeting, tab-separated rows, a token to cancel by."""

    def test_rows(self, tabby: Tabby) -> None:
        with connected(tabby, "tabby") as connection, connection.cursor() as cursor:
            cursor.execute("all")
            assert [column[0] for column in cursor.description or ()] == ["id", "name"]
            assert cursor.description and cursor.description[0][1] == sqlx.dbapi.STRING
            assert cursor.fetchall() == list(Tabby.TABLE[1:])
            assert cursor.rowcount == len(Tabby.TABLE) - 1

    def test_a_row_that_looks_like_the_end_is_none(self, tabby: Tabby) -> None:
        with connected(tabby, "tabby") as connection:
            assert connection.cursor().execute("dots").fetchall() == [(".",), ("..",)]

    def test_no_rows(self, tabby: Tabby) -> None:
        with connected(tabby, "tabby") as connection, connection.cursor() as cursor:
            cursor.execute("change")
            assert (cursor.description, cursor.rowcount) == (None, 3)

    def test_text_arrives_as_it_was_sent(self, tabby: Tabby) -> None:
        with connected(tabby, "tabby") as connection:
            assert connection.cursor().execute("say \u00e9 ? :x '\u20ac'").fetchone() == ("\u00e9 ? :x '\u20ac'",)

    def test_an_error_has_the_class_of_its_code(self, tabby: Tabby) -> None:
        with connected(tabby, "tabby") as connection, connection.cursor() as cursor:
            with pytest.raises(sqlx.dbapi.ProgrammingError, match="no statement nonsense") as caught:
                cursor.execute("nonsense")
            assert caught.value.sqlstate == "42000"
            assert cursor.execute("say still here").fetchone() == ("still here",)

    def test_a_wrong_password(self, tabby: Tabby) -> None:
        with pytest.raises(sqlx.dbapi.OperationalError, match="wrong user or password"):
            connected(tabby, "tabby", "ada:wrong").__enter__()

    def test_a_statement_of_two_lines_is_not_sent(self, tabby: Tabby) -> None:
        """A line break would begin a second command."""
        with connected(tabby, "tabby") as connection, connection.cursor() as cursor:
            with pytest.raises(sqlx.dbapi.DataError, match="one line"):
                cursor.execute("say a\r\nQUERY change")
            assert cursor.execute("say b").fetchone() == ("b",)
        assert not [line for line in tabby.received if "change" in line]

    def test_a_row_of_another_width_ends_the_connection(self, tabby: Tabby) -> None:
        with connected(tabby, "tabby") as connection:
            with pytest.raises(sqlx.dbapi.OperationalError, match="a row of 1 values in a result of 2 columns"):
                connection.cursor().execute("ragged")
            assert connection.closed

    def test_cancel(self, tabby: Tabby) -> None:
        with connected(tabby, "tabby") as connection:
            assert_cancelled(connection, tabby, "wait", "cancelled by its user")
            assert connection.cursor().execute("say on").fetchone() == ("on",)

    def test_a_timeout_cancels(self, tabby: Tabby) -> None:
        with connected(tabby, "tabby", statement_timeout=0.05) as connection:
            with pytest.raises(sqlx.dbapi.OperationalError, match="longer than"):
                connection.cursor().execute("wait")
            assert connection.cursor().execute("say on").fetchone() == ("on",)


class TestResp:
    """RESP: tagged lines, data after its length, arrays."""

    def test_commands(self, resp: Resp) -> None:
        with connected(resp, "resp") as connection, connection.cursor() as cursor:
            assert (cursor.execute("SET greeting hello").description, cursor.execute("PING").rowcount) == (None, -1)
            assert cursor.execute("GET greeting").fetchall() == [(b"hello",)]
            assert cursor.execute("GET nothing").fetchall() == [(None,)]
            assert cursor.execute("RPUSH list a b c").fetchone() == (3,)
            assert cursor.description and cursor.description[0][1] == sqlx.dbapi.NUMBER
            assert cursor.execute("LRANGE list 0 -1").fetchall() == [(b"a",), (b"b",), (b"c",)]
            assert cursor.rowcount == 3
            assert cursor.execute("LRANGE none 0 -1").fetchall() == []

    def test_every_kind_of_element(self, resp: Resp) -> None:
        with connected(resp, "resp") as connection:
            rows = connection.cursor().execute("MIXED").fetchall()
            assert rows == [(b"simple",), (b"7",), (None,), (b"",), (b"ERR inside",)]

    def test_arrays_in_arrays_are_refused_and_read_past(self, resp: Resp) -> None:
        with connected(resp, "resp") as connection, connection.cursor() as cursor:
            with pytest.raises(sqlx.dbapi.NotSupportedError, match="arrays in an array"):
                cursor.execute("NESTED")
            assert cursor.execute("RPUSH list a").fetchone() == (1,)

    def test_any_bytes_come_back(self, resp: Resp) -> None:
        resp.store[b"binary"] = bytes(range(256)) * 1000 + b"\r\n$3\r\n"
        with connected(resp, "resp") as connection:
            assert connection.cursor().execute("GET binary").fetchone() == (resp.store[b"binary"],)

    @pytest.mark.parametrize(
        ("command", "class_"),
        [("NONSENSE", sqlx.dbapi.ProgrammingError), ("GET list", sqlx.dbapi.DataError)],
    )
    def test_errors(self, resp: Resp, command: str, class_: type[sqlx.dbapi.Error]) -> None:
        resp.store[b"list"] = [b"x"]
        with connected(resp, "resp") as connection, connection.cursor() as cursor:
            with pytest.raises(class_):
                cursor.execute(command)
            assert cursor.execute("RPUSH list a").fetchone() == (1,)

    def test_a_database(self, resp: Resp) -> None:
        with connected(resp, "resp", database="3"):
            assert "SELECT 3" in resp.received
        with pytest.raises(sqlx.dbapi.Error, match="invalid DB index"):
            connected(resp, "resp", database="x\r\nFLUSHALL").__enter__()
        assert "FLUSHALL" not in resp.received

    def test_a_password_with_a_line_break_stays_one_word(self, tmp_path: Path) -> None:
        with Resp(tmp_path / "s", "p w\r\nx") as server, connected(server, "resp", "ada:p%20w%0D%0Ax") as connection:
            connection.ping()

    def test_a_wrong_password(self, resp: Resp) -> None:
        with pytest.raises(sqlx.dbapi.OperationalError, match="invalid username-password"):
            connected(resp, "resp", "ada:wrong").__enter__()

    @pytest.mark.parametrize("command", ["", "  ", "GET a\nFLUSHALL", "GET a\rFLUSHALL"])
    def test_what_is_no_command_is_not_sent(self, resp: Resp, command: str) -> None:
        with connected(resp, "resp") as connection, connection.cursor() as cursor:
            with pytest.raises(sqlx.dbapi.DataError):
                cursor.execute(command)
            assert cursor.execute("RPUSH list a").fetchone() == (1,)
        assert not [line for line in resp.received if "FLUSHALL" in line]

    def test_cancel(self, resp: Resp) -> None:
        with connected(resp, "resp") as connection:
            assert_cancelled(connection, resp, "BLPOP key 0", "unblocked via CLIENT UNBLOCK")
            assert connection.cursor().execute("RPUSH list a").fetchone() == (1,)


@pytest.mark.parametrize(("name", "make", "word"), [("tabby", Tabby, "all"), ("resp", Resp, "MIXED")])
class TestBoth:
    def test_parameters_are_refused_with_a_sentence(
        self, tmp_path: Path, name: str, make: Callable[[Path], Scripted], word: str
    ) -> None:
        with make(tmp_path / "s") as server, connected(server, name) as connection, connection.cursor() as cursor:
            with pytest.raises(sqlx.dbapi.NotSupportedError, match="takes no parameters: write the values into"):
                cursor.execute(f"{word} ?", (None,))
            assert cursor.execute(word).fetchall()

    def test_transactions_are_none(
        self, tmp_path: Path, name: str, make: Callable[[Path], Scripted], word: str
    ) -> None:
        with make(tmp_path / "s") as server, connected(server, name) as connection:
            connection.cursor().execute(word)
            connection.commit()
            connection.rollback()

    def test_a_stream(self, tmp_path: Path, name: str, make: Callable[[Path], Scripted], word: str) -> None:
        with make(tmp_path / "s") as server, connected(server, name) as connection:
            whole = connection.cursor().execute(word).fetchall()
            with connection.cursor(stream=True) as cursor:
                assert list(cursor.execute(word)) == whole

    def test_a_password_is_not_sent_over_an_open_line(
        self, tmp_path: Path, name: str, make: Callable[[Path], Scripted], word: str
    ) -> None:
        """The pack says `private`, and the driver knows what that is."""
        with socket.create_server(("127.0.0.1", 0)) as listener:
            heard: list[bytes] = []

            def answer() -> None:
                peer, _ = listener.accept()
                with peer:
                    peer.sendall(b"TABBY 1 token\r\n" if name == "tabby" else b"")
                    heard.append(peer.recv(1000))

            thread = threading.Thread(target=answer, daemon=True)
            thread.start()
            url = f"{name}://ada:secret@127.0.0.1:{listener.getsockname()[1]}/"
            with pytest.raises(sqlx.dbapi.OperationalError, match="this connection is not private"):
                sqlx.dbapi.connect(url, pack=HERE / f"{name}.wire.json", connect_timeout=5)
            thread.join(5)
        assert heard == [b""]


def assert_cancelled(connection: sqlx.dbapi.Connection, server: Scripted, text: str, message: str) -> None:
    """`text` waits at the server until another thread cancels it."""

    def cancel() -> None:
        assert server.waiting.wait(5)
        connection.cancel()

    thread = threading.Thread(target=cancel, daemon=True)
    thread.start()
    with pytest.raises(sqlx.dbapi.OperationalError, match=message):
        connection.cursor().execute(text)
    thread.join(5)
