"""The template that puts the shipped queries into Athena as named queries."""

from __future__ import annotations

import json
import re
from pathlib import Path

from contracts.errors import PipelineError

QUERIES, TEMPLATE = Path("athena_queries"), Path("infra/cloudformation/queries.yaml")
QUESTION = re.compile(r"-- question: (.+)")
# Written as JSON, each query keeps to one line: a template is short enough to read.
HEAD = """\
# Written by `make export` from athena_queries/. Change the query there.
AWSTemplateFormatVersion: "2010-09-09"
Description: "Queries: those of athena_queries/ as named queries of the workgroup."

Parameters:
  DatabaseName: {Type: AWS::SSM::Parameter::Value<String>, Description: Glue database of the tables}
  WorkGroupName: {Type: AWS::SSM::Parameter::Value<String>, Description: Athena workgroup that has the queries}

Resources:
"""
RESOURCE = """\
  {logical_id}:
    Type: AWS::Athena::NamedQuery
    Properties:
      Name: {name}
      Description: {question}
      Database: !Ref DatabaseName
      WorkGroup: !Ref WorkGroupName
      QueryString: {sql}
"""


def named_queries(root: Path) -> dict[Path, str]:
    """The template's text by its path below the checkout; nothing where there are no queries."""
    files = sorted((root / QUERIES).glob("*.sql"))
    return {TEMPLATE: HEAD + "\n".join(map(_resource, files))} if files else {}


def _resource(file: Path) -> str:
    sql = file.read_text(encoding="utf-8")
    return RESOURCE.format(
        logical_id="".join(word.capitalize() for word in file.stem.split("_")),
        name=file.stem,
        question=_quoted(_question(file, sql)),
        sql=_quoted(sql),
    )


def _question(file: Path, sql: str) -> str:
    first = sql.partition("\n")[0]
    if found := QUESTION.fullmatch(first):
        return found[1]
    raise PipelineError(
        f"{file.name} begins with {first!r}; expected `-- question: ` and what it answers. Write the header."
    )


def _quoted(text: str) -> str:
    # A JSON string is a YAML string too.
    return json.dumps(text, ensure_ascii=False)
