"""What every engine tells of the same shop, in one model."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import fields

import pytest

from sqlx import dbapi
from sqlx.catalog import Catalog, Column, Relation, Schema
from tests.catalog.shop import ODD, Shop


def test_the_default_schema_is_the_connections_own(shop: Shop, schema: Schema) -> None:
    assert schema.name == shop.schema
    assert not schema.is_system


def test_system_schemas_are_there_only_when_asked_for(shop: Shop, catalog: Catalog) -> None:
    assert not any(schema.is_system for schema in catalog.schemas())
    system = {schema.name for schema in catalog.schemas(system=True) if schema.is_system}
    assert ("information_schema" in system) is bool(shop.server)


def test_the_current_database_is_among_all(shop: Shop, catalog: Catalog) -> None:
    current = [database.name for database in catalog.databases() if database.is_current]
    assert current == (["test"] if shop.server.startswith("postgres") else [])


def test_relations_come_by_name_with_their_kind(catalog: Catalog, schema: Schema) -> None:
    relations = catalog.relations(schema)
    assert all(relation.schema == schema.name for relation in relations)
    assert {relation.name: relation.kind for relation in relations} == {
        ODD: "table", "author": "table", "book": "table", "loan": "table", "titles": "view",
    }  # fmt: skip


def test_columns_come_in_order_with_what_they_may_hold(catalog: Catalog, book: Relation) -> None:
    columns = catalog.columns(book)
    names = ["shelf", "place", "title", "author", "price", "twice"]
    assert [(column.position, column.name) for column in columns] == list(enumerate(names, 1))
    assert [column.name for column in columns if column.nullable] == ["author", "price", "twice"]
    assert {column.name: column.primary_key for column in columns if column.primary_key} == {"shelf": 2, "place": 1}
    assert {column.name: column.generated for column in columns if column.generated} == {"twice": "stored"}


def test_types_defaults_and_expressions_are_the_engines_own(shop: Shop, catalog: Catalog, book: Relation) -> None:
    told = shop.told
    author = {column.name: column for column in catalog.columns(Relation(book.schema, "author"))}
    columns = {column.name: column for column in catalog.columns(book)}
    assert author["name"].type == told["varchar"]
    assert columns["shelf"].type == told["int"]
    assert columns["price"].type == told["decimal"]
    assert author["name"].default == told["text default"]
    assert columns["price"].default == told["number default"]
    assert columns["author"].default is None
    assert columns["twice"].default is None
    assert columns["twice"].expression == told.get("expression")


def test_a_column_that_numbers_itself_says_so(catalog: Catalog, schema: Schema) -> None:
    identity = {column.name: column.identity for column in catalog.columns(Relation(schema.name, "author"))}
    assert identity == {"id": "by default", "name": None}


def test_a_primary_key_has_its_columns_in_its_own_order(catalog: Catalog, book: Relation) -> None:
    primary = catalog.constraints(book)[0]
    assert (primary.kind, primary.columns) == ("primary", ("place", "shelf"))


def test_a_unique_key_has_all_its_columns(catalog: Catalog, book: Relation) -> None:
    [unique] = [constraint for constraint in catalog.constraints(book) if constraint.kind == "unique"]
    assert unique.columns == ("title", "author")
    assert unique.name in ("one_title", None)


def test_a_foreign_key_says_what_it_refers_to(catalog: Catalog, schema: Schema, book: Relation) -> None:
    [author] = [constraint for constraint in catalog.constraints(book) if constraint.kind == "foreign"]
    assert (author.columns, author.referenced_columns) == (("author",), ("id",))
    assert author.on_delete == "cascade"
    [loan] = [key for key in catalog.constraints(Relation(schema.name, "loan")) if key.kind == "foreign"]
    assert (loan.columns, loan.referenced_columns) == (("place", "shelf"), ("place", "shelf"))
    assert (loan.referenced_schema, loan.referenced_relation) == (schema.name, "book")
    assert (loan.on_update, loan.name in ("what", None)) == ("cascade", True)


def test_a_check_has_its_condition(shop: Shop, catalog: Catalog, book: Relation) -> None:
    checks = {
        constraint.name: constraint.expression for constraint in catalog.constraints(book) if constraint.expression
    }
    assert checks == ({"paid": shop.told["check"]} if "check" in shop.told else {})


def test_indexes_have_their_columns_in_order(catalog: Catalog, book: Relation) -> None:
    indexes = catalog.indexes(book)
    assert (indexes[0].primary, indexes[0].unique, indexes[0].columns) == (True, True, ("place", "shelf"))
    [by_place] = [index for index in indexes if index.name == "by_place"]
    assert (by_place.unique, by_place.primary, by_place.columns) == (False, False, ("shelf", "title"))
    assert ("title", "author") in [index.columns for index in indexes if index.unique]


def test_odd_names_survive(shop: Shop, catalog: Catalog, schema: Schema) -> None:
    [odd] = [relation for relation in catalog.relations(schema) if relation.name == ODD]
    assert [column.name for column in catalog.columns(odd)] == [ODD]
    assert ODD in [column.name for column in catalog.columns(Relation(schema.name, "loan"))]


def test_what_is_not_there_is_empty(catalog: Catalog, schema: Schema) -> None:
    nothing = Relation(schema.name, "no such table")
    for ask in (catalog.columns, catalog.constraints, catalog.indexes, catalog.triggers):
        assert ask(nothing) == ()
    for ask_schema in (catalog.routines, catalog.sequences, catalog.types):
        assert all(record.schema == schema.name for record in ask_schema(schema))


@pytest.mark.parametrize("name", ["", "no such schema", "x" * 1000, "'; --", '"; --', "`; --", "nul \0"])
def test_a_schema_that_is_not_there_has_nothing_or_is_refused(catalog: Catalog, name: str) -> None:
    nothing = Relation(name, "book")
    with suppress(dbapi.DatabaseError):
        assert catalog.relations(Schema(name)) == ()
    for ask in (catalog.columns, catalog.constraints, catalog.indexes, catalog.triggers):
        with suppress(dbapi.DatabaseError):
            assert ask(nothing) == ()


def test_a_view_has_columns(catalog: Catalog, schema: Schema) -> None:
    assert [column.name for column in catalog.columns(Relation(schema.name, "titles"))] == ["title"]


def test_truth_is_bool_and_numbers_are_int(catalog: Catalog, book: Relation) -> None:
    """Engines without booleans answer 0 and 1."""
    for column in catalog.columns(book):
        assert type(column.nullable) is bool
        assert type(column.position) is int
    assert {type(index.unique) for index in catalog.indexes(book)} == {bool}


def test_an_answer_is_remembered_until_refresh(shop: Shop, catalog: Catalog, schema: Schema) -> None:
    before = catalog.relations(schema)
    shop.connection.cursor().execute("CREATE TABLE later (id int)")
    try:
        assert catalog.relations(schema) is before
        catalog.refresh()
        assert {relation.name for relation in catalog.relations(schema)} == {
            "later", *(relation.name for relation in before)
        }  # fmt: skip
    finally:
        shop.connection.cursor().execute("DROP TABLE later")


def test_a_question_that_failed_is_asked_again(shop: Shop, book: Relation) -> None:
    with dbapi.connect(shop.url) as other:
        catalog = Catalog(other)
    with pytest.raises(dbapi.InterfaceError, match="connection is closed"):
        catalog.columns(book)
    catalog.connection = shop.connection
    assert len(catalog.columns(book)) == 6


def test_records_are_keys_that_do_not_change(catalog: Catalog, book: Relation) -> None:
    columns = catalog.columns(book)
    assert len({*columns, *columns}) == len(columns)
    with pytest.raises(AttributeError):
        columns[0].name = "other"  # type: ignore[misc]
    assert [field.name for field in fields(Column)][:3] == ["name", "position", "type"]


def test_threads_that_ask_at_the_same_time_get_the_same_answer(catalog: Catalog, book: Relation) -> None:
    start = threading.Barrier(8)

    def ask(_: int) -> tuple[Column, ...]:
        start.wait()
        return catalog.columns(book)

    with ThreadPoolExecutor(8) as threads:
        first, *others = threads.map(ask, range(8))
    assert len(first) == 6
    assert all(answer is first for answer in others)
