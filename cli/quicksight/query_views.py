"""The template of views over the shipped queries that datasets read: one source of SQL, in athena_queries/."""

from __future__ import annotations

import json
from pathlib import Path

from cli.quicksight.columns import hive_type
from cli.quicksight.datasets import QUERIED, DataSet
from cli.quicksight.flow import flow
from contracts.errors import PipelineError

QUERIES, TEMPLATE = Path("athena_queries"), Path("infra/cloudformation/query-views.yaml")
# A view's definition is base64 in the Glue Catalog; CloudFormation encodes it, so that it can be read here.
HEAD = """\
# Written by `make export` from athena_queries/ and cli/quicksight/datasets.py. Change them there.
AWSTemplateFormatVersion: "2010-09-09"
Description: "Query views: answers of shipped queries as views, for dashboards. They hold no data and cost nothing."

Parameters:
  DatabaseName: {Type: AWS::SSM::Parameter::Value<String>, Description: Glue database of the tables}

Resources:
"""
RESOURCE = """\
  {logical_id}:
    Type: AWS::Glue::Table
    Properties:
      CatalogId: !Ref AWS::AccountId
      DatabaseName: !Ref DatabaseName
      TableInput:
        Name: {view}
        Description: {title}
        TableType: VIRTUAL_VIEW
        Parameters: {{presto_view: "true", comment: Presto View}}
        ViewOriginalText:
          Fn::Join:
            - " "
            - - "/* Presto View:"
              - Fn::Base64: !Sub |-
                  {definition}
              - "*/"
        ViewExpandedText: "/* Presto View */"
        StorageDescriptor:
          Columns:
{columns}
"""


def query_views(root: Path) -> dict[Path, str]:
    """The template's text by its path below the checkout; nothing where there are no queries."""
    if not (root / QUERIES).is_dir():
        return {}
    return {TEMPLATE: HEAD + "\n".join(_resource(dataset, _query(root, dataset.view)) for dataset in QUERIED)}


def view_sql(dataset: DataSet, query: str) -> str:
    """The query's rows with each column cast to the type that the dataset says, so that no engine infers another."""
    columns = ",\n".join(f"    cast({c.name} as {c.type}) as {c.name}" for c in dataset.columns)
    body = "\n".join(line for line in query.rstrip().splitlines() if not line.lstrip().startswith("--"))
    return f"select\n{columns}\nfrom (\n{body}\n) as answer"


def _query(root: Path, name: str) -> str:
    file = root / QUERIES / f"{name}.sql"
    if not file.is_file():
        raise PipelineError(
            f"no athena_queries/{name}.sql, which a dataset of cli/quicksight/datasets.py shows. "
            "Bring the query back, or take the dataset out."
        )
    sql = file.read_text(encoding="utf-8")
    if "${" in sql:
        raise PipelineError(f"{file.name} has '${{', which CloudFormation would fill in. Write the query without it.")
    return sql


def _resource(dataset: DataSet, query: str) -> str:
    definition = {
        "originalSql": view_sql(dataset, query),
        "catalog": "awsdatacatalog",
        "schema": "${DatabaseName}",
        "columns": [{"name": c.name, "type": c.type} for c in dataset.columns],
    }
    columns = ({"Name": c.name, "Type": hive_type(c.type), "Comment": c.description} for c in dataset.columns)
    return RESOURCE.format(
        logical_id="".join(word.capitalize() for word in dataset.view.split("_")),
        view=dataset.view,
        title=flow(dataset.title),
        definition=json.dumps(definition, ensure_ascii=False),
        columns="\n".join(f"            - {flow(column)}" for column in columns),
    )
