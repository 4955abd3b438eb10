"""Rows in a binary format, in the words of a pack's `copy.binary`: a header, rows of counted values each behind its
length, and a count that no row has for the end."""

from __future__ import annotations

from collections.abc import Generator, Iterator, Sequence
from functools import cached_property
from struct import Struct
from typing import Any, Literal

from sqlx.kernel.copy_rows import Adapt, Field, NamedType, check_row, decoded
from sqlx.kernel.errors import Mistake, Misuse, WireError
from sqlx.wire.compile.layout import SCALARS
from sqlx.wire.parameters import UNWRITABLE, reason
from sqlx.wire.registry import Section
from sqlx.wire.values.kinds import unwrap
from sqlx.wire.values.operations import Codec

MAX_EXTENSION = 65536  # bytes of a header's extension, which is skipped
MAX_VALUE = (1 << 30) - 1  # bytes of one value that comes
NULL = -1  # the length of null


class Form:
    """The numbers of a format, and the header that is written."""

    def __init__(self, rule: Section, byte_order: Literal["big", "little"]) -> None:
        order = "<" if byte_order == "little" else ">"
        letters = {name: SCALARS[rule[name]][0] for name in ("flags", "extension", "count", "length")}
        self.signature: bytes = rule["signature"].encode("latin-1")
        self.ignored: int = rule["ignored"]
        self.end: int = rule["end"]
        self.header = Struct(f"{order}{len(self.signature)}s{letters['flags']}{letters['extension']}")
        self.count = Struct(order + letters["count"])
        self.length = Struct(order + letters["length"])

    def beginning(self) -> bytes:
        return self.header.pack(self.signature, 0, 0)


class BinaryRows:
    """Writes the rows of values of some types, or reads them."""

    def __init__(self, form: Form, types: Sequence[NamedType], adapt: Adapt) -> None:
        self._form = form
        self._types = types
        self._adapt = adapt
        self._begun = False
        self._fields = Fields(form, len(types))

    @cached_property
    def _encoders(self) -> list[Codec]:
        return [_known(each.codecs.to_binary, each.name, "written") for each in self._types]

    @cached_property
    def _decoders(self) -> list[Codec]:
        return [_known(each.codecs.from_binary, each.name, "read") for each in self._types]

    def write(self, values: Sequence[Any]) -> bytes:
        """One row, the first one behind the header. Raises WireError."""
        if type(values) is not tuple and type(values) is not list:
            check_row(values)
        encoders, adapted = self._encoders, self._adapt(values)
        if len(adapted) != len(encoders):
            raise Mistake(f"the row has {len(adapted)} values, and {len(encoders)} types are given")
        length = self._form.length.pack
        parts: list[bytes] = []
        value: Any = None
        try:
            for encode, value in zip(encoders, adapted, strict=True):
                plain = unwrap(value)
                raw = b"" if plain is None else encode(plain)
                parts.append(length(NULL if plain is None else len(raw)))
                parts.append(raw)
        except UNWRITABLE as error:
            raise self._refusal(len(parts) // 2, value, error) from None
        return self._opened() + self._form.count.pack(len(parts) // 2) + b"".join(parts)

    def _refusal(self, number: int, value: Any, error: Exception) -> WireError:
        sentence = f"column {number + 1} is {self._types[number].name}, as which no {type(value).__name__} is written"
        if not isinstance(error, TypeError | AttributeError):  # which tell of Python, and not of the value
            sentence += f": {reason(error)}"
        return WireError("data", sentence, outcome="not_run")

    def _opened(self) -> bytes:
        """The header, once."""
        begun, self._begun = self._begun, True
        return b"" if begun else self._form.beginning()

    def end(self) -> bytes:
        """What stands behind the last row."""
        return self._opened() + self._form.count.pack(self._form.end)

    def read(self, data: bytes) -> list[tuple[Any, ...]]:
        """The rows that are whole with this part of the data. Raises WireError."""
        decoders = self._decoders
        return [decoded(fields, decoders, self._types) for fields in self._fields.feed(data)]

    def finish(self) -> None:
        """Raises WireError (data) when there is more to come."""
        self._fields.finish()


def _known(codec: Codec | None, name: str, done: str) -> Codec:
    if codec is None:
        hint = "use the text format, or take the data as it is: copy.write(), copy.read()"
        sentence = f"values of the type {name} are not {done} in binary here"
        raise WireError("unsupported", sentence, fields={"hint": hint}, outcome="not_run")
    return codec


class Fields:
    """Cuts data that comes in parts into the fields of rows, holding no more than what it has of a value."""

    def __init__(self, form: Form, width: int) -> None:
        self._form = form
        self._width = width
        self._data = bytearray()
        self._ended = False
        self._cut = self._cutting()

    def feed(self, data: bytes) -> Iterator[list[Field]]:
        """The fields of each row that is whole now. Raises WireError for what is no such data."""
        self._data += data
        for fields in self._cut:
            if fields is None:
                return
            yield fields

    def finish(self) -> None:
        if not self._ended:
            raise _broken("it breaks off before its end")

    def _cutting(self) -> Generator[list[Field] | None, None, None]:
        """Yields rows, and None where more data is needed."""
        data, count, width = self._data, self._form.count, self._width
        at = yield from self._begin()
        first = True
        while True:
            if len(data) - at < count.size:
                at = yield from self._more(at, count.size)
            (number,) = count.unpack_from(data, at)
            at += count.size
            if number == self._form.end:
                break
            if number != width:
                raise self._uneven(number, first)
            fields, at = yield from self._row(at)
            first = False
            yield fields
        self._ended = True
        yield from self._more(at, 1)
        raise _broken("it goes on behind its end")

    def _begin(self) -> Generator[None, None, int]:
        """Checks the header, and passes over its extension."""
        form = self._form
        yield from self._more(0, form.header.size)
        signature, flags, extension = form.header.unpack_from(self._data)
        if signature != form.signature:
            raise _broken("it does not begin as such data does")
        if unknown := flags & ~form.ignored:
            raise _broken(f"its header has flags that are not known here, {unknown:#x}: its rows hold something else")
        if not 0 <= extension <= MAX_EXTENSION:
            raise _broken(f"its header is extended by {extension} bytes, and at most {MAX_EXTENSION} are skipped")
        yield from self._more(form.header.size, extension)
        return int(extension)

    def _row(self, at: int) -> Generator[None, None, tuple[list[Field], int]]:
        data, length = self._data, self._form.length
        fields: list[Field] = []
        for number in range(1, self._width + 1):
            if len(data) - at < length.size:
                at = yield from self._more(at, length.size)
            (size,) = length.unpack_from(data, at)
            at += length.size
            if size == NULL:
                fields.append(None)
                continue
            if not 0 <= size <= MAX_VALUE:
                raise _broken(f"a value of column {number} has {size} bytes, and at most {MAX_VALUE} are read")
            if len(data) - at < size:
                at = yield from self._more(at, size)
            fields.append(bytes(data[at : at + size]))
            at += size
        return fields, at

    def _more(self, at: int, size: int) -> Generator[None, None, int]:
        """Drop what was read, and wait until so many bytes are there. Returns where they begin."""
        del self._data[:at]
        while len(self._data) < size:
            yield None
        return 0

    def _uneven(self, number: int, first: bool) -> WireError:
        if first and number >= 0:
            return Misuse(f"the rows have {number} columns, and {self._width} types are given")
        return _broken(f"one of its rows has {number} columns, and the others {self._width}")


def _broken(how: str) -> WireError:
    return WireError("data", f"the data is no whole binary data: {how}")
