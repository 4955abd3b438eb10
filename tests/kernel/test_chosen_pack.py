"""Packs of the user's own: known by their schemes from the folders of SQLX_PACKS, never in a shipped one's place."""

from __future__ import annotations

import inspect
import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from sqlx import dbapi
from sqlx.cli.main import main
from sqlx.kernel.options import ConnectOptions, parse
from sqlx.wire import registry
from sqlx.wire.builtin_options import not_its_own
from tests.wire.strangers.scripted import Tabby

TABBY = (Path(__file__).parents[1] / "wire/strangers/tabby.wire.json").read_text("utf-8")
Write = Callable[..., Path]


@pytest.fixture
def write(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Write:
    """Writes a pack into the folder that SQLX_PACKS names: text as it is, else what it adds to a shipped pack."""
    folder = tmp_path / "packs"
    folder.mkdir()
    monkeypatch.setenv("SQLX_PACKS", str(folder))

    def written(file: str, text: str = "", **said: Any) -> Path:
        path = folder / f"{file}.wire.json"
        path.write_text(text or json.dumps({"extends": "postgresql", "name": file, **said}))
        return path

    return written


@pytest.fixture
def tabby(tmp_path: Path) -> Iterator[Tabby]:
    with Tabby(tmp_path / "tabby.sock") as server:
        yield server


def refusal(url: str, **keywords: Any) -> str:
    with pytest.raises(dbapi.InterfaceError) as caught:
        dbapi.connect(url, **keywords)
    return str(caught.value)


def test_a_pack_in_a_folder_is_connected_to_by_its_scheme(write: Write, tabby: Tabby) -> None:
    write("tabby", TABBY)
    with dbapi.connect(f"tabby://ada:secret@?socket={tabby.path}") as connection:
        assert connection.pack.name == "tabby"


def test_the_command_line_knows_such_packs(
    write: Write, tabby: Tabby, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    path = write("tabby", TABBY)
    url = f"ada:secret@?socket={tabby.path}"
    assert main(["ping", f"tabby://{url}"]) == 0
    assert main(["query", f"tabby://{url}", "all"]) == 0
    assert "tabby" in capsys.readouterr().out.lower()
    assert main(["pack", "list"]) == main(["pack", "show", "tabby"]) == main(["pack", "check", "tabby"]) == 0
    named = tmp_path / "elsewhere.json"
    path.rename(named)
    with pytest.raises(SystemExit, match="2"):
        main(["ping", f"tabby://{url}"])
    assert main(["ping", f"any://{url}", "--pack", str(named)]) == 0
    assert main(["query", "--pack", str(named), f"any://{url}", "all"]) == 0


def test_a_shipped_scheme_is_never_replaced(write: Write, capsys: pytest.CaptureFixture[str]) -> None:
    write("mine", schemes=["postgresql", "mine"])
    assert parse("postgresql://h").pack is registry.load("postgresql")
    assert parse("mine://h").pack.name == "mine"
    assert main(["pack", "list"]) == 0
    out, err = capsys.readouterr()
    assert "mine.wire.json: the scheme 'postgresql' is a shipped pack's: no other pack takes its place" in err
    assert [line.split()[:2] for line in out.splitlines() if line.startswith("mine")] == [["mine", "mine"]]


def test_a_shipped_name_is_never_taken(write: Write) -> None:
    path = write("other", name="sqlite", schemes=["other"])
    said = refusal("other://h")
    assert "$.name: the name 'sqlite' is a shipped pack's" in said and str(path) in said
    assert parse("sqlite://").pack is registry.load("sqlite")


def test_two_packs_of_one_scheme_are_both_named(write: Write, capsys: pytest.CaptureFixture[str]) -> None:
    paths = [write(name, schemes=["twin"]) for name in ("one", "two")]
    said = refusal("twin://h")
    assert all(str(path) in said for path in paths)
    assert main(["pack", "list"]) == 1
    err = capsys.readouterr().err
    assert all(str(path) in err for path in paths)


def test_a_broken_pack_is_told_of_when_its_scheme_is_asked_for(
    write: Write, capsys: pytest.CaptureFixture[str]
) -> None:
    path = write("broken", schemes=["broken"], sesion={})
    write("whole", schemes=["whole"])
    assert parse("whole://h").pack.name == "whole"
    said = refusal("broken://h")
    assert said.startswith("$.sesion: ") and str(path) in said
    assert main(["pack", "list"]) == 1
    out, err = capsys.readouterr()
    assert "whole" in out and f"{path}: $.sesion: " in err


def test_a_file_that_is_no_json_is_told_of_where_it_may_be_what_is_sought(write: Write) -> None:
    path = write("noise", "{")
    assert parse("sqlite://").pack.name == "sqlite"
    said = refusal("noise://h")
    assert "no engine has the scheme 'noise'" in said and f"{path} is not JSON" in said


def test_the_working_folder_is_never_looked_into(write: Write, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    path = write("here", schemes=["here"])
    monkeypatch.chdir(path.parent)
    for folders in ("", ":", f"{tmp_path}:"):
        monkeypatch.setenv("SQLX_PACKS", folders)
        assert "no engine has the scheme" in refusal("here://h")
    for folders in (".", "packs"):
        monkeypatch.setenv("SQLX_PACKS", folders)
        assert "by their whole path" in refusal("here://h")


def test_a_pack_reads_no_variable_and_no_file_unasked(
    write: Write, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """It could name any of them, and tell its server."""
    (tmp_path / "pass").write_text("*:*:*:*:hush")
    (tmp_path / "pass").chmod(0o600)
    monkeypatch.delenv("SQLX_ENVIRONMENT")
    monkeypatch.setenv("CLOUD_KEY", "hush")
    write(
        "mine",
        schemes=["mine"],
        environment={
            "variables": {"CLOUD_KEY": "application_name"},
            "password_file": {"option": "passfile", "path": str(tmp_path / "pass")},
        },
    )
    asked, unasked = parse("mine://h", environment=True), parse("mine://h")
    assert (asked.application_name, asked.has_password) == ("hush", True)
    assert (unasked.application_name, unasked.has_password) == ("sqlx", False)
    assert "reads nothing without environment=true" in refusal("mine://h", passfile=str(tmp_path / "pass"))
    monkeypatch.setenv("SQLX_ENVIRONMENT", "true")
    assert parse("mine://h").has_password


@pytest.mark.parametrize(
    "options",
    [
        *({"zz": {"kind": "text", "alias": [word]}} for word in ("sslmode", "require_auth", "password", "pack")),
        *({word: {"kind": "text", "secret": False}} for word in ("sslmode", "password", "pack", "extra", "places")),
    ],
)
def test_what_the_caller_says_means_the_same_with_every_pack(write: Write, options: dict[str, Any]) -> None:
    """No pack takes a word of the driver's, or one that it inherits, for an option of its own."""
    ((name, option),) = options.items()
    word = option.get("alias", [name])[0]
    path = write("mine", options=options)
    said = refusal("any://h", pack=path)
    assert f"{word!r} means" in said and str(path) in said
    unchecked = registry.build(registry.resolve(registry.read_source(path)))
    with pytest.raises(dbapi.InterfaceError, match=f"{word!r} means"):
        dbapi.connect("any://h", pack=unchecked)


def test_every_option_that_is_kept_has_a_name_that_no_pack_takes() -> None:
    names = {*ConnectOptions.__dataclass_fields__, *inspect.signature(dbapi.connect).parameters} - {"options"}
    free = [name for name in names if not list(not_its_own({name: {"kind": "nothing"}}, embedded=False))]
    assert free == []


def test_a_pack_may_give_another_default(write: Write) -> None:
    path = write("mine", options={"prepared_max": {"kind": "int", "default": 7}})
    assert parse("any://h", pack=path).prepared_max == 7


def test_a_pack_is_read_anew_when_its_file_has_changed(write: Write) -> None:
    write("mine", schemes=["mine"], default_port=7)
    first = parse("mine://h").pack
    assert parse("mine://h").pack is first
    write("mine", schemes=["mine"], default_port=11111)
    assert parse("mine://h").port == 11111


def test_a_pack_that_is_named_may_be_a_path_or_a_text(write: Write) -> None:
    path = write("mine", default_port=7)
    assert parse("any://h", pack=path).port == parse("any://h", pack=str(path)).port == 7
    broken = write("broken", sesion={})
    assert str(broken) in refusal("any://h", pack=broken)


@pytest.mark.parametrize(
    ("pack", "said"),
    [
        (5, "pack is a pack or the path of its file, not int"),
        (b"x", "pack is a pack or the path of its file, not bytes"),
        ("/no/such/pack.json", "/no/such/pack.json cannot be read: No such file"),
        ("/", "cannot be read: Is a directory"),
        ("nul\0", "is not a path"),
    ],
)
def test_what_is_no_pack_is_refused(pack: Any, said: str) -> None:
    sentence = refusal("any://h", pack=pack)
    assert said in sentence and "$" not in sentence


def test_a_file_in_another_encoding_is_told_of_in_our_words(tmp_path: Path) -> None:
    path = tmp_path / "latin.json"
    path.write_bytes(b'{\n"name": "caf\xe9"}')
    assert refusal("any://h", pack=path) == f"{path}, line 2, is not UTF-8: save the file in UTF-8"


def test_shipped_engines_load_no_models(write: Write) -> None:
    """Whatever stands in the folders."""
    write("mine", schemes=["mine"])
    program = "import sys; from sqlx import dbapi; dbapi.connect('sqlite://').close(); print('pydantic' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
