"""The filter language: text to nodes, by one grammar."""

from __future__ import annotations

import re
from functools import cache
from typing import Any, NoReturn

from lark import Lark, Token, Transformer, v_args
from lark.exceptions import UnexpectedCharacters, UnexpectedInput, UnexpectedToken

from hybridsearch.errors import FilterError
from hybridsearch.model.filters.nodes import And, Compare, Exists, In, Node, Not, Or, Prefix

DEEPEST = 100
LONGEST = 200_000

_GRAMMAR = r"""
    ?start: disjunction
    ?disjunction: conjunction (_OR conjunction)*
    ?conjunction: negation (_AND negation)*
    ?negation: _NOT negation -> negated
        | atom
    ?atom: "(" disjunction ")"
        | name OPERATOR value -> compare
        | name _IN "(" [value ("," value)* [","]] ")" -> within
        | name _NOT _IN "(" [value ("," value)* [","]] ")" -> not_within
        | _EXISTS name -> exists
        | name _PREFIX STRING -> prefix
    name: NAME | QUOTED_NAME
    value: STRING | DATE | NUMBER | TRUE | FALSE

    OPERATOR: "==" | "!=" | "<=" | ">=" | "<" | ">"
    _AND.2: /(?ai:and)(?![\w.])/
    _OR.2: /(?ai:or)(?![\w.])/
    _NOT.2: /(?ai:not)(?![\w.])/
    _IN.2: /(?ai:in)(?![\w.])/
    _EXISTS.2: /(?ai:exists)(?![\w.])/
    _PREFIX.2: /(?ai:prefix)(?![\w.])/
    TRUE.2: /(?ai:true)(?![\w.])/
    FALSE.2: /(?ai:false)(?![\w.])/
    NAME: /[^\W\d][\w.]*/
    QUOTED_NAME: /`[^`]+`/
    STRING: /'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*"/s
    DATE.3: /\d{4}-\d{2}-\d{2}(?:T\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?(?:Z|[+-]\d\d:?\d\d)?)?(?![\w.])/i
    NUMBER.1: /[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?(?![\w.])/

    %ignore /\s+/
"""

_WORD = re.compile(
    r"[()]|'(?:[^'\\]|\\.)*'|\"(?:[^\"\\]|\\.)*\"|`[^`]+`|[^\s()'\"`]+|(?P<open>['\"`])", re.DOTALL
)
_EXPECTED = {
    "NAME": "a field",
    "QUOTED_NAME": "a field",
    "_EXISTS": "a field",
    "LPAR": "'('",
    "RPAR": "')'",
    "COMMA": "','",
    "OPERATOR": "a comparison such as == or >=",
    "_IN": "in (...)",
    "_PREFIX": "prefix",
    "_AND": "and",
    "_OR": "or",
    "STRING": "a value in quotes",
    "NUMBER": "a number",
    "DATE": "a date",
    "TRUE": "true or false",
    "FALSE": "true or false",
}
_INSTEAD = {
    "=": "write == to compare",
    "&": "write 'and'",
    "|": "write 'or'",
    "!": "write 'not', or != to compare",
    ";": "join conditions with 'and' or 'or'",
}


def parse(text: str) -> Node:
    """The filter that a text says; raises FilterError that points at the place."""
    if len(text) > LONGEST:
        raise FilterError(f"it has {len(text):,} characters; at most {LONGEST:,} are possible")
    if not text.strip():
        raise FilterError("it is empty: leave it out, or write a condition such as year >= 2020")
    _check_depth(text)
    try:
        tree = _parser().parse(text)
    except UnexpectedInput as error:
        _refuse(text, error)
    node: Node = _Nodes().transform(tree)
    return node


@cache
def _parser() -> Lark:
    return Lark(_GRAMMAR, parser="lalr", maybe_placeholders=False)


def _check_depth(text: str) -> None:
    """Nodes are walked recursively later: refuse what no person writes before it gets there."""
    outer: list[int] = []  # by open parenthesis, the negations before it
    negations = 0
    total = 0
    for found in _WORD.finditer(text):
        word = found[0].lower()
        if word == "not":
            negations += 1
            total += 1
        elif word == "(":
            outer.append(negations)
            negations = 0
            total += 1
        elif word == ")" and outer:
            total -= 1 + negations
            negations = outer.pop()
        elif word in {"and", "or"}:
            total -= negations
            negations = 0
        elif found["open"]:
            return  # never closed: nothing behind it will be read
        if total > DEEPEST:
            raise FilterError(f"it nests more than {DEEPEST} levels deep")


def _refuse(text: str, error: UnexpectedInput) -> NoReturn:
    found: Any = error.pos_in_stream
    position: int = len(text) if found is None else found
    if isinstance(error, UnexpectedToken):
        expected = _words(error.expected)
        if error.token.type == "$END":
            position = len(text.rstrip())
            reason = f"it ends too early: {expected} is missing"
        else:
            position = error.token.start_pos or 0
            reason = f"{str(error.token)!r} is not expected here, but {expected}"
    else:
        character = text[position : position + 1]
        if isinstance(error, UnexpectedCharacters) and character in _INSTEAD:
            reason = f"{character!r} is not known: {_INSTEAD[character]}"
        elif character in {"'", '"', "`"}:
            reason = f"the quote {character} is opened here and never closed"
        else:
            allowed = getattr(error, "allowed", None) or set()
            reason = f"{character!r} is not expected here, but {_words(allowed)}"
    raise FilterError(reason, text=text, position=min(position, len(text))) from None


def _words(expected: Any) -> str:
    words = list(dict.fromkeys(_EXPECTED[name] for name in sorted(expected) if name in _EXPECTED))
    return " or ".join(words) or "the end"


@v_args(inline=True)
class _Nodes(Transformer[Token, Any]):
    """lark's tree to nodes."""

    def name(self, token: Token) -> tuple[str, int]:
        text = token[1:-1] if token.type == "QUOTED_NAME" else str(token)
        return text, token.start_pos or 0

    def value(self, token: Token) -> tuple[Any, int]:
        return _value(token), token.start_pos or 0

    def compare(self, name: tuple[str, int], operator: Token, value: tuple[Any, int]) -> Compare:
        return Compare(name[0], operator.value, value[0], name[1], value[1])

    def within(self, name: tuple[str, int], *values: tuple[Any, int]) -> In:
        return In(name[0], tuple(v for v, _ in values), name[1], tuple(at for _, at in values))

    def not_within(self, name: tuple[str, int], *values: tuple[Any, int]) -> Not:
        return Not(self.within(name, *values))

    def exists(self, name: tuple[str, int]) -> Exists:
        return Exists(name[0], name[1])

    def prefix(self, name: tuple[str, int], value: Token) -> Prefix:
        return Prefix(name[0], _value(value), name[1], value.start_pos)

    def negated(self, part: Node) -> Not:
        return Not(part)

    def conjunction(self, *parts: Node) -> And:
        return And(parts)

    def disjunction(self, *parts: Node) -> Or:
        return Or(parts)


def _value(token: Token) -> Any:
    if token.type == "STRING":
        return _unescaped(token[1:-1])
    if token.type == "NUMBER":
        return _number(token)
    if token.type in {"TRUE", "FALSE"}:
        return token.type == "TRUE"
    return str(token)


def _number(token: Token) -> int | float:
    try:
        return int(token)
    except ValueError:
        return float(token)


def _unescaped(text: str) -> str:
    parts = iter(text)
    return "".join(next(parts) if character == "\\" else character for character in parts)
