"""What MySQL and MariaDB have beyond the shop."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from sqlx import dbapi
from sqlx.catalog import Catalog, Relation, Schema
from tests.servers.server import Server

NAME = "Warehouse"
SCRIPT = (
    "CREATE DATABASE Warehouse",
    "USE Warehouse",
    """CREATE TABLE staff (
        id int unsigned AUTO_INCREMENT, mood enum('sad', 'it''s') DEFAULT 'sad' COMMENT 'of the day', name varchar(40),
        born datetime DEFAULT CURRENT_TIMESTAMP, label varchar(60) AS (concat(name, ' it''s')) VIRTUAL, bits bit(4)
        DEFAULT b'101', note varchar(9) DEFAULT 'NULL', age int DEFAULT NULL,
        code varchar(9) DEFAULT (concat('a''', 'b')),
        PRIMARY KEY (id), CONSTRAINT known CHECK (name <> 'it''s')) COMMENT 'who works'""",
    "CREATE TABLE STAFF (other int)",
    "CREATE TABLE other (one int, two int, CONSTRAINT a UNIQUE (one), CONSTRAINT b UNIQUE (two))",
    "CREATE TABLE wide (" + ", ".join(f"`{'column ' * 8}{number}` int" for number in range(16)) + ")",
    "CREATE INDEX wide ON wide (" + ", ".join(f"`{'column ' * 8}{number}`" for number in range(16)) + ")",
    "CREATE FUNCTION plus(a int, b varchar(9)) RETURNS varchar(20) DETERMINISTIC COMMENT 'adds' RETURN concat(a, b)",
    "CREATE PROCEDURE plus(IN a int, INOUT b decimal(6, 2)) SET b = a",
    "CREATE PROCEDURE many(" + ", ".join(f"a_long_name_of_a_parameter_{number} int" for number in range(80)) + ") DO 0",
    "CREATE TRIGGER guard BEFORE INSERT ON staff FOR EACH ROW SET NEW.name = 'x'",
)
CLEAN = "DROP DATABASE IF EXISTS Warehouse"


@pytest.fixture(scope="module", params=["mariadb", "mysql9"])
def server(request: pytest.FixtureRequest) -> Server:
    """Each server in turn."""
    found: Server = request.getfixturevalue(request.param)
    return found


@pytest.fixture(scope="module")
def connection(server: Server) -> Iterator[dbapi.Connection]:
    """A connection to a server with a warehouse."""
    with dbapi.connect(server.url("admin", socket=server.socket), autocommit=True) as connection:
        for statement in (CLEAN, *SCRIPT):
            connection.cursor().execute(statement)
        yield connection
        connection.cursor().execute(CLEAN)


@pytest.fixture
def catalog(connection: dbapi.Connection) -> Catalog:
    return Catalog(connection)


STAFF = Relation(NAME, "staff")


def test_comments_are_read(catalog: Catalog) -> None:
    comments = {relation.name: relation.comment for relation in catalog.relations(Schema(NAME))}
    assert comments["staff"] == "who works"
    assert comments["other"] is None
    assert [column.comment for column in catalog.columns(STAFF)][:2] == [None, "of the day"]


def test_types_are_spelled_whole(catalog: Catalog) -> None:
    types = {column.name: column.type for column in catalog.columns(STAFF)}
    assert types["id"] in ("int unsigned", "int(10) unsigned")
    assert (types["mood"], types["bits"]) == ("enum('sad','it''s')", "bit(4)")


def test_defaults_are_sql(catalog: Catalog) -> None:
    """A text that says NULL is not NULL, and what is computed is no text."""
    defaults = {column.name: column.default for column in catalog.columns(STAFF)}
    assert defaults["mood"] == "'sad'"
    assert defaults["note"] == "'NULL'"
    assert defaults["age"] is None
    assert defaults["bits"] == "b'101'"
    assert defaults["born"] is not None and defaults["born"].lower().startswith("current_timestamp")
    assert defaults["code"] is not None and defaults["code"].startswith("concat(")


@pytest.mark.parametrize("name", ["code", "label"])
def test_expressions_can_be_run(connection: dbapi.Connection, catalog: Catalog, name: str) -> None:
    """One server keeps them with its own escapes."""
    [column] = [column for column in catalog.columns(STAFF) if column.name == name]
    expression = (column.default or column.expression or "").replace("`name`", "'N'")
    assert connection.cursor().execute(f"SELECT {expression}").fetchone() == ({"code": "a'b", "label": "N it's"}[name],)


def test_a_check_can_be_run(connection: dbapi.Connection, catalog: Catalog) -> None:
    [check] = [constraint for constraint in catalog.constraints(STAFF) if constraint.kind == "check"]
    assert (check.name, check.columns) == ("known", ())
    assert check.expression is not None
    condition = check.expression.replace("`name`", "_utf8mb4'it''s'")
    assert connection.cursor().execute(f"SELECT {condition}").fetchone() == (0,)


def test_a_virtual_column_is_told_from_a_stored_one(catalog: Catalog) -> None:
    assert {column.name: column.generated for column in catalog.columns(STAFF) if column.generated} == {
        "label": "virtual"
    }


def test_names_that_differ_in_case_alone_are_told_apart(catalog: Catalog) -> None:
    assert [column.name for column in catalog.columns(Relation(NAME, "STAFF"))] == ["other"]
    assert len(catalog.columns(STAFF)) == 9
    assert catalog.relations(Schema(NAME.lower())) == ()


def test_constraints_of_one_kind_stay_apart(catalog: Catalog) -> None:
    unique = catalog.constraints(Relation(NAME, "other"))
    assert [(constraint.name, constraint.columns) for constraint in unique] == [("a", ("one",)), ("b", ("two",))]


def test_long_keys_are_not_cut(catalog: Catalog) -> None:
    [index] = catalog.indexes(Relation(NAME, "wide"))
    assert len(index.columns) == 16
    assert sum(map(len, index.columns)) > 900


def test_routines_of_one_name_are_told_apart(catalog: Catalog) -> None:
    routines = [routine for routine in catalog.routines(Schema(NAME)) if routine.name == "plus"]
    plain = [(made.kind, made.arguments.replace("int(11)", "int"), made.returns, made.comment) for made in routines]
    assert plain == [
        ("function", "a int, b varchar(9)", "varchar(20)", "adds"),
        ("procedure", "IN a int, INOUT b decimal(6,2)", None, None),
    ]


def test_long_lists_of_arguments_are_not_cut(catalog: Catalog) -> None:
    [many] = [routine for routine in catalog.routines(Schema(NAME)) if routine.name == "many"]
    assert many.arguments.count(",") == 79
    assert "parameter_79 int" in many.arguments


def test_a_trigger_says_when_it_runs(catalog: Catalog) -> None:
    [trigger] = catalog.triggers(STAFF)
    assert (trigger.name, trigger.timing, trigger.events) == ("guard", "before", ("insert",))
    assert trigger.definition == "SET NEW.name = 'x'"


def test_a_user_without_rights_sees_what_he_may(connection: dbapi.Connection, server: Server) -> None:
    with dbapi.connect(server.url("empty", socket=server.socket), autocommit=True) as other:
        catalog = Catalog(other)
        assert NAME not in [schema.name for schema in catalog.schemas()]
        assert catalog.relations(Schema(NAME)) == ()
        assert catalog.columns(STAFF) == ()


def test_sequences_are_no_tables(mariadb: Server) -> None:
    with dbapi.connect(mariadb.url("admin"), autocommit=True) as connection:
        connection.cursor().execute("CREATE OR REPLACE SEQUENCE ticket")
        catalog = Catalog(connection)
        [schema] = [schema for schema in catalog.schemas() if schema.is_default]
        assert [sequence.name for sequence in catalog.sequences(schema)] == ["ticket"]
        assert "ticket" not in [relation.name for relation in catalog.relations(schema)]
        connection.cursor().execute("DROP SEQUENCE ticket")


def test_an_index_over_an_expression_tells_it(mysql9: Server) -> None:
    with dbapi.connect(mysql9.url("admin", socket=mysql9.socket), autocommit=True) as connection:
        connection.cursor().execute("DROP TABLE IF EXISTS e")
        connection.cursor().execute("CREATE TABLE e (a varchar(9), INDEX e (a, (concat(a, 'it''s'))))")
        catalog = Catalog(connection)
        [schema] = [schema for schema in catalog.schemas() if schema.is_default]
        [index] = catalog.indexes(Relation(schema.name, "e"))
        connection.cursor().execute("DROP TABLE e")
    assert index.columns[0] == "a"
    assert "it\\'s" in index.columns[1]
