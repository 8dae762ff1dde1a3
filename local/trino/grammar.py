"""What Trino's own parser says of a statement, without an engine behind it."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import py4j.java_gateway
from py4j.protocol import Py4JJavaError, get_return_value

from local.trino.jars import jars
from local.trino.jvm import jvm

REFUSED = "io.trino.sql.parser.ParsingException"


@contextmanager
def trino_grammar() -> Iterator[Callable[[str], str | None]]:
    """Asks for the reason why a statement is refused, None if it is not; it looks at syntax, not at names or types."""
    with jvm(jars("grammar"), heap="256M") as java:
        parser = java.io.trino.sql.parser.SqlParser()
        yield lambda statement: _refusal(parser, statement)


def _refusal(parser, statement: str) -> str | None:
    try:
        with _errors_of_py4j():
            parser.createStatement(statement)
    except Py4JJavaError as error:
        thrown = error.java_exception
        if thrown.getClass().getName() != REFUSED:
            raise
        return thrown.getMessage()
    return None


@contextmanager
def _errors_of_py4j() -> Iterator[None]:
    """Py4J's own way with errors: the one that Spark sets for the whole process asks Spark's JVM about all of them."""
    set_by_others = py4j.java_gateway.get_return_value
    py4j.java_gateway.get_return_value = get_return_value
    try:
        yield
    finally:
        py4j.java_gateway.get_return_value = set_by_others
