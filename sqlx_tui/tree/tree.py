"""The tree: schemas, their tables and views, their columns; each read when it is opened."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TypeAlias

from rich.text import Text
from textual.message import Message
from textual.widgets import Tree
from textual.widgets.tree import TreeNode

from sqlx.catalog.model import Column, Constraint, Relation, Schema
from sqlx.dbapi.exceptions import Error
from sqlx_tui.actions import bindings
from sqlx_tui.cells import glance
from sqlx_tui.session.session import Session
from sqlx_tui.tree.names import insertable, qualified

Thing: TypeAlias = Session | Schema | Relation | Column
Node: TypeAlias = TreeNode[Thing | None]  # a node without a thing is a remark


class CatalogTree(Tree[Thing | None]):
    """Shows one session's database. Reading goes on in workers, which tell when they are done."""

    BINDINGS = bindings("tree")
    ICON_NODE = "▸ "
    ICON_NODE_EXPANDED = "▾ "

    class Loaded(Message):
        """What is below a node was read."""

        def __init__(self, node: Node, labels: Sequence[tuple[Text, Thing]]) -> None:
            super().__init__()
            self.node = node
            self.labels = labels

    class NotLoaded(Message):
        """What is below a node cannot be read."""

        def __init__(self, node: Node, error: Error) -> None:
            super().__init__()
            self.node = node
            self.error = error

    class RowsAsked(Message):
        """The rows of a relation are wanted."""

        def __init__(self, sql: str) -> None:
            super().__init__()
            self.sql = sql

    class NameAsked(Message):
        """A name is wanted in the editor."""

        def __init__(self, name: str) -> None:
            super().__init__()
            self.name = name

    def __init__(self, *, id: str) -> None:
        super().__init__("not connected", id=id)
        self.border_title = " Database "
        self.guide_depth = 2
        self._session: Session | None = None
        self._open: set[tuple[str, ...]] = set()  # paths of the nodes that are to be opened when they come

    def show(self, session: Session | None) -> None:
        """Show another database, or none."""
        self._session = session
        self.clear()
        self.root.data = session
        self.root.set_label(Text(session.place or session.engine, "bold") if session else "not connected")
        self.root.collapse()
        if session is not None:
            self.root.expand()

    def action_refresh(self) -> None:
        """Forget what was read; what was open is read again."""
        if self._session is not None:
            self._open = {_path(node) for node in self._below(self.root) if node.is_expanded}
            self._session.forget()
            self.show(self._session)

    def action_show_rows(self) -> None:
        found = self._relation(self.cursor_node)
        if found is not None and self._session is not None:
            self.post_message(self.RowsAsked(f"SELECT * FROM {qualified(self._session.sql, *found)}"))

    def action_insert_name(self) -> None:
        node = self.cursor_node
        if node is None or self._session is None:
            return
        if isinstance(node.data, Relation) and (found := self._relation(node)) is not None:
            self.post_message(self.NameAsked(insertable(self._session.sql, *found)))
        elif isinstance(node.data, Schema | Column):
            self.post_message(self.NameAsked(insertable(self._session.sql, node.data.name)))

    def _relation(self, node: Node | None) -> tuple[str, ...] | None:
        """The names of the relation a node is in; without its schema where that goes without saying."""
        while node is not None and not isinstance(node.data, Relation):
            node = node.parent
        if node is None or node.parent is None or not isinstance(node.data, Relation):
            return None
        schema = node.parent.data
        is_default = isinstance(schema, Schema) and schema.is_default
        return (node.data.name,) if is_default else (node.data.schema, node.data.name)

    # -- reading

    def on_tree_node_expanded(self, event: Tree.NodeExpanded[Thing | None]) -> None:
        event.stop()
        node = event.node
        if not any(child.data is not None for child in node.children):
            node.remove_children()
            node.add_leaf(Text("reading …", "dim"))
            self.run_worker(self._read(node), group="catalog", exit_on_error=True)

    async def _read(self, node: Node) -> None:
        try:
            labels = await self._labels(node.data)
        except Error as error:
            self.post_message(self.NotLoaded(node, error))
        else:
            self.post_message(self.Loaded(node, labels))

    async def _labels(self, thing: Thing | None) -> Sequence[tuple[Text, Thing]]:
        assert self._session is not None
        catalog = await self._session.catalog()
        if isinstance(thing, Schema):
            return [(_relation_label(relation), relation) for relation in await catalog.relations(thing)]
        if isinstance(thing, Relation):
            keys = await catalog.constraints(thing)
            return [(_column_label(column, keys), column) for column in await catalog.columns(thing)]
        return [(Text(glance(schema.name)), schema) for schema in await catalog.schemas()]

    def on_catalog_tree_loaded(self, message: Loaded) -> None:
        node = message.node
        node.remove_children()
        for label, thing in message.labels:
            node.add(label, thing, allow_expand=not isinstance(thing, Column))
        if not message.labels:
            node.add_leaf(Text(_emptiness(node.data), "dim italic"))
        for child in node.children:
            is_usual = isinstance(child.data, Schema) and (child.data.is_default or len(node.children) == 1)
            if is_usual or _path(child) in self._open:
                child.expand()

    def _below(self, node: Node) -> Iterator[Node]:
        yield node
        for child in node.children:
            yield from self._below(child)

    def on_catalog_tree_not_loaded(self, message: NotLoaded) -> None:
        message.node.remove_children()
        message.node.add_leaf(Text(glance(message.error.message), "red"))


def _path(node: Node) -> tuple[str, ...]:
    """The names that lead to a node."""
    above = () if node.parent is None else _path(node.parent)
    return (*above, getattr(node.data, "name", ""))


def _relation_label(relation: Relation) -> Text:
    label = Text(glance(relation.name))
    return label if relation.kind == "table" else label.append(f" {relation.kind}", "dim italic")


def _column_label(column: Column, keys: Sequence[Constraint]) -> Text:
    label = Text(glance(column.name), "bold" if column.primary_key else "")
    label.append(f" {column.type.lower()}", "not bold dim")
    if column.primary_key:
        label.append(" key", "not bold yellow")
    elif not column.nullable:
        label.append(" not null", "not bold dim")
    for key in keys:
        if key.kind == "foreign" and column.name in key.columns:
            label.append(f" → {glance(key.referenced_relation)}", "not bold cyan")
    return label


def _emptiness(thing: Thing | None) -> str:
    if isinstance(thing, Schema):
        return "no tables yet"
    return "no columns" if isinstance(thing, Relation) else "no schemas"
