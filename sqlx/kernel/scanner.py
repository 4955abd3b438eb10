"""What in a SQL text is code and what is not, by the pack's `sql` section.

    quotes               {open, close, doubled?, backslash?, continued?, identifier?} each; letters match in any case.
                         `backslash` is true, false, or a condition: `name` (that link variable is true), `!name`
                         (it is not, or not known), `name=value`.
                         `continued`: a further quote behind a line break goes on with the same rules (SQL:2016 §5.3)
    line_comments        texts, or {open, spaced: true} for one that only starts a comment before a space
    line_end             the characters that end a line comment; a line feed where it is left out
    block_comments       {open, close, nested?} each
    executable_comments  openers of comments whose content is code; a version of five or six digits may follow
    dollar_quotes        $tag$ ... $tag$
    placeholder          what the server understands: `?`, or a text with {n} for the number
    compound             {starts, open, close, uncounted?}: a `;` in such a statement's body or parentheses ends none;
                         `close` has words, and pairs where the second opens nothing (`END CASE`), `uncounted` pairs
                         that close what was never counted as opened (`END IF`)

`starts`, and the lists given to `matches`, hold phrases: words, `A|B` for either word, `...` for any words between.
Every construct that is not closed runs to the end of the text. Scanning takes time linear in the text.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import lru_cache
from typing import Any, Literal, TypeAlias, cast

from sqlx.wire.errors import PackError
from sqlx.wire.registry import Pack, Section

Kind: TypeAlias = Literal[
    "string",
    "identifier",  # a quoted one
    "comment",
    "executable",  # the opener, with its version, or the closer of a comment whose content is code
    "word",
    "number",
    "mark",  # ? or ??
    "name",  # :name
    "numeric",  # :1
    "percent",  # %s, %(name)s or %%
    "native",  # the server's own numbered placeholder
    "end",  # ;
    "symbol",
]
Token: TypeAlias = tuple[Kind, int, int]
Closer: TypeAlias = Callable[[str, int], int]  # a text and where it was opened -> where what was opened ends
Span: TypeAlias = tuple[int, int]
Variables: TypeAlias = Mapping[str, Any]

NO_VARIABLES: Variables = {}
PHRASE_WORDS = 16  # how far into a statement a phrase may reach

# Any character beyond ASCII is a letter to the servers' scanners, spaces and signs too. Said by what it is not, because
# the class of all others takes the compiler a hundred times as long.
_LETTER = r"[^\x00-@\[-\^`{-\x7f]"
_LETTER_OR_DIGIT = r"[^\x00-/:-@\[-\^`{-\x7f]"
_LETTER_DIGIT_OR_DOLLAR = r"[^\x00-#%-/:-@\[-\^`{-\x7f]"
_BLANK = r"[ \t\n\r\f\v]"


class Scanner:
    """One pack's eyes for SQL. Raises PackError for a section that cannot be used."""

    def __init__(self, section: Section) -> None:
        self.placeholder: str = section.get("placeholder", "?")
        self._pattern = _compile(section)
        comment = _line_comment(section)
        self._quotes = [(quote, _Quote(quote, comment)) for quote in _quotes(section)]
        switches = {quote.get("backslash") for quote, _ in self._quotes}
        self._conditions = tuple(sorted(switch for switch in switches if isinstance(switch, str)))
        self._blocks = {block["open"].upper(): _block_closer(block) for block in section.get("block_comments", ())}
        self._closers: dict[tuple[bool, ...], dict[str, Closer]] = {}
        self._compound = _Compound(section.get("compound") or {})

    def mode(self, variables: Variables) -> tuple[bool, ...]:
        """What of the link's variables decides how a text is read: part of any key under which a text is remembered."""
        return tuple(_holds(condition, variables) for condition in self._conditions)

    def tokens(self, text: str, variables: Variables = NO_VARIABLES) -> Iterator[Token]:
        """Everything but white space, in order: (kind, start, end)."""
        search = self._pattern.search
        closers = self._closers_in(self.mode(variables))
        position = executable = 0
        while match := search(text, position):
            kind = cast(str, match.lastgroup)
            start, end = match.span()
            if kind in ("string", "identifier", "block"):
                kind, end = "comment" if kind == "block" else kind, closers[match[0].upper()](text, end)
            elif kind == "dollar":
                kind, end = "string", _behind(text, match[0], end)
            elif kind == "executable":
                executable += 1
            elif kind == "leave" and executable:
                kind, executable = "executable", executable - 1
            elif kind == "leave":
                kind, end = "symbol", start + 1
            elif kind == "fixed":
                kind = "symbol"
            yield cast(Kind, kind), start, end
            position = end

    def statements(self, text: str, variables: Variables = NO_VARIABLES) -> list[Span]:
        """Where each statement stands, without its `;` and the comments around it; empty ones are left out."""
        return [(start, end) for start, end, _ in self._split(text, variables)]

    def statement_at(self, text: str, offset: int, variables: Variables = NO_VARIABLES) -> Span | None:
        """The statement a cursor means: the one it is in, or behind on the same line, else the next, else the last."""
        chosen = None
        for start, end, stop in self._split(text, variables):
            if chosen is not None and offset < start and "\n" not in text[chosen[1] : offset]:
                break
            chosen = (start, end)
            if offset <= stop:
                break
        return chosen

    def words(self, text: str, count: int, variables: Variables = NO_VARIABLES) -> list[str]:
        """The first unquoted words of the first statement, upper-cased; comments and parentheses are passed over."""
        words: list[str] = []
        for kind, start, end in self.tokens(text, variables):
            if len(words) == count or (kind == "end" and words):
                break
            if kind == "word":
                words.append(text[start:end].upper())
        return words

    def matches(self, text: str, phrases: Iterable[str], variables: Variables = NO_VARIABLES) -> str | None:
        """The first of the phrases with which the text starts, or None."""
        words = " ".join(self.words(text, PHRASE_WORDS, variables))
        return next((phrase for phrase in phrases if _phrase(phrase).match(words)), None)

    def _split(self, text: str, variables: Variables) -> Iterator[tuple[int, int, int]]:
        """(start, end, offset of the `;` or the end of the text) of each statement."""
        first: int | None = None
        last = 0
        body = _Body(self._compound)
        for kind, start, end in self.tokens(text, variables):
            if kind == "comment":
                continue
            if kind == "end" and not body.open:
                if first is not None:
                    yield first, last, start
                first, body = None, _Body(self._compound)
                continue
            first, last = start if first is None else first, end
            body.see(kind, text[start:end])
        if first is not None:
            yield first, last, len(text)

    def _closers_in(self, mode: tuple[bool, ...]) -> dict[str, Closer]:
        """Opener -> how to find the end, for one state of the variables that switch it."""
        closers = self._closers.get(mode)
        if closers is None:
            switched: dict[Any, bool] = {True: True, False: False, **dict(zip(self._conditions, mode, strict=True))}
            closers = self._closers[mode] = dict(self._blocks)
            for quote, ends in self._quotes:
                closers[quote["open"].upper()] = ends.closer(switched[quote.get("backslash", False)])
        return closers


@lru_cache(maxsize=64)
def scanner_of(pack: Pack) -> Scanner:
    """The scanner of a pack, made once."""
    return Scanner(pack.sql)


def _holds(condition: str, variables: Variables) -> bool:
    name, is_compared, value = condition.partition("=")
    if is_compared:
        return str(variables.get(name)) == value
    return not variables.get(name[1:]) if name.startswith("!") else bool(variables.get(name))


def _behind(text: str, closer: str, position: int) -> int:
    found = text.find(closer, position)
    return len(text) if found < 0 else found + len(closer)


class _Quote:
    """A quote's way to its end, for both ways of reading a backslash."""

    def __init__(self, quote: Section, comment: str) -> None:
        close = re.escape(quote["close"])
        going_on = [close * 2] * bool(quote.get("doubled"))
        if quote.get("continued"):
            note = f"(?:{comment})" if comment else "(?!)"
            going_on.append(rf"{close}[ \t\f\v]*(?:{note})?[\n\r]{_BLANK}*(?:{note}[\n\r]{_BLANK}*)*{close}")
        self._plain = re.compile("|".join([*going_on, f"({close})"]), re.DOTALL)
        self._escaped = re.compile("|".join([r"\\.", *going_on, f"({close})"]), re.DOTALL)

    def closer(self, backslash: bool) -> Closer:
        search = (self._escaped if backslash else self._plain).search

        def end(text: str, position: int) -> int:
            while edge := search(text, position):
                position = edge.end()
                if edge[1]:
                    return position
            return len(text)

        return end


def _block_closer(block: Section) -> Closer:
    opener, closer = block["open"], block["close"]
    if not block.get("nested"):
        return lambda text, position: _behind(text, closer, position)
    search = re.compile(f"{re.escape(opener)}|({re.escape(closer)})").search

    def end(text: str, position: int) -> int:
        depth = 1
        while depth and (edge := search(text, position)):
            depth += -1 if edge[1] else 1
            position = edge.end()
        return len(text) if depth else position

    return end


class _Compound:
    """The words of a pack by which a statement holds others."""

    def __init__(self, section: Section) -> None:
        self.starts = [_phrase(phrase) for phrase in section.get("starts", ())]
        self.open = frozenset(section.get("open", ()))
        self.close = frozenset(section.get("close", ()))
        self.uncounted = frozenset(section.get("uncounted", ()))


class _Body:
    """How deep inside a compound statement the reader is."""

    __slots__ = ("_before", "_compound", "_depth", "_parentheses", "_words")

    def __init__(self, compound: _Compound) -> None:
        self._compound = compound
        self._words: list[str] = []
        self._depth = self._parentheses = 0
        self._before = ""

    @property
    def open(self) -> bool:
        if self._depth <= 0 and self._parentheses <= 0:
            return False
        words = " ".join(self._words)
        return any(start.match(words) for start in self._compound.starts)

    def see(self, kind: Kind, piece: str) -> None:
        if kind == "word" and self._before != ".":
            piece = piece.upper()
            if len(self._words) < PHRASE_WORDS:
                self._words.append(piece)
            self._depth = max(0, self._depth + self._step(piece))
        elif piece in ("(", ")"):
            self._parentheses += 1 if piece == "(" else -1
        self._before = piece

    def _step(self, word: str) -> int:
        compound, both = self._compound, f"{self._before} {word}"
        if both in compound.uncounted:
            return 1
        return 0 if both in compound.close else (word in compound.open) - (word in compound.close)


@lru_cache(maxsize=1024)
def _phrase(phrase: str) -> re.Pattern[str]:
    """A phrase as a pattern over words joined by single spaces."""
    parts = []
    for word in phrase.upper().split():
        either = "|".join(re.escape(choice) for choice in word.split("|"))
        parts.append(r"(?: \S+)*?" if word == "..." else f" (?:{either})")
    return re.compile("".join(parts).removeprefix(" ") + r"(?= |\Z)")


def _quotes(section: Section) -> list[Section]:
    quotes: list[Section] = section.get("quotes", [])
    for number, quote in enumerate(quotes):
        if not quote.get("open") or len(quote.get("close", "")) != 1:
            raise PackError(f"$.sql.quotes[{number}]", "a text opens a quote, and one character closes it")
    return sorted(quotes, key=lambda quote: -len(quote["open"]))


def _openers(section: Section, key: str) -> list[Any]:
    entries = section.get(key, ())
    openers = [entry["open"] if isinstance(entry, dict) else entry for entry in entries]
    if not all(openers) or not all(entry.get("close", True) for entry in entries if isinstance(entry, dict)):
        raise PackError(f"$.sql.{key}", "an empty text opens and closes nothing")
    return sorted(openers, key=len, reverse=True)


def _any(texts: Iterable[str]) -> str:
    return "|".join(re.escape(text) for text in texts)


def _compile(section: Section) -> re.Pattern[str]:
    """The one pattern of a pack: how each token begins, and where it ends if that is near.

    No alternative can fail far from where it began, so nothing is read more than twice.
    """
    quotes = _quotes(section)
    placeholder = section.get("placeholder", "?")
    alternatives = {
        "comment": _line_comment(section),
        "executable": _optional(_any(_openers(section, "executable_comments")), "(?:{})(?:[0-9]{{5,6}})?"),
        "block": _any(_openers(section, "block_comments")),
        "identifier": _optional(_any(quote["open"] for quote in quotes if quote.get("identifier")), "(?ai:{})"),
        "string": _optional(_any(quote["open"] for quote in quotes if not quote.get("identifier")), "(?ai:{})"),
        "dollar": rf"\$(?:{_LETTER}{_LETTER_OR_DIGIT}*)?\$" if section.get("dollar_quotes") else "",
        "native": "[0-9]+".join(map(re.escape, placeholder.split("{n}"))) if "{n}" in placeholder else "",
        "word": rf"{_LETTER}{_LETTER_DIGIT_OR_DOLLAR}*",
        "number": "[0-9]+",
        "fixed": "::|:=",  # no name's colon
        "name": rf":{_LETTER}{_LETTER_OR_DIGIT}*",
        "numeric": ":[0-9]+",
        "mark": r"\?\??",
        "percent": rf"%(?:%|(?:s|\((?:{_LETTER_OR_DIGIT}|\.)+\)s)(?!{_LETTER_DIGIT_OR_DOLLAR}))",
        "end": ";",
        "leave": _any(block["close"] for block in section.get("block_comments", ())),
        "symbol": r"\S",
    }
    return re.compile("|".join(f"(?P<{kind}>{regex})" for kind, regex in alternatives.items() if regex))


def _optional(inner: str, around: str) -> str:
    return around.format(inner) if inner else ""


def _line_comment(section: Section) -> str:
    entries = section.get("line_comments", ())
    spaced = {entry["open"] for entry in entries if isinstance(entry, dict) and entry.get("spaced")}
    openers = [
        re.escape(opener) + (r"(?=[\x00-\x20\x7f]|\Z)" if opener in spaced else "")
        for opener in _openers(section, "line_comments")
    ]
    rest = f"[^{re.escape(section.get('line_end', chr(10)))}]*"
    return _optional("|".join(openers), "(?:{})" + rest)
