"""The models of a pack's `options`, and of the `environment` that gives some."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field, Tag

from sqlx.wire.language.parts import Name, Part, Text, by_shape


class Option(Part):
    """An option of a URL or of `connect`, beyond those that every engine has."""

    kind: Literal["text", "int", "bool", "path", "seconds", "choice", "choices", "permits"]
    """What its value is; `choices` is a list of some, with commas between them; `permits` is a text, such a list or one
    with `!` before each, for the function of that name."""
    choices: list[Text] = []
    """The values of a `choice`, of `choices`, or of `permits`."""
    default: Any = None
    """Its value when it is not given."""
    secret: bool = False
    """It is never shown."""
    contents: bool = False
    """A path whose file's content is the value the flows see."""
    alias: list[Name] = []
    """Other names for it."""
    from_: int | None = None
    """The smallest `int`."""
    to: int | None = None
    """The largest `int`."""


class OptionWord(Part):
    """A word for an option whose values have other names."""

    option: Name
    """The option."""
    values: Annotated[dict[str, str], Field(min_length=1)]
    """Each of the word's values, in lower case, with the option's; an empty one gives nothing."""


OptionWords = dict[Text, Annotated[Annotated[Name, Tag("<text>")] | Annotated[OptionWord, Tag("<object>")], by_shape]]


class PasswordFile(Part):
    """A file of lines `host:port:database:user:password`."""

    option: Name
    """The option that names another file."""
    path: Text
    """Where it is; `~` and `$VARIABLE` may begin a path."""


class ServiceFile(Part):
    """Files that give options of a connection under a name."""

    option: Name
    """The option that asks for a service."""
    file_option: Name
    """The option that names another file than the first."""
    paths: Annotated[list[Text], Field(min_length=1)]
    """Where they are; the first that has the service counts."""
    ignored: list[Text] = []
    """Words that mean nothing to us, and whose loss makes nothing less safe; any other is refused."""


class OptionFiles(Part):
    """Files of options in groups, for many programs."""

    option: Name
    """The option that names the only file to be read."""
    paths: Annotated[list[Text], Field(min_length=1)]
    """Where they are; the last one that says something counts."""
    groups: Annotated[list[Text], Field(min_length=1)]
    """The groups that are read."""
    words: OptionWords
    """The options that each word means, with `-` for `_`; other words are passed over."""


class Environment(Part):
    """What the engine's own tools read before they connect."""

    variables: OptionWords = {}
    """Variables of the environment, with the options that they give."""
    password_file: PasswordFile | None = None
    """Where passwords are."""
    service_file: ServiceFile | None = None
    """Where services are."""
    option_files: OptionFiles | None = None
    """Where options are."""
