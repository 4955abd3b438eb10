"""The catalog sections of packs fit the model, and rows become its records."""

from __future__ import annotations

import inspect
from dataclasses import fields
from typing import Any

import pytest

from sqlx import dbapi
from sqlx.catalog import Catalog, Constraint, Index, Schema, Type, model
from sqlx.catalog.queries import records
from tests.catalog.shop import Shop

MODELS: dict[str, Any] = {
    "databases": model.Database, "schemas": model.Schema, "relations": model.Relation, "columns": model.Column,
    "constraints": model.Constraint, "indexes": model.Index, "triggers": model.Trigger, "routines": model.Routine,
    "sequences": model.Sequence, "types": model.Type,
}  # fmt: skip


def test_each_query_answers_in_the_models_words(shop: Shop) -> None:
    """No pack has a query that nobody asks for, or a column that no field has."""
    connection = shop.connection
    for name, entry in connection.pack.catalog.items():
        sql = "\n".join(entry["sql"]).replace("{schema}", shop.quoted(shop.schema))
        cursor = connection.cursor().execute(sql, {"schema": shop.schema, "relation": "book"})
        assert cursor.description is not None
        told = {column[0] for column in cursor.description} - {"id"}
        assert told <= {field.name for field in fields(MODELS[name])}, name


def test_each_question_is_a_method() -> None:
    methods = {name for name, _ in inspect.getmembers(Catalog, inspect.isfunction) if not name.startswith("_")}
    assert methods == {*MODELS, "refresh"}


@pytest.mark.parametrize("paramstyle", ["format", "numeric", "native"])
def test_it_works_whatever_the_callers_paramstyle_is(shop: Shop, paramstyle: str) -> None:
    with dbapi.connect(shop.url, autocommit=True, paramstyle=paramstyle) as connection:
        if not shop.server:  # a connection has its own database
            connection.cursor().execute("CREATE TABLE book (x int)")
        assert "book" in [relation.name for relation in Catalog(connection).relations(Schema(shop.schema))]


def test_values_one_a_row_are_one_record() -> None:
    rows = [("a", 1, "x"), ("a", 1, "y"), ("b", 0, "z")]
    assert records(Index, ["name", "unique", "columns"], rows) == (
        Index("a", True, ("x", "y")),
        Index("b", False, ("z",)),
    )


def test_an_array_is_one_record_and_null_is_none_of_its_values() -> None:
    rows = [("s", "t", "enum", ["a", "b"]), ("s", "u", "enum", []), ("s", "v", "domain", None)]
    assert [made.values for made in records(Type, ["schema", "name", "kind", "values"], rows)] == [("a", "b"), (), ()]


def test_an_id_keeps_apart_what_would_be_the_same() -> None:
    rows = [(None, "unique", 1, "a"), (None, "unique", 2, "b"), (None, "unique", 2, "c")]
    assert records(Constraint, ["name", "kind", "id", "columns"], rows) == (
        Constraint(None, "unique", ("a",)),
        Constraint(None, "unique", ("b", "c")),
    )


@pytest.mark.parametrize("names", [["name", "unique", "owner"], ["name", "columns"]])
def test_a_query_that_does_not_fit_the_model_is_refused(names: list[str]) -> None:
    with pytest.raises(
        dbapi.InterfaceError, match=f"answers {', '.join(names)}; the fields of Index are name, unique, columns"
    ):
        records(Index, names, [])
