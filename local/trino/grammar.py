"""What Trino's own parser says of a statement, without an engine behind it."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from py4j.protocol import Py4JJavaError

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
        parser.createStatement(statement)
    except Py4JJavaError as error:
        thrown = error.java_exception
        if thrown.getClass().getName() != REFUSED:
            raise
        return thrown.getMessage()
    return None
