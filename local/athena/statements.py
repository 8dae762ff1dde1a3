"""Reads one Athena statement: what kind it is, and its tree if it is a query. Pure."""

import logging
import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import sqlglot
from sqlglot import exp
from sqlglot.errors import ParseError, TokenError
from sqlglot.tokens import Token, TokenType

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
AFTER_NO_COMMA = (TokenType.FROM, TokenType.R_PAREN)
NOT_OF_ATHENA = (TokenType.DCOLON, TokenType.ILIKE)
ORDERED_CLAUSES = (TokenType.SELECT, TokenType.LIMIT, TokenType.OFFSET)


@dataclass(frozen=True)
class Statement:
    """A query or an explanation with its tree, or a question to the catalog with the names in it."""

    kind: str
    tree: exp.Expression | None = None
    sql: str = ""
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
            return Statement(kind, None, "", _lower(names.get("db")), _lower(names.get("name")), names.get("like"))
    if explained := re.match(r"EXPLAIN\s+", plain, re.I):
        explained_sql = plain[explained.end() :]
        return Statement("explain", _query(explained_sql, parameters), explained_sql)
    return Statement("query", _query(sql, parameters), sql)


def _lower(name: str | None) -> str | None:
    return name.lower() if name else None


def _query(sql: str, parameters: Sequence[str]) -> exp.Expression:
    _refuse_what_only_the_parser_takes(sql)
    trees = [tree for tree in _parsed(sql) if tree is not None]
    if any(fetch.args.get("limit_options") and fetch.args["limit_options"].args.get("with_ties")
           for tree in trees for fetch in tree.find_all(exp.Fetch)):  # fmt: skip
        raise InvalidRequest("FETCH FIRST … WITH TIES is not supported by the local Athena; use rank() in a subquery")
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


def _refuse_what_only_the_parser_takes(sql: str) -> None:
    """The parser takes `SELECT a, FROM t`, `a::date`, `LIMIT 1 OFFSET 1` and more; Athena does not."""
    try:
        tokens = sqlglot.tokenize(sql, read="trino")
    except TokenError:
        return
    for before, token in pairwise([None, *tokens]):
        dangles = before is not None and before.token_type == TokenType.COMMA and token.token_type in AFTER_NO_COMMA
        if dangles or token.token_type in NOT_OF_ATHENA or token.text == "==":
            raise _mismatched(token)
    for limit, offset in pairwise(token for token in tokens if token.token_type in ORDERED_CLAUSES):
        if (limit.token_type, offset.token_type) == (TokenType.LIMIT, TokenType.OFFSET):
            raise _mismatched(offset)


def _mismatched(token: Token) -> InvalidRequest:
    column = token.col - len(token.text) + 1
    return InvalidRequest(f"line {token.line}:{column}: mismatched input '{token.text}'")


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
