"""Every text encoding that a server can be set to brings back the characters it has, and refuses those it lacks."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from sqlx import dbapi
from tests.servers.server import Server
from tests.thoroughness import THOROUGH

# PostgreSQL's name of an encoding, and letters that it has: https://www.postgresql.org/docs/current/multibyte.html
ENCODINGS = {
    "LATIN1": "àéîõüß£",
    "EUC_JP": "日本語かな",
    "WIN1251": "Привет№",
    "SQL_ASCII": "any ✓ 字",
    "EUC_CN": "中文",
    "EUC_JIS_2004": "日本語かな",
    "EUC_KR": "한국어",
    "EUC_TW": "中文",
    "ISO_8859_5": "Привет",
    "ISO_8859_6": "سلام",
    "ISO_8859_7": "Ελλάδα",
    "ISO_8859_8": "שלום",
    "KOI8R": "Привет",
    "KOI8U": "Їжак",
    "LATIN2": "łąść",
    "LATIN3": "ĝĥĉ",
    "LATIN4": "āčē",
    "LATIN5": "ğışİ",
    "LATIN6": "āčđ",
    "LATIN7": "ąčę",
    "LATIN8": "ŵŷẁ",
    "LATIN9": "€œž",
    "LATIN10": "șț€",
    "WIN866": "Привет",
    "WIN874": "ไทย",
    "WIN1250": "łąść€",
    "WIN1252": "€œ™",
    "WIN1253": "Ελλάδα€",
    "WIN1254": "ğışİ",
    "WIN1255": "שלום",
    "WIN1256": "سلام",
    "WIN1257": "ąčę",
    "WIN1258": "ăơư₫",
    "UTF8": "日本 ✓ 😀",
}
BY_DEFAULT = 4  # the rest takes a while, and shows the same
CHOSEN = list(ENCODINGS) if THOROUGH else list(ENCODINGS)[:BY_DEFAULT]


@pytest.fixture
def encoded(postgres: Server, request: pytest.FixtureRequest) -> Iterator[str]:
    """The URL of a database in an encoding, with a name that is not ASCII."""
    name = f"данные_{request.param.lower()}"
    with dbapi.connect(postgres.url("admin"), autocommit=True) as admin:
        cursor = admin.cursor()
        cursor.execute(f"""CREATE DATABASE "{name}" ENCODING '{request.param}' LOCALE 'C' TEMPLATE template0""")
        yield postgres.url("admin", database=name)
        cursor.execute(f'DROP DATABASE "{name}" WITH (FORCE)')


@pytest.mark.parametrize(("encoded", "letters"), [(name, ENCODINGS[name]) for name in CHOSEN], indirect=["encoded"])
def test_a_database_in_any_encoding(encoded: str, letters: str) -> None:
    with dbapi.connect(encoded, autocommit=True) as connection:
        cursor = connection.cursor()
        cursor.execute(f'CREATE TABLE "{letters}" (c text)')
        cursor.execute(f'INSERT INTO "{letters}" VALUES (?)', (letters,))
        for parameters in (None, (True,)):
            where = "WHERE ?" if parameters else ""
            cursor.execute(f"""SELECT c AS "{letters}", '{letters}' FROM "{letters}" {where}""", parameters)
            assert cursor.fetchall() == [(letters, letters)]
            assert cursor.description is not None and cursor.description[0][0] == letters


@pytest.mark.parametrize("encoded", ["LATIN1"], indirect=True)
def test_a_character_that_the_database_lacks(encoded: str) -> None:
    with dbapi.connect(encoded, autocommit=True) as connection:
        for sql, values in (("SELECT '字'", None), ("SELECT ?::text", ("字",))):
            with pytest.raises(dbapi.DataError, match="no equivalent in encoding"):
                connection.cursor().execute(sql, values)
        assert connection.cursor().execute("SELECT 'é'").fetchone() == ("é",)


CHARACTER_SETS = {
    "armscii8": "Հայ", "ascii": "abc", "big5": "中文", "binary": "é", "cp1250": "łąść", "cp1251": "Привет",
    "cp1256": "سلام", "cp1257": "ąčę", "cp850": "éß", "cp852": "łąś", "cp866": "Привет", "cp932": "日本語",
    "dec8": "éß", "eucjpms": "日本語", "euckr": "한국어", "gb2312": "中文", "gbk": "中文", "geostd8": "ქართ",
    "greek": "Ελλάδα", "hebrew": "שלום", "hp8": "éß", "keybcs2": "čžť", "koi8r": "Привет", "koi8u": "Їжак",
    "latin1": "éß€", "latin2": "łąść", "latin5": "ğış", "latin7": "ąčę", "macce": "łąś", "macroman": "éß",
    "sjis": "日本語", "swe7": "ÅÄÖ", "tis620": "ไทย", "ucs2": "日本", "ujis": "日本語", "utf16": "日本😀",
    "utf16le": "日本😀", "utf32": "日本😀", "utf8mb3": "日本", "utf8mb4": "日本😀", "gb18030": "中文😀",
}  # fmt: skip


def test_a_column_in_any_character_set(mariadb: Server) -> None:
    """Those that the server has, of those above; all that it has are above."""
    with dbapi.connect(mariadb.url()) as connection:
        cursor = connection.cursor()
        has = {row[0] for row in cursor.execute("SELECT character_set_name FROM information_schema.character_sets")}
        assert has <= set(CHARACTER_SETS)
        for name in sorted(has - {"binary"}):
            letters = CHARACTER_SETS[name]
            cursor.execute(f"CREATE TEMPORARY TABLE `ё{name}` (`поле` varchar(20) CHARACTER SET {name})")
            cursor.execute(f"INSERT INTO `ё{name}` VALUES (?)", (letters,))
            cursor.execute(f"INSERT INTO `ё{name}` VALUES ('{letters}')")
            assert cursor.execute(f"SELECT `поле` FROM `ё{name}`").fetchall() == [(letters,)] * 2, name
            assert cursor.execute(f"SELECT `поле` FROM `ё{name}` WHERE ?", (1,)).fetchall() == [(letters,)] * 2, name
            assert cursor.description is not None and cursor.description[0][0] == "поле"
        with pytest.raises(dbapi.DataError, match="Incorrect string value"):
            cursor.execute("INSERT INTO `ёlatin1` VALUES (?)", ("字",))
