"""What SQLite has beyond the shop."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from sqlx import dbapi
from sqlx.catalog import Catalog, Constraint, Relation, Schema

SCRIPT = """
CREATE TABLE parent (a INTEGER, b TEXT, PRIMARY KEY (b, a)) WITHOUT ROWID;
CREATE TABLE child (
    id INT PRIMARY KEY, x TEXT REFERENCES other, y TEXT, z INT, w AS (z + 1), FOREIGN KEY (y, z) REFERENCES parent,
    FOREIGN KEY (x) REFERENCES other (k) ON UPDATE SET NULL);
CREATE TABLE other (k INTEGER PRIMARY KEY, untyped);
CREATE INDEX clever ON child (z, x || 'it''s') WHERE z > 0;
CREATE TRIGGER guard AFTER INSERT ON Child BEGIN SELECT 1; END;
CREATE VIEW broken AS SELECT x FROM nowhere;
CREATE VIRTUAL TABLE words USING fts5(word);
ATTACH ':memory:' AS "A ""b"" c";
CREATE TABLE "A ""b"" c".parent (only TEXT UNIQUE);
CREATE INDEX "A ""b"" c".clever ON parent (only DESC);
CREATE TRIGGER "A ""b"" c".there AFTER DELETE ON parent BEGIN SELECT 1; END;
CREATE TEMPORARY TABLE short (x);
"""
ATTACHED = 'A "b" c'


@pytest.fixture(scope="module")
def connection() -> Iterator[dbapi.Connection]:
    with dbapi.connect("sqlite://", autocommit=True) as connection:
        connection.cursor().execute(SCRIPT)
        yield connection


@pytest.fixture
def catalog(connection: dbapi.Connection) -> Catalog:
    return Catalog(connection)


def test_schemas_are_what_is_attached(catalog: Catalog) -> None:
    assert [(schema.name, schema.is_default) for schema in catalog.schemas()] == [
        ("main", True), ("temp", False), (ATTACHED, False),
    ]  # fmt: skip
    assert catalog.databases() == ()


def test_each_schema_has_its_own(catalog: Catalog) -> None:
    assert [relation.name for relation in catalog.relations(Schema("temp"))] == ["short"]
    assert [relation.name for relation in catalog.relations(Schema(ATTACHED))] == ["parent"]
    there = Relation(ATTACHED, "parent")
    assert [column.name for column in catalog.columns(there)] == ["only"]
    assert [trigger.name for trigger in catalog.triggers(there)] == ["there"]
    assert [(index.name, index.unique, index.columns) for index in catalog.indexes(there)] == [
        ("clever", False, ("only",)), ("sqlite_autoindex_parent_1", True, ("only",)),
    ]  # fmt: skip


def test_every_kind_of_relation_is_told_apart(catalog: Catalog) -> None:
    kinds = {relation.name: relation.kind for relation in catalog.relations(Schema("main"))}
    assert kinds["words"] == "virtual table"
    assert kinds["words_data"] == "shadow table"
    assert kinds["broken"] == "view"
    assert not [name for name in kinds if name.startswith("sqlite_")]


def test_a_broken_view_harms_only_who_asks_for_it(catalog: Catalog) -> None:
    with pytest.raises(dbapi.ProgrammingError, match="no such table"):
        catalog.columns(Relation("main", "broken"))
    assert len(catalog.columns(Relation("main", "other"))) == 2


def test_hidden_columns_stay_hidden(catalog: Catalog) -> None:
    assert [column.name for column in catalog.columns(Relation("main", "words"))] == ["word"]


def test_only_the_rowids_other_name_numbers_itself(catalog: Catalog) -> None:
    told = {
        (name, column.name): (column.identity, column.nullable)
        for name in ("other", "child", "parent")
        for column in catalog.columns(Relation("main", name))
        if column.primary_key
    }
    assert told == {
        ("other", "k"): ("by default", False), ("child", "id"): (None, True),
        ("parent", "a"): (None, False), ("parent", "b"): (None, False),
    }  # fmt: skip


def test_a_column_may_have_no_type(catalog: Catalog) -> None:
    assert [column.type for column in catalog.columns(Relation("main", "other"))] == ["INTEGER", ""]


def test_foreign_keys_without_names_stay_apart_and_find_the_key_they_mean(catalog: Catalog) -> None:
    keys = [key for key in catalog.constraints(Relation("main", "child")) if key.kind == "foreign"]
    assert keys == [
        Constraint(None, "foreign", ("x",), "main", "other", ("k",), "no action", "no action"),
        Constraint(None, "foreign", ("y", "z"), "main", "parent", ("b", "a"), "no action", "no action"),
        Constraint(None, "foreign", ("x",), "main", "other", ("k",), "set null", "no action"),
    ]


def test_an_index_over_an_expression_has_it_in_its_definition(catalog: Catalog) -> None:
    [clever] = [index for index in catalog.indexes(Relation("main", "child")) if index.name == "clever"]
    assert clever.columns == ("z", "(expression)")
    assert clever.definition is not None and clever.definition.endswith("(z, x || 'it''s') WHERE z > 0")


def test_a_trigger_has_its_statement(catalog: Catalog) -> None:
    [guard] = catalog.triggers(Relation("main", "child"))
    assert (guard.name, guard.timing) == ("guard", None)
    assert guard.definition is not None and guard.definition.startswith("CREATE TRIGGER guard AFTER INSERT")
