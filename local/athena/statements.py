"""Reads one Athena statement: what kind it is, and its tree if it is a query. Pure."""

import logging
import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import sqlglot
from sqlglot import exp
from sqlglot.errors import ParseError, TokenError
from sqlglot.tokens import TokenType

from local.athena.errors import InvalidRequest

logging.getLogger("sqlglot").setLevel(logging.ERROR)

SUPPORTED = "SELECT, WITH, VALUES, EXPLAIN, DESCRIBE, SHOW TABLES, SHOW COLUMNS, SHOW DATABASES"
NAME = r"(?:[`\"]?(?P<db>[\w$-]+)[`\"]?\.)?[`\"]?(?P<name>[\w$-]+)[`\"]?"
COMMENTS = re.compile(r"--[^\n]*|/\*.*?\*/", re.DOTALL)
CATALOG_STATEMENTS = {
    "show_databases": re.compile(r"^SHOW\s+(?:DATABASES|SCHEMAS)(?:\s+LIKE)?(?:\s+'(?P<like>[^']*)')?$", re.I),
    "show_tables": re.compile(
        r"^SHOW\s+TABLES(?:\s+(?:IN|FROM)\s+[`\"]?(?P<db>[\w-]+)[`\"]?)?(?:\s+'(?P<like>[^']*)')?$", re.I
    ),
    "show_columns": re.compile(rf"^SHOW\s+COLUMNS\s+(?:IN|FROM)\s+{NAME}$", re.I),
    "describe": re.compile(rf"^(?:DESCRIBE|DESC)\s+(?:FORMATTED\s+|EXTENDED\s+)?{NAME}$", re.I),
}


@dataclass(frozen=True)
class Statement:
    """A query or an explanation with its tree, or a question to the catalog with the names in it."""

    kind: str
    tree: exp.Expression | None = None
    database: str | None = None
    name: str | None = None
    like: str | None = None

    @property
    def type(self) -> str:
        """What GetQueryExecution calls StatementType."""
        return {"query": "DML", "explain": "UTILITY"}.get(self.kind, "UTILITY")

    @property
    def has_header(self) -> bool:
        """Results of queries are CSV with a header, those of other statements plain text."""
        return self.kind == "query"


def read_statement(sql: str, parameters: Sequence[str] = ()) -> Statement:
    """The one statement in `sql`, its `?` filled in; InvalidRequest says what is wrong or not supported."""
    plain = COMMENTS.sub(" ", sql).strip().rstrip(";").strip()
    for kind, pattern in CATALOG_STATEMENTS.items():
        if match := pattern.match(plain):
            names = match.groupdict()
            return Statement(kind, None, _lower(names.get("db")), _lower(names.get("name")), names.get("like"))
    if explained := re.match(r"EXPLAIN\s+", plain, re.I):
        return Statement("explain", _query(plain[explained.end() :], parameters))
    return Statement("query", _query(sql, parameters))


def _lower(name: str | None) -> str | None:
    return name.lower() if name else None


def _query(sql: str, parameters: Sequence[str]) -> exp.Expression:
    _refuse_dangling_commas(sql)
    trees = [tree for tree in _parsed(sql) if tree is not None]
    if len(trees) != 1:
        raise InvalidRequest(f"Only one sql statement is allowed. Got: {len(trees)}")
    if not isinstance(trees[0], exp.Query | exp.Values):
        raise InvalidRequest(f"{_verb(sql)} is not supported by the local Athena; supported: {SUPPORTED}")
    return _with_parameters(trees[0], parameters)


def _parsed(sql: str) -> list[exp.Expression | None]:
    try:
        return sqlglot.parse(sql, read="athena")
    except ParseError as error:
        where = error.errors[0]
        raise InvalidRequest(
            f"line {where['line']}:{where['col']}: mismatched input '{where['highlight']}'."
            f" {where['description'].split('<')[0].strip()}"
        ) from error
    except TokenError as error:
        raise InvalidRequest(f"line 1:1: {error}") from error


def _refuse_dangling_commas(sql: str) -> None:
    """The parser takes `SELECT a, FROM t`; Athena does not."""
    try:
        tokens = sqlglot.tokenize(sql, read="trino")
    except TokenError:
        return
    for before, token in pairwise(tokens):
        if before.token_type == TokenType.COMMA and token.token_type in (TokenType.FROM, TokenType.R_PAREN):
            column = token.col - len(token.text) + 1
            raise InvalidRequest(f"line {token.line}:{column}: mismatched input '{token.text}'")


def _verb(sql: str) -> str:
    words = COMMENTS.sub(" ", sql).split()
    two = words[0].upper() in ("CREATE", "DROP", "ALTER", "SHOW", "MSCK", "INSERT")
    return " ".join(words[: 2 if two else 1]).upper()


def _with_parameters(tree: exp.Expression, parameters: Sequence[str]) -> exp.Expression:
    places = sorted(tree.find_all(exp.Placeholder), key=lambda place: place.meta.get("start", 0))
    if len(places) != len(parameters):
        raise InvalidRequest(f"Incorrect number of parameters: expected {len(places)} but found {len(parameters)}")
    for place, value in zip(places, parameters, strict=True):
        place.replace(sqlglot.parse_one(value, read="athena"))
    return tree
