"""Variables and files of the engines' own tools: what they give, in which order, and what is said of wrong ones."""

from __future__ import annotations

import os
import subprocess
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sqlx.cli.main import main
from sqlx.dbapi import InterfaceError, OperationalError, connect
from sqlx.kernel.environment import option_files, password_file
from sqlx.kernel.known_options import known_options, names
from sqlx.kernel.options import ConnectOptions, parse
from sqlx.wire import registry
from sqlx.wire.errors import WireError
from tests.servers.server import Server

SECRET = "s3cr3t"
Write = Callable[..., Path]


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A user who has set up nothing yet, and whose files and variables count."""
    prefixes = ("PG", "MYSQL")
    for name in [name for name in os.environ if name.startswith(prefixes)]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("LOGNAME", "someone")
    monkeypatch.delenv("SQLX_ENVIRONMENT")
    return tmp_path


@pytest.fixture
def write(home: Path) -> Write:
    def written(name: str, text: str, mode: int = 0o600) -> Path:
        path = home / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
        path.chmod(mode)
        return path

    return written


def variables(monkeypatch: pytest.MonkeyPatch, **given: object) -> None:
    for name, value in given.items():
        monkeypatch.setenv(name, str(value))


def refusal(url: str, **keywords: Any) -> str:
    with pytest.raises(WireError) as caught:
        parse(url, **keywords)
    assert caught.value.kind == "usage" and caught.value.outcome == "not_run"
    assert SECRET not in "".join(traceback.format_exception(caught.value))
    return caught.value.message


def password(options: ConnectOptions, place: int = 0) -> str | None:
    secret = options.password or options.places[place].password
    return None if secret is None else secret.reveal()  # type: ignore[union-attr]


def refused(server: Server, **given: Any) -> str:
    """The hint about a login without a password in the URL."""
    user = server.users[server.engine.method][0]
    with pytest.raises(OperationalError) as caught:
        connect(f"{server.kind}://{user}@{server.host}:{server.port}/test", **given)
    assert SECRET not in str(caught.value)
    return caught.value.hint or ""


def test_a_refused_login_says_where_its_password_came_from(
    postgres: Server, mariadb: Server, write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    for server in (postgres, mariadb):
        assert "from password=" in refused(server, password=SECRET)
        assert "from the function password=" in refused(server, password=lambda: SECRET)
        with pytest.raises(OperationalError) as caught:
            connect(server.url(password=SECRET))
        assert "from the URL" in (caught.value.hint or "") and SECRET not in str(caught.value)
    path = write(".pgpass", f"# mine\n*:*:*:*:{SECRET}\n")
    assert f"from {path}, line 2" in refused(postgres)
    variables(monkeypatch, PGPASSWORD=SECRET, MYSQL_PWD=SECRET)
    assert "from PGPASSWORD" in refused(postgres)
    assert "from MYSQL_PWD" in refused(mariadb)


@pytest.mark.parametrize("name", registry.shipped_packs())
def test_every_word_means_an_option(name: str) -> None:
    """Of variables, option files, and the options that name files."""
    pack = registry.load(name)
    known = names(known_options(pack))
    files = [pack.environment.get(key, {}) for key in ("password_file", "service_file", "option_files")]
    rules = [*pack.environment.get("variables", {}).values(), *files[2].get("words", {}).values()]
    meant = [rule if isinstance(rule, str) else rule["option"] for rule in rules]
    meant += [file[key] for file in files for key in ("option", "file_option") if key in file]
    assert [word for word in meant if word not in known] == []


# -- variables


def test_variables_stand_below_the_url_and_keywords(monkeypatch: pytest.MonkeyPatch) -> None:
    variables(monkeypatch, PGHOST="env", PGPORT=7, PGUSER="anna", PGDATABASE="d", PGPASSWORD=SECRET, PGTZ="UTC")
    variables(monkeypatch, PGSSLMODE="require", PGAPPNAME="app", PGCONNECT_TIMEOUT=3, PGOPTIONS="-c a=b")
    variables(monkeypatch, PGTARGETSESSIONATTRS="standby", PGLOADBALANCEHOSTS="random")
    variables(monkeypatch, PGSSLNEGOTIATION="direct", PGCHANNELBINDING="require", PGREQUIREAUTH="scram-sha-256")
    options = parse("postgresql://")
    assert (options.host, options.port, options.user, options.database) == ("env", 7, "anna", "d")
    assert (options.sslmode, options.application_name, options.connect_timeout) == ("require", "app", 3.0)
    assert (options.target_session_attrs, options.load_balance_hosts) == ("standby", "random")
    login = ("sslnegotiation", "channel_binding", "require_auth")
    assert [options.extra[name] for name in login] == ["direct", "require", "scram-sha-256"]
    assert (options.extra["timezone"], options.extra["options"]) == ("UTC", "-c a=b")
    assert password(options) == SECRET
    options = parse("postgresql://bob:other@url:8/e", database="kw")
    assert (options.host, options.port, options.user, options.database) == ("url", 8, "bob", "kw")
    assert password(options) == "other"


def test_an_encryption_that_there_is_not_may_be_declined_but_not_required(
    monkeypatch: pytest.MonkeyPatch, write: Write
) -> None:
    """GSSAPI's: `prefer` is what their tools do by themselves, and nobody loses anything by it."""
    services = write("services", "[a]\ngssencmode=disable\n[b]\ngssencmode=require\n")
    for mode in ("disable", "prefer"):
        assert parse(f"postgresql://h?gssencmode={mode}").extra["gssencmode"] == mode
    assert parse("postgresql://h", service="a", servicefile=services).extra["gssencmode"] == "disable"
    assert "gssencmode is one of disable, prefer" in refusal("postgresql://h?gssencmode=require")
    assert "gssencmode is one of disable, prefer" in refusal("postgresql://h", service="b", servicefile=services)
    variables(monkeypatch, PGGSSENCMODE="require")
    assert "PGGSSENCMODE: gssencmode is one of disable, prefer" in refusal("postgresql://h")


def test_several_hosts_come_from_variables(monkeypatch: pytest.MonkeyPatch) -> None:
    variables(monkeypatch, PGHOST="a,/run/x", PGPORT="1,2", PGHOSTADDR="")
    first, second = parse("postgresql://").places
    assert (first.host, first.port, second.socket) == ("a", 1, "/run/x")


def test_an_address_of_another_place_is_not_taken_along(monkeypatch: pytest.MonkeyPatch) -> None:
    variables(monkeypatch, PGHOST="a", PGHOSTADDR="10.0.0.1")
    assert parse("postgresql://").places[0].hostaddr == "10.0.0.1"
    assert parse("postgresql://b").places[0][:4] == ("b", 5432, None, None)


@pytest.mark.parametrize("said", ["0", "-1"])
def test_no_limit_may_be_said_as_their_tools_do(monkeypatch: pytest.MonkeyPatch, said: str) -> None:
    variables(monkeypatch, PGCONNECT_TIMEOUT=said)
    assert parse("postgresql://h").connect_timeout is None


@pytest.mark.parametrize(("name", "value"), [("PGPORT", "x"), ("PGSSLMODE", "full"), ("PGCONNECT_TIMEOUT", "soon")])
def test_a_wrong_variable_is_named(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    variables(monkeypatch, **{name: value, "PGPASSWORD": SECRET})
    assert refusal("postgresql://h").startswith(f"{name}: ")


def test_another_family_has_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    variables(monkeypatch, MYSQL_HOST="h", MYSQL_TCP_PORT=7, MYSQL_PWD=SECRET, PGHOST="other")
    for scheme in ("mysql", "mariadb"):
        options = parse(f"{scheme}://")
        assert (options.host, options.port, password(options)) == ("h", 7, SECRET)
    variables(monkeypatch, MYSQL_HOST="localhost", MYSQL_UNIX_PORT="/run/x.sock")
    assert parse("mysql://").socket == "/run/x.sock"
    variables(monkeypatch, MYSQL_HOST="h")
    assert (parse("mysql://").host, parse("mysql://").socket) == ("h", None)
    assert parse("sqlite://").host is None


def test_nothing_is_read_when_that_is_said(monkeypatch: pytest.MonkeyPatch, write: Write) -> None:
    """By the option, in the URL or beside it, or by a variable where no option says otherwise."""
    variables(monkeypatch, PGHOST="env", PGPASSWORD=SECRET)
    write(".pgpass", f"*:*:*:*:{SECRET}\n")
    write(".my.cnf", "[client]\nhost=env\n")
    for options in (parse("postgresql://h?environment=0"), parse("postgresql://h", environment=False)):
        assert not options.has_password
    assert parse("postgresql://", environment=False).host != "env"
    assert parse("mysql://?port=1&environment=off").host == "localhost"
    monkeypatch.setenv("SQLX_ENVIRONMENT", "false")
    assert parse("postgresql://").host != "env"
    assert parse("postgresql://?environment=1").host == "env"


@pytest.mark.parametrize(
    "url", ["postgresql://h?service=x", "postgresql://h?passfile=/x", "postgresql://h?servicefile=/x",
            "mysql://h?defaults_file=/x", "postgresql://h?environment=1&service=x"],
)  # fmt: skip
def test_attack_35_a_stranger_s_url_reads_no_file_where_that_is_forbidden(url: str) -> None:
    assert "environment=false forbids that" in refusal(url, environment=False)


# -- password file


def test_a_password_is_found_by_place_database_and_user(write: Write) -> None:
    write(".pgpass", f"# h:5432:d:anna:no\nother:*:*:*:no\n\nh:5432:d:bob:no\nh:*:d:anna:{SECRET}\n*:*:*:*:last\n")
    assert password(parse("postgresql://anna@h/d")) == SECRET
    assert password(parse("postgresql://anna@h:7/d")) == SECRET
    assert password(parse("postgresql://anna@h/e")) == "last"
    assert password(parse("postgresql://anna:own@h/d")) == "own"


def test_each_host_has_its_own_password(write: Write) -> None:
    write(".pgpass", "a:1:*:*:one\nb:2:*:*:two\n")
    options = parse("postgresql://x@a:1,b:2,c:3/d")
    assert [password(options, place) for place in range(3)] == ["one", "two", None]
    assert repr(options).count("password='***'") == 2


def test_a_password_comes_by_its_user_where_no_database_is_named(write: Write) -> None:
    write(".pgpass", f"h:*:anna:anna:{SECRET}\n")
    assert password(parse("postgresql://anna@h")) == SECRET


def test_localhost_is_the_usual_socket_too(write: Write, home: Path) -> None:
    write(".pgpass", f"localhost:*:*:*:usual\n{home}:*:*:*:own\n")
    assert password(parse("postgresql:///d?socket=/var/run/postgresql/.s.PGSQL.5432")) == "usual"
    assert password(parse("postgresql://localhost/d")) == "usual"
    assert password(parse(f"postgresql:///d?host={home}")) == "own"
    assert password(parse("postgresql:///d?host=/elsewhere")) is None


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660, 0o620])
def test_attack_34_a_password_file_that_others_may_read_is_not_read(write: Write, mode: int, postgres: Server) -> None:
    """What to do is said when the server then wants a password."""
    path = write("pass", f"*:*:*:*:{postgres.users['scram'][1]}\n", mode)
    url = postgres.url(password="", passfile=path)
    with pytest.raises(OperationalError) as caught:
        connect(url)
    assert f"{path} was not read, for others may read it too: chmod 600 {path}" in (caught.value.hint or "")
    path.chmod(0o600)
    connect(url).close()


def test_a_line_that_is_none_is_told_of_when_no_other_fits(write: Write, postgres: Server) -> None:
    path = write("pass", f"\n\nnothing:{SECRET}\n")
    with pytest.raises(OperationalError) as caught:
        connect(postgres.url(password="", passfile=path))
    assert f"line 3 of {path} has not five fields between colons" in (caught.value.hint or "")
    assert SECRET not in str(caught.value)
    path.write_text(f"nothing\n*:*:*:*:{postgres.users['scram'][1]}\n")
    connect(postgres.url(password="", passfile=path)).close()


_FIELDS = st.text(st.characters(exclude_categories=["Cs", "Cc", "Zl", "Zp"]), min_size=1)


@given(st.tuples(_FIELDS, _FIELDS, _FIELDS, _FIELDS, _FIELDS))
def test_any_text_can_be_written_in_a_password_file(fields: tuple[str, ...]) -> None:
    def escaped(text: str) -> str:
        return text.replace("\\", "\\\\").replace(":", "\\:")

    line = ":".join(("\\" if field[0] in "#*" else "") + escaped(field) for field in fields)
    assert [password_file._plain(field) for field in password_file.split(line)] == list(fields)


@given(st.text())
def test_no_line_of_a_password_file_breaks_it(line: str) -> None:
    assert len(password_file.split(line)) <= password_file.FIELDS


# -- services


def test_a_service_stands_above_variables_and_below_the_url(write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    write(".pg_service.conf", f"# x\n[a]\nhost=a\n\n[shop]\n host=s \nport=7\ndbname=d\nuser=anna\npassword={SECRET}\n"
                              "client_encoding=UTF8\nconnect_timeout=-1\n[b]\nhost=b\n")  # fmt: skip
    variables(monkeypatch, PGHOST="env", PGUSER="env", PGAPPNAME="env")
    for options in (parse("postgresql://?service=shop"), parse("postgresql://", service="shop")):
        assert (options.host, options.port, options.user, options.database) == ("s", 7, "anna", "d")
        assert (options.application_name, options.connect_timeout, password(options)) == ("env", None, SECRET)
    variables(monkeypatch, PGSERVICE="shop")
    assert parse("postgresql://bob@").user == "bob" and parse("postgresql://").host == "s"


def test_services_are_looked_for_in_turn(write: Write, monkeypatch: pytest.MonkeyPatch, home: Path) -> None:
    write(".pg_service.conf", "[mine]\nhost=mine\n")
    write("system/pg_service.conf", "[ours]\nhost=ours\n[mine]\nhost=no\n")
    own = write("own.conf", "[own]\nhost=own\n")
    variables(monkeypatch, PGSYSCONFDIR=home / "system")
    assert parse("postgresql://?service=mine").host == "mine"
    assert parse("postgresql://?service=ours").host == "ours"
    assert parse("postgresql://?service=own", servicefile=own).host == "own"
    variables(monkeypatch, PGSERVICEFILE=own)
    assert parse("postgresql://?service=own").host == "own"
    assert "there is no service 'mine'" not in refusal("postgresql://?service=none")
    assert str(own) in refusal("postgresql://?service=none")


@pytest.mark.parametrize(
    ("line", "said"),
    [
        (SECRET, "line 2: this is neither [service] nor option=value"),
        (f"={SECRET}", "line 2: this is neither [service] nor option=value"),
        ("port=x", "line 2: port is a number from 1 to 65535"),
        ("hots=x", "line 2: a service has no option 'hots' here; did you mean 'host'?"),
        ("service=x", "line 2: a service has no option 'service' here"),
        ("sslcrl=/x", "line 2: a service has no option 'sslcrl' here"),
        ("password=\0", "line 2: password holds a NUL character"),
    ],
)
def test_a_wrong_service_is_told_of_by_its_line(write: Write, line: str, said: str) -> None:
    path = write(".pg_service.conf", f"[x]\n{line}\n")
    assert refusal("postgresql://?service=x").startswith(f"{path}, {said}")


# -- option files


def test_option_files_stand_below_variables(write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    write(".my.cnf", f"[client]\nhost=f\nport=7\nuser=anna\npassword={SECRET}\n[mysqldump]\nquick\nhost=no\n")
    for scheme in ("mysql", "mariadb"):
        options = parse(f"{scheme}://")
        assert (options.host, options.port, options.user, password(options)) == ("f", 7, "anna", SECRET)
    variables(monkeypatch, MYSQL_HOST="env")
    assert (parse("mysql://").host, parse("mysql://url").host, parse("mysql://").port) == ("env", "url", 7)


def test_groups_differ_among_relatives(write: Write) -> None:
    write(".my.cnf", "[client]\nhost=all\n[client-mariadb]\nhost=one\n[client-server]\nuser=both\n")
    assert (parse("mysql://").host, parse("mysql://").user) == ("all", "someone")
    assert (parse("mariadb://").host, parse("mariadb://").user) == ("one", "both")


def test_only_the_file_that_is_named_is_read(write: Write) -> None:
    write(".my.cnf", "[client]\nhost=home\nuser=home\n")
    path = write("own.cnf", "[client]\nhost=own\n")
    options = parse("mysql://", defaults_file=path)
    assert (options.host, options.user) == ("own", "someone")
    assert "cannot be read" in refusal("mysql://", defaults_file=path.with_name("none"))


def test_their_words_for_tls_mean_ours(write: Write) -> None:
    path = write(".my.cnf", "[client]\nssl-mode=VERIFY_IDENTITY\nssl_ca=/ca\nssl-cert=/c\nssl-key=/k\n")
    options = parse("mysql://localhost")
    assert (options.sslmode, options.sslrootcert, options.sslcert, options.sslkey) == ("verify-full", "/ca", "/c", "/k")
    path.write_text("[client]\nssl-mode=SOMEHOW\n")
    assert refusal("mysql://h").startswith(f"{path}, line 2: ssl-mode is one of disabled, preferred")
    path.write_text("[client]\nssl_verify_server_cert\n")
    assert parse("mariadb://localhost").sslmode == "verify-full"


def test_a_socket_is_for_this_machine(write: Write) -> None:
    write(".my.cnf", "[client]\nsocket=/run/x.sock\n")
    assert parse("mysql://").socket == "/run/x.sock"
    assert (parse("mysql://h").host, parse("mysql://h").socket) == ("h", None)
    assert (parse("mysql://:7").host, parse("mysql://:7").port) == ("localhost", 7)


def test_files_include_others(write: Write, home: Path) -> None:
    write("more/b.cnf", "[client]\nuser=b\n")
    write("more/a.cnf", "[client]\nuser=a\nport=7\n")
    write("more/c.txt", "nothing of ours")
    write("one.cnf", "[client]\nhost=one\n")
    write(".my.cnf", f"[client]\nhost=first\n!include {home}/one.cnf\n!includedir {home}/more\n!include {home}/none\n")
    options = parse("mysql://")
    assert (options.host, options.user, options.port) == ("one", "b", 7)


def test_including_is_bounded(write: Write, home: Path) -> None:
    write(".my.cnf", f"!include {home}/.my.cnf\n")
    assert "include one another more than 10 deep" in refusal("mysql://")
    write(".my.cnf", f"!includedir {home}/many\n")
    for number in range(210):
        write(f"many/{number:03}.cnf", "[client]\n")
    assert "more than 200 in all" in refusal("mysql://")


def test_attack_34_an_option_file_that_everybody_may_write_is_passed_over(write: Write) -> None:
    path = write(".my.cnf", "[client]\nhost=evil\n", 0o606)
    assert parse("mysql://:7").host == "localhost"
    assert refusal("mysql://", defaults_file=path) == f"everybody may write the option file {path}: chmod o-w {path}"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (f"password={SECRET}", "line 1: an option stands before the first [group]"),
        (f"[client\npassword={SECRET}", "line 1: a group is named as in [client]"),
        ("[client]\nport=x", "line 2: port is a number from 1 to 65535"),
        ("!include more.cnf", "line 1: write !include or !includedir, and a whole path"),
        ("!including /x", "line 1: write !include or !includedir, and a whole path"),
    ],
)
def test_a_wrong_option_file_is_told_of_by_its_line(write: Write, text: str, said: str) -> None:
    path = write(".my.cnf", text)
    assert refusal("mysql://h").startswith(f"{path}, {said}")


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("plain", "plain"),
        (" spaced out ", "spaced out"),
        ("a#b", "a"),
        ("'a#b'", "a#b"),
        ('"it\'s" # x', "it's"),
        (r"a\sb\tc\\d", "a b\tc\\d"),
        (r'"a\"b#c"', 'a"b#c'),
        (r"a\qb", r"a\qb"),
        ("a=b", "a=b"),
    ],
)
def test_values_in_option_files_are_quoted_and_escaped(write: Write, written: str, meant: str) -> None:
    write(".my.cnf", f"[client]\n; x\n# y\npassword = {written}\n")
    assert password(parse("mysql://h")) == meant


@given(st.text(st.characters(exclude_categories=["Cs", "Cc", "Zl", "Zp"]), min_size=1))
def test_any_text_can_be_written_in_an_option_file(text: str) -> None:
    quoted = '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
    assert option_files._value(option_files._without_comment(f"{quoted} # x").strip()) == text


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.text("ab# \\'\"=snt;[]-_!\t", max_size=12), max_size=50))
def test_option_files_mean_what_they_mean_to_their_own_tools(write: Write, values: list[str]) -> None:
    """Held against the program by which scripts read them."""
    lines = "".join(f"word_{number} = {value}\n" for number, value in enumerate(values))
    path = write("some.cnf", f"[client]\n{lines}[other]\nx=1\n")
    files = option_files.OptionFiles(["client"])
    files.read_named(str(path))
    tool = ["my_print_defaults", f"--defaults-file={path}", "client"]
    done = subprocess.run(tool, capture_output=True, text=True, check=True)
    said = "".join(f"--{each.word}={each.value}\n" for each in files.said)
    assert said == done.stdout.replace("--word_", "--word-")


@pytest.mark.parametrize(
    ("name", "url"),
    [(".my.cnf", "mysql://h"), (".pgpass", "postgresql://h"), (".pg_service.conf", "postgresql://h?service=x")],
)
def test_no_file_is_too_much(write: Write, name: str, url: str) -> None:
    path = write(name, "#" * (1 << 20) + "\n")
    assert "bytes: it is not the file that it should be" in refusal(url)
    path.write_bytes(b"# x\n[client]\n\xff\n")
    assert refusal(url).startswith(f"{path}, line 3: this is not UTF-8")
    path.unlink()
    path.mkdir()
    assert "no service" in refusal(url) if "service" in url else parse(url).host == "h"


def test_a_pipe_is_not_waited_for(home: Path) -> None:
    os.mkfifo(home / ".pgpass", 0o600)
    os.mkfifo(home / ".my.cnf", 0o600)
    assert not parse("postgresql://h").has_password and not parse("mysql://h").has_password


# -- with servers


def test_a_server_is_reached_by_what_stands_in_the_environment(
    postgres: Server, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    user, secret = postgres.users["scram"]
    variables(monkeypatch, PGHOST=postgres.host, PGPORT=postgres.port, PGUSER=user, PGPASSWORD=secret)
    variables(monkeypatch, PGDATABASE=postgres.database, PGOPTIONS="-c work_mem=64MB", PGTZ="Asia/Tokyo")
    assert main(["ping", "postgresql://"]) == 0
    assert f"{postgres.host}:{postgres.port}" in capsys.readouterr().out
    assert main(["query", "postgresql://", "SELECT current_setting('work_mem'), current_setting('TimeZone')"]) == 0
    assert "64MB,Asia/Tokyo" in capsys.readouterr().out


def test_a_server_is_reached_by_an_option_file(mariadb: Server, write: Write) -> None:
    user, secret = mariadb.users["native"]
    write(".my.cnf", f"[client]\nhost={mariadb.host}\nport={mariadb.port}\nuser={user}\npassword='{secret}'\n")
    with connect("mariadb://", database=mariadb.database) as connection:
        assert connection.cursor().execute("SELECT substring_index(user(), '@', 1)").fetchone() == (user,)


def test_a_wrong_file_is_an_interface_error(write: Write) -> None:
    write(".my.cnf", f"password={SECRET}")
    with pytest.raises(InterfaceError, match="before the first") as caught:
        connect("mysql://h")
    assert SECRET not in "".join(traceback.format_exception(caught.value))
