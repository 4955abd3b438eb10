"""`sql` sections of three kinds of engines, as packs would write them."""

from __future__ import annotations

from typing import Any

POSTGRES_LIKE: dict[str, Any] = {
    "placeholder": "${n}",
    "quotes": [
        {"open": "'", "close": "'", "doubled": True, "backslash": "standard_conforming_strings=off", "continued": True},
        {"open": "E'", "close": "'", "doubled": True, "backslash": True, "continued": True},
        {"open": "U&'", "close": "'", "doubled": True, "continued": True},
        {"open": '"', "close": '"', "doubled": True, "identifier": True},
        {"open": 'U&"', "close": '"', "doubled": True, "identifier": True},
    ],
    "identifier_quote": '"',
    "line_comments": ["--"],
    "line_end": "\n\r",
    "block_comments": [{"open": "/*", "close": "*/", "nested": True}],
    "dollar_quotes": True,
    "compound": {
        "starts": [
            "CREATE FUNCTION|PROCEDURE|RULE",
            "CREATE OR REPLACE FUNCTION|PROCEDURE|RULE",
        ],
        "open": ["BEGIN", "CASE"],
        "close": ["END"],
    },
    "no_transaction": [
        "VACUUM",
        "CREATE DATABASE|TABLESPACE|SUBSCRIPTION",
        "DROP DATABASE|TABLESPACE|SUBSCRIPTION",
        "ALTER DATABASE ... TABLESPACE",
        "ALTER SYSTEM",
        "CREATE INDEX CONCURRENTLY",
        "CREATE UNIQUE INDEX CONCURRENTLY",
        "DROP INDEX CONCURRENTLY",
        "REINDEX DATABASE|SYSTEM",
        "REINDEX ... CONCURRENTLY",
        "ALTER TABLE ... DETACH PARTITION ... CONCURRENTLY",
        "REPACK ... CONCURRENTLY",
        "DISCARD ALL",
        "COMMIT|ROLLBACK PREPARED",
    ],
    "unpreparable": [],
}

MYSQL_LIKE: dict[str, Any] = {
    "placeholder": "?",
    "quotes": [
        {"open": "'", "close": "'", "doubled": True, "backslash": "!no_backslash_escapes"},
        {"open": '"', "close": '"', "doubled": True, "backslash": "!no_backslash_escapes"},
        {"open": "`", "close": "`", "doubled": True, "identifier": True},
    ],
    "identifier_quote": "`",
    "line_comments": [{"open": "--", "spaced": True}, "#"],
    "block_comments": [{"open": "/*", "close": "*/"}],
    "executable_comments": ["/*!", "/*M!"],
    "dollar_quotes": False,
    "compound": {
        "starts": [
            "CREATE PROCEDURE|FUNCTION|TRIGGER|EVENT|PACKAGE",
            "CREATE OR REPLACE PROCEDURE|FUNCTION|TRIGGER|EVENT|PACKAGE",
            "CREATE AGGREGATE FUNCTION",
            "CREATE OR REPLACE AGGREGATE FUNCTION",
            "CREATE DEFINER ... PROCEDURE|FUNCTION|TRIGGER|EVENT|PACKAGE",
            "CREATE OR REPLACE DEFINER ... PROCEDURE|FUNCTION|TRIGGER|EVENT|PACKAGE",
            "ALTER EVENT",
            "ALTER DEFINER ... EVENT",
            "BEGIN NOT ATOMIC",
        ],
        "open": ["BEGIN", "CASE"],
        "close": ["END", "END CASE"],
        "uncounted": ["END IF", "END LOOP", "END WHILE", "END REPEAT", "END FOR"],
    },
    "no_transaction": [],
    "unpreparable": [],
}

SQLITE_LIKE: dict[str, Any] = {
    "placeholder": "?",
    "quotes": [
        {"open": "'", "close": "'", "doubled": True},
        {"open": '"', "close": '"', "doubled": True, "identifier": True},
        {"open": "`", "close": "`", "doubled": True, "identifier": True},
        {"open": "[", "close": "]", "identifier": True},
    ],
    "identifier_quote": '"',
    "line_comments": ["--"],
    "block_comments": [{"open": "/*", "close": "*/"}],
    "dollar_quotes": False,
    "compound": {
        "starts": ["CREATE TRIGGER", "CREATE TEMP|TEMPORARY TRIGGER"],
        "open": ["BEGIN", "CASE"],
        "close": ["END"],
    },
    "no_transaction": ["VACUUM", "ATTACH", "DETACH", "PRAGMA journal_mode", "PRAGMA foreign_keys"],
    "unpreparable": [],
}
