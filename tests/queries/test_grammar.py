"""Every shipped statement is accepted by the grammar of the engine that Athena runs."""

from pathlib import Path

import pytest
import yaml

from cli.quicksight.datasets import QUERIED
from cli.quicksight.query_views import view_sql as query_view_sql
from contracts.contract import load_contracts
from lake.views import view_sql
from local.trino.grammar import trino_grammar

ROOT = Path(__file__).parents[2]
TEMPLATES = ROOT / "infra/cloudformation"


class _TemplateLoader(yaml.SafeLoader):
    """YAML with CloudFormation's tags taken as their plain value."""


_TemplateLoader.add_multi_constructor("!", lambda loader, suffix, node: node.value)


def named_queries():
    resources = yaml.load((TEMPLATES / "queries.yaml").read_text(), _TemplateLoader)["Resources"].values()
    named = [r["Properties"] for r in resources if r["Type"] == "AWS::Athena::NamedQuery"]
    return {query["Name"]: query["QueryString"] for query in named}


@pytest.fixture(scope="module")
def refusal():
    with trino_grammar() as grammar:
        yield grammar


@pytest.mark.parametrize("query", [file.stem for file in sorted((ROOT / "athena_queries").glob("*.sql"))])
def test_a_query_is_sql_of_trino(refusal, query):
    assert refusal((ROOT / f"athena_queries/{query}.sql").read_text()) is None


@pytest.mark.parametrize("name", named_queries())
def test_a_named_query_is_sql_of_trino_as_the_template_has_it(refusal, name):
    assert refusal(named_queries()[name]) is None


@pytest.mark.parametrize("contract", load_contracts().values(), ids=lambda contract: contract.event_type)
def test_the_view_of_an_event_type_is_sql_of_trino(refusal, contract):
    assert refusal(f"CREATE VIEW shown AS {view_sql(contract, 'lake')}") is None


@pytest.mark.parametrize("dataset", QUERIED, ids=lambda dataset: dataset.view)
def test_the_view_of_a_query_is_sql_of_trino(refusal, dataset):
    query = (ROOT / f"athena_queries/{dataset.view}.sql").read_text()
    assert refusal(f"CREATE VIEW shown AS {query_view_sql(dataset, query)}") is None


@pytest.mark.parametrize(
    ("statement", "reason"),
    [
        # sqlglot takes the first two.
        ("SELECT a, FROM t", "line 1:11: mismatched input 'FROM'. Expecting: '*', <expression>"),
        ("SELECT a FROM t GROUP BY a,", "line 1:28: mismatched input '<EOF>'"),
        ("SELECT rows FROM t WHERE", "line 1:25: mismatched input '<EOF>'. Expecting: <expression>"),
    ],
)
def test_what_trino_refuses_is_refused_with_the_place(refusal, statement, reason):
    assert refusal(statement).startswith(reason)
