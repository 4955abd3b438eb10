"""What PostgreSQL has beyond the shop."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from sqlx import dbapi
from sqlx.catalog import Catalog, Relation, Schema, Sequence, Type
from tests.servers.fleet import COVERED, ENGINES
from tests.servers.server import Server

# Before 12 there are no references to partitioned tables, of which the warehouse has one.
VERSIONS = [name for name in COVERED if ENGINES[name].kind == "postgresql" and name not in ("postgres10", "postgres11")]
NAME = "Warehouse"
SCRIPT = """
CREATE SCHEMA "Warehouse"; SET search_path = "Warehouse";
COMMENT ON SCHEMA "Warehouse" IS 'where things are';
CREATE TYPE mood AS ENUM ('sad', 'a, "b" ''c''', 'happy'); COMMENT ON TYPE mood IS 'of the staff';
CREATE DOMAIN positive AS numeric(4, 1) NOT NULL CHECK (VALUE > 0);
CREATE TYPE pair AS (left_side int, right_side text);
CREATE TYPE span AS RANGE (subtype = float8);
CREATE TABLE staff (
    id bigint GENERATED ALWAYS AS IDENTITY, gone int, feeling mood DEFAULT 'sad', wage positive, tags varchar(9)[],
    name text, CHECK (name <> 'it''s'), EXCLUDE USING btree (name WITH =));
ALTER TABLE staff DROP COLUMN gone;
ALTER TABLE staff ADD COLUMN quick int DEFAULT 5;
COMMENT ON TABLE staff IS 'who works'; COMMENT ON COLUMN staff.name IS 'in full';
CREATE UNIQUE INDEX by_name ON staff (lower(name), "id") INCLUDE (wage) WHERE id > 0;
CREATE TABLE stock (day date NOT NULL, item int NOT NULL, PRIMARY KEY (day, item)) PARTITION BY RANGE (day);
CREATE TABLE stock_old PARTITION OF stock FOR VALUES FROM (MINVALUE) TO ('2020-01-01');
CREATE TABLE stock_new PARTITION OF stock FOR VALUES FROM ('2020-01-01') TO (MAXVALUE);
CREATE TABLE move (day date, item int, CONSTRAINT moved FOREIGN KEY (day, item) REFERENCES stock MATCH FULL);
CREATE MATERIALIZED VIEW totals AS SELECT count(*) FROM stock;
CREATE FOREIGN DATA WRAPPER nowhere; CREATE SERVER nobody FOREIGN DATA WRAPPER nowhere;
CREATE FOREIGN TABLE far (x int) SERVER nobody;
CREATE SEQUENCE ticket AS smallint START 7 INCREMENT 2 MAXVALUE 99;
CREATE FUNCTION twice(a int, b text DEFAULT 'x, y') RETURNS SETOF int LANGUAGE sql AS 'SELECT a';
CREATE FUNCTION twice(a text) RETURNS text LANGUAGE sql AS 'SELECT a';
CREATE PROCEDURE tidy(INOUT a int) LANGUAGE sql AS 'SELECT a';
CREATE AGGREGATE longest(text) (SFUNC = textcat, STYPE = text);
CREATE FUNCTION watch() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
COMMENT ON FUNCTION watch() IS 'looks';
CREATE TRIGGER guard BEFORE INSERT OR UPDATE ON staff FOR EACH ROW EXECUTE PROCEDURE watch();
INSERT INTO stock SELECT '2021-01-01', n FROM generate_series(1, 10) AS n; ANALYZE stock_new;
"""
CLEAN = """DROP SCHEMA IF EXISTS "Warehouse" CASCADE; DROP FOREIGN DATA WRAPPER IF EXISTS nowhere CASCADE"""


@pytest.fixture(scope="module", params=VERSIONS)
def server(request: pytest.FixtureRequest) -> Iterator[Server]:
    """Each version, with a warehouse."""
    server: Server = request.getfixturevalue(request.param)
    with dbapi.connect(server.url("admin"), autocommit=True) as connection:
        connection.cursor().execute(CLEAN)
        connection.cursor().execute(SCRIPT)
        yield server
        connection.cursor().execute(CLEAN)


@pytest.fixture
def catalog(server: Server) -> Iterator[Catalog]:
    """A catalog that knows nothing yet, of a user who owns none of it."""
    with dbapi.connect(server.url(), autocommit=True) as connection:
        yield Catalog(connection)


@pytest.fixture
def schema(catalog: Catalog) -> Schema:
    [schema] = [schema for schema in catalog.schemas() if schema.name == NAME]
    return schema


def staff(**differences: Any) -> Relation:
    return Relation(NAME, "staff", **differences)


def test_comments_are_read(catalog: Catalog, schema: Schema) -> None:
    assert schema.comment == "where things are"
    assert [relation.comment for relation in catalog.relations(schema) if relation.name == "staff"] == ["who works"]
    assert [column.comment for column in catalog.columns(staff()) if column.name == "name"] == ["in full"]
    assert [routine.comment for routine in catalog.routines(schema) if routine.name == "watch"] == ["looks"]


def test_every_kind_of_relation_is_told_apart(catalog: Catalog, schema: Schema) -> None:
    assert {relation.name: (relation.kind, relation.partition_of) for relation in catalog.relations(schema)} == {
        "staff": ("table", None), "move": ("table", None), "stock": ("partitioned table", None),
        "stock_old": ("table", "stock"), "stock_new": ("table", "stock"), "totals": ("materialized view", None),
        "far": ("foreign table", None),
    }  # fmt: skip


def test_rows_are_estimated_where_the_server_has_counted(catalog: Catalog, schema: Schema) -> None:
    rows = {relation.name: relation.estimated_rows for relation in catalog.relations(schema)}
    assert rows["stock_new"] == 10
    assert rows["staff"] is None


def test_a_dropped_column_leaves_no_gap(catalog: Catalog) -> None:
    columns = catalog.columns(staff())
    assert [(column.position, column.name, column.type) for column in columns] == [
        (1, "id", "bigint"), (2, "feeling", '"Warehouse".mood'), (3, "wage", '"Warehouse".positive'),
        (4, "tags", "character varying(9)[]"), (5, "name", "text"), (6, "quick", "integer"),
    ]  # fmt: skip
    assert [column.name for column in columns if not column.nullable] == ["id", "wage"]
    assert [column.identity for column in columns][:2] == ["always", None]


def test_types_have_their_values_and_what_they_are_over(catalog: Catalog, schema: Schema) -> None:
    assert catalog.types(schema) == (
        Type(NAME, "mood", "enum", ("sad", "a, \"b\" 'c'", "happy"), comment="of the staff"),
        Type(NAME, "pair", "composite"),
        Type(NAME, "positive", "domain", base="numeric(4,1)"),
        Type(NAME, "span", "range", base="double precision"),
    )


def test_an_index_tells_names_expressions_and_its_condition(catalog: Catalog) -> None:
    [index] = [index for index in catalog.indexes(staff()) if index.name == "by_name"]
    assert (index.unique, index.columns, index.method) == (True, ("lower(name)", "id"), "btree")
    assert index.predicate == "(id > 0)"
    assert index.definition is not None and index.definition.startswith("CREATE UNIQUE INDEX by_name ON")


def test_checks_and_exclusions_are_constraints(catalog: Catalog) -> None:
    told = {constraint.kind: (constraint.columns, constraint.expression) for constraint in catalog.constraints(staff())}
    assert told == {
        "check": (("name",), "(name <> 'it''s'::text)"), "exclusion": (("name",), "EXCLUDE USING btree (name WITH =)")
    }  # fmt: skip


def test_a_foreign_key_to_a_partitioned_table_is_one(catalog: Catalog) -> None:
    """The server keeps one for each partition beside it."""
    keys = catalog.constraints(Relation(NAME, "move"))
    assert [(key.name, key.referenced_relation, key.referenced_columns) for key in keys] == [
        ("moved", "stock", ("day", "item"))
    ]
    assert [key.kind for key in catalog.constraints(Relation(NAME, "stock_old"))] == ["primary"]


def test_routines_are_told_apart_by_their_arguments(catalog: Catalog, schema: Schema) -> None:
    routines = [made for made in catalog.routines(schema) if not made.name.startswith("span")]  # the type's own
    assert [(made.name, made.kind, made.arguments, made.returns) for made in routines] == [
        ("longest", "aggregate", "text", "text"),
        ("tidy", "procedure", "INOUT a integer", None),
        ("twice", "function", "a integer, b text DEFAULT 'x, y'::text", "SETOF integer"),
        ("twice", "function", "a text", "text"),
        ("watch", "function", "", "trigger"),
    ]


def test_a_trigger_says_when_it_runs(catalog: Catalog) -> None:
    [trigger] = catalog.triggers(staff())
    assert (trigger.name, trigger.timing, trigger.events) == ("guard", "before", ("insert", "update"))
    assert trigger.definition is not None and "EXECUTE FUNCTION" in trigger.definition


def test_a_sequence_has_its_bounds(catalog: Catalog, schema: Schema) -> None:
    sequences = {sequence.name: sequence for sequence in catalog.sequences(schema)}
    assert sequences["ticket"] == Sequence(NAME, "ticket", "smallint", 7, 2, 1, 99)


def test_temporary_tables_are_in_a_schema_of_their_own(catalog: Catalog) -> None:
    catalog.connection.cursor().execute("CREATE TEMPORARY TABLE short (x int)")
    [temporary] = [schema for schema in catalog.schemas() if schema.name.startswith("pg_temp")]
    assert [relation.name for relation in catalog.relations(temporary)] == ["short"]


def test_a_table_of_ones_own_does_not_stand_in_for_the_catalogs(catalog: Catalog, schema: Schema) -> None:
    """Temporary tables come first where a name is not qualified."""
    catalog.connection.cursor().execute("CREATE TEMPORARY TABLE pg_class (x int)")
    assert len(catalog.relations(schema)) == 7


def test_the_largest_schema_is_read_in_one_go(catalog: Catalog) -> None:
    [system] = [schema for schema in catalog.schemas(system=True) if schema.name == "pg_catalog"]
    assert len(catalog.routines(system)) > 2500
    assert {routine.kind for routine in catalog.routines(system)} == {"function", "aggregate", "window"}


def test_a_virtual_column_is_told_from_a_stored_one(postgres18: Server) -> None:
    with dbapi.connect(postgres18.url(), autocommit=True) as connection:
        connection.cursor().execute("CREATE TEMPORARY TABLE t (a int, b int GENERATED ALWAYS AS (a * 2) VIRTUAL)")
        catalog = Catalog(connection)
        [temporary] = [schema for schema in catalog.schemas() if schema.name.startswith("pg_temp")]
        [_, virtual] = catalog.columns(Relation(temporary.name, "t"))
    assert (virtual.generated, virtual.expression, virtual.default) == ("virtual", "(a * 2)", None)
