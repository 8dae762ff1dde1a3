"""Athena in DuckDB: Iceberg and JSON tables, views, results, errors, awswrangler."""

import datetime as dt
from decimal import Decimal

import pyarrow as pa
import pytest
import sqlglot

from local import athena
from local.athena.catalog import Catalog
from local.athena.errors import InvalidRequest, ScanLimitExceeded
from local.athena.hive_types import duckdb_type, json_structure
from local.athena.partitions import PartitionKey, is_projected, location_pattern
from local.athena.pruning import table_uses
from local.athena.results import Column, column_texts, csv_rows, csv_text, double_text, result_page
from local.athena.session import Session
from local.athena.statements import read_statement
from local.athena.storage import Storage
from local.athena.translate import result_names, to_duckdb
from tests.local.lake import Lake, create_lake, create_table

UTC = dt.UTC


def athena_tree(sql):
    return sqlglot.parse_one(sql, read="athena")


class TestStatements:
    @pytest.mark.parametrize(
        ("sql", "kind", "names"),
        [
            ("SELECT 1", "query", (None, None)),
            ("-- why\nWITH a AS (SELECT 1 x) SELECT * FROM a;", "query", (None, None)),
            ("show tables in Lake", "show_tables", ("lake", None)),
            ("SHOW TABLES", "show_tables", (None, None)),
            ("SHOW COLUMNS FROM lake.Events", "show_columns", ("lake", "events")),
            ("DESCRIBE events", "describe", (None, "events")),
            ("EXPLAIN SELECT 1", "explain", (None, None)),
            ("SHOW DATABASES", "show_databases", (None, None)),
        ],
    )
    def test_kinds(self, sql, kind, names):
        statement = read_statement(sql)
        assert (statement.kind, (statement.database, statement.name)) == (kind, names)

    @pytest.mark.parametrize(
        ("sql", "named"),
        [
            ("CREATE TABLE x AS SELECT 1", "CREATE TABLE"),
            ("INSERT INTO x VALUES (1)", "INSERT INTO"),
            ("drop table x", "DROP TABLE"),
            ("UNLOAD (SELECT 1) TO 's3://x'", "UNLOAD"),
            ("MSCK REPAIR TABLE x", "MSCK REPAIR"),
        ],
    )
    def test_what_is_not_supported_is_named(self, sql, named):
        with pytest.raises(InvalidRequest, match=f"{named} is not supported by the local Athena"):
            read_statement(sql)

    @pytest.mark.parametrize("sql", ["SELECT a, FROM t", "SELECT a FROM", "SELEC 1", "SELECT f(a,) FROM t"])
    def test_wrong_syntax_is_refused_with_its_place(self, sql):
        with pytest.raises(InvalidRequest, match=r"line 1:\d+: mismatched input"):
            read_statement(sql)

    def test_parameters_are_filled_in(self):
        tree = read_statement("SELECT * FROM t WHERE a = ? AND b = ?", ["'x'", "2"]).tree
        assert tree.sql() == "SELECT * FROM t WHERE a = 'x' AND b = 2"
        with pytest.raises(InvalidRequest, match="expected 1 but found 0"):
            read_statement("SELECT ?")


class TestTranslation:
    def test_unnamed_columns_are_named_by_position(self):
        sql = to_duckdb(athena_tree("SELECT a, count(*), max(b) AS c FROM t GROUP BY a"))
        assert sql == 'SELECT a, COUNT(*) AS "_col?1", MAX(b) AS c FROM t GROUP BY a'
        assert result_names(["a", "_col?1", "c"]) == ["a", "_col1", "c"]

    def test_times_without_zone_are_utc_before_they_are_moved(self):
        sql = to_duckdb(athena_tree("SELECT hour(a AT TIME ZONE 'Europe/Dublin') x FROM t"))
        assert sql == "SELECT HOUR(CAST(a AS TIMESTAMPTZ) AT TIME ZONE 'Europe/Dublin') AS x FROM t"

    def test_rows_of_an_array_are_spread_into_columns(self):
        sql = to_duckdb(athena_tree("SELECT i.sku FROM t CROSS JOIN UNNEST(t.items) AS i (sku, quantity)"))
        assert "(SELECT UNNEST(t.items, max_depth := 2)) AS i(sku, quantity)" in sql


class TestPruning:
    def predicates(self, sql):
        tree = athena_tree(sql)
        nodes = [node for node in tree.find_all(sqlglot.exp.Table) if node.name == "events"]
        return [
            sorted((p.column, p.operator, *[v.sql() for v in p.values]) for p in use)
            for use in table_uses(tree).of(nodes)
        ]

    def test_comparisons_of_bare_and_owned_columns(self):
        sql = "SELECT * FROM lake.events e WHERE e.a = 'x' AND 3 < b AND c IN (1, 2) AND d BETWEEN 1 AND 2"
        assert self.predicates(sql) == [
            [("a", "=", "'x'"), ("b", ">", "3"), ("c", "in", "1", "2"), ("d", "between", "1", "2")]
        ]

    def test_through_subqueries_and_common_table_expressions(self):
        sql = """WITH recent AS (SELECT a AS kind, b FROM lake.events WHERE b > 1)
                 SELECT * FROM (SELECT * FROM recent) r WHERE r.kind = 'x'"""
        assert self.predicates(sql) == [[("a", "=", "'x'"), ("b", ">", "1")]]

    def test_each_use_counts(self):
        sql = "SELECT 1 FROM lake.events WHERE a = 1 UNION ALL SELECT 1 FROM lake.events WHERE a = 2"
        assert self.predicates(sql) == [[("a", "=", "1")], [("a", "=", "2")]]

    def test_beside_an_unnested_array(self):
        sql = "SELECT 1 FROM lake.events CROSS JOIN UNNEST(items) AS t (sku, n) WHERE a = 1 AND sku = 'x'"
        assert self.predicates(sql) == [[("a", "=", "1")]]

    @pytest.mark.parametrize(
        "sql",
        [
            "SELECT * FROM lake.events WHERE a = 1 OR b = 2",
            "SELECT * FROM lake.events WHERE a = b",
            "SELECT * FROM lake.events WHERE p.a = 1",
            "SELECT * FROM (SELECT a FROM lake.events LIMIT 3) t WHERE t.a = 1",
            "SELECT * FROM (SELECT a, count(*) OVER () n FROM lake.events) t WHERE t.a = 1",
            "SELECT * FROM (SELECT max(a) a FROM lake.events) t WHERE t.a = 1",
            "SELECT * FROM lake.events WHERE a IN (SELECT b FROM lake.other WHERE a = 1)",
            "SELECT * FROM lake.events, lake.other WHERE a = 1",
            "SELECT * FROM lake.events x WHERE a = 1 UNION ALL SELECT * FROM lake.events",
        ],
    )
    def test_when_in_doubt_all_is_read(self, sql):
        assert self.predicates(sql) == []


class TestTypesAndValues:
    def test_glue_types(self):
        hive = "struct<id:string,items:array<struct<sku:string,price:decimal(18,2)>>,m:map<string,int>>"
        assert duckdb_type(hive) == (
            'STRUCT("id" VARCHAR, "items" STRUCT("sku" VARCHAR, "price" DECIMAL(18,2))[], "m" MAP(VARCHAR, INTEGER))'
        )
        assert json_structure("array<struct<sku:string>>") == [{"sku": "VARCHAR"}]

    @pytest.mark.parametrize(
        ("value", "text"),
        [(1.0, "1.0"), (0.1, "0.1"), (1e7, "1.0E7"), (12345678.9, "1.23456789E7"), (1e-4, "1.0E-4"),
         (1.5e300, "1.5E300"), (float("nan"), "NaN"), (float("-inf"), "-Infinity"), (0.0, "0.0")],
    )  # fmt: skip
    def test_doubles_as_java_writes_them(self, value, text):
        assert double_text(value) == text

    @pytest.mark.parametrize(
        ("array", "text"),
        [
            (pa.array([True]), "true"),
            (pa.array([dt.date(2026, 11, 22)]), "2026-11-22"),
            (pa.array([dt.datetime(2026, 11, 22, 1, 2, 3)]), "2026-11-22 01:02:03.000"),
            (pa.array([dt.datetime(2026, 11, 22, tzinfo=UTC)], pa.timestamp("us", "UTC")),
             "2026-11-22 00:00:00.000000 UTC"),
            (pa.array([Decimal("1.10")]), "1.10"),
            (pa.array([b"\x00\xff"]), "00 ff"),
            (pa.array([[1, None]]), "[1, null]"),
            (pa.array([{"a": "x", "b": [1.5]}]), "{a=x, b=[1.5]}"),
            (pa.array([[("k", 1)]], pa.map_(pa.string(), pa.int32())), "{k=1}"),
        ],
    )  # fmt: skip
    def test_values_as_athena_writes_them(self, array, text):
        assert column_texts(array) == [text]

    def test_csv_tells_null_from_empty(self):
        columns, rows = [Column("a", "varchar"), Column("b", "varchar")], [('x"y', None), ("", "1,\n2")]
        text = "".join(csv_text(columns, iter(rows)))
        assert text == '"a","b"\n"x""y",\n"","1,\n2"\n'
        assert csv_rows(text) == [["a", "b"], ['x"y', None], ["", "1,\n2"]]

    def test_pages(self):
        rows = [["a"], ["1"], [None]]
        first = result_page([Column("a", "integer", 10)], rows, 0, 2)
        assert first["NextToken"] == "2"
        last = result_page([Column("a", "integer", 10)], rows, 2, 2)
        assert last["ResultSet"]["Rows"] == [{"Data": [{}]}] and "NextToken" not in last


class TestPartitions:
    now = dt.datetime(2026, 11, 22, 12)
    parameters = {
        "projection.reason.type": "enum", "projection.reason.values": "a,b",
        "projection.day.type": "date", "projection.day.range": "2026-01-01,NOW",
        "projection.n.type": "integer", "projection.n.range": "1,10",
    }  # fmt: skip

    @pytest.mark.parametrize(
        ("name", "text", "expected"),
        [("reason", "a", True), ("reason", "c", False), ("day", "2026-11-22", True),
         ("day", "2026-11-23", False), ("day", "x", False), ("n", "10", True), ("n", "11", False)],
    )  # fmt: skip
    def test_only_what_the_projection_covers_is_read(self, name, text, expected):
        assert is_projected(name, text, self.parameters, self.now) is expected

    def test_values_are_read_from_the_path(self):
        keys = [PartitionKey("stage", "string"), PartitionKey("day", "date")]
        match = location_pattern("s3://b/rejects/", None, keys).fullmatch("s3://b/rejects/stage=x/day=2026-11-22/f.gz")
        assert match.groupdict() == {"stage": "x", "day": "2026-11-22"}
        template = "s3://b/rejects/${day}/${stage}"
        assert location_pattern("", template, keys).fullmatch("s3://b/rejects/2026-11-22/x/f")["stage"] == "x"


@pytest.fixture(scope="module")
def lake(module_front):
    athena.install(module_front)
    create_lake(module_front)
    return Lake(module_front)


def test_an_iceberg_table_whose_schema_grew(lake):
    sql = """SELECT event_id, event_date, event_time, purchase.total, purchase.channel, late_ms
             FROM events WHERE event_type = 'purchase' ORDER BY event_id"""
    assert lake.rows(sql) == [
        ["event_id", "event_date", "event_time", "total", "channel", "late_ms"],
        ["1", "2026-11-21", "2026-11-21 10:00:00.000000 UTC", "1.10", None, None],
        ["3", "2026-11-22", "2026-11-22 10:00:00.000000 UTC", "2.20", None, "7"],
    ]


def test_only_files_of_wanted_partitions_are_read(lake):
    def scanned(where):
        return lake.execution(f"SELECT count(*) FROM events {where}")["Statistics"]["DataScannedInBytes"]

    everything = scanned("")
    assert 0 < scanned("WHERE event_type = 'page_view'") < everything
    assert 0 < scanned("WHERE event_date >= DATE '2026-11-22'") < everything
    assert scanned("WHERE event_time > TIMESTAMP '2026-11-23 00:00:00'") == 0
    assert lake.rows("SELECT count(*) FROM events WHERE event_date = DATE '2026-11-21'") == [["_col0"], ["2"]]


def test_a_view_over_the_table(lake):
    sql = "SELECT event_date, sum(total) AS revenue, count(*) FROM purchases GROUP BY 1 ORDER BY 1"
    assert lake.rows(sql) == [
        ["event_date", "revenue", "_col2"], ["2026-11-21", "1.10", "1"], ["2026-11-22", "2.20", "1"],
    ]  # fmt: skip
    one = lake.execution("SELECT * FROM purchases WHERE event_date = DATE '2026-11-22'")
    everything = lake.execution("SELECT * FROM purchases")
    assert one["Statistics"]["DataScannedInBytes"] < everything["Statistics"]["DataScannedInBytes"]


def test_arrays_are_unnested_into_columns(lake):
    sql = """SELECT i.sku, sum(i.quantity) AS quantity
             FROM lake.events CROSS JOIN UNNEST(purchase.items) AS i (sku, quantity)
             GROUP BY i.sku ORDER BY i.sku"""
    assert lake.rows(sql) == [["sku", "quantity"], ["a", "7"], ["b", "1"]]


def test_maps_are_unnested_into_keys_and_values(lake):
    sql = """SELECT name, sum(n) AS n FROM rejected_events CROSS JOIN UNNEST(counts) AS t (name, n)
             GROUP BY name ORDER BY name"""
    assert lake.rows(sql) == [["name", "n"], ["a", "2"], ["b", "4"]]


def test_a_query_over_the_work_group_s_limit_reads_nothing(lake, module_front):
    session = Session(Catalog(module_front.client("glue")), Storage(module_front), most_bytes=10)
    with pytest.raises(ScanLimitExceeded, match="Bytes scanned limit was exceeded"):
        session.run(read_statement("SELECT * FROM events"), "lake")


def test_json_tables_with_projected_partitions(lake):
    sql = """SELECT stage, reject_date, reason_found, position.sequence, cardinality(tags)
             FROM "awsdatacatalog"."lake"."rejected_events"
             WHERE reject_date = DATE '2026-11-22' ORDER BY reason_found DESC"""
    assert lake.rows(sql) == [
        ["stage", "reject_date", "reason_found", "sequence", "_col4"],
        ["ingestion", "2026-11-22", "x", "1", "1"],
        ["ingestion", "2026-11-22", "5", None, None],
    ]
    assert lake.rows("SELECT count(*) AS n FROM rejected_events") == [["n"], ["4"]]


def test_metadata_tables_of_iceberg(lake):
    assert lake.rows('SELECT count(*) AS n FROM "events$snapshots"') == [["n"], ["2"]]


def test_a_table_as_of_a_snapshot_and_as_of_a_time(lake):
    _, first, second = lake.rows('SELECT snapshot_id, committed_at FROM "events$snapshots" ORDER BY committed_at')
    before = lake.rows(f"SELECT events.event_id FROM events FOR VERSION AS OF {first[0]} ORDER BY 1")
    assert before == [["event_id"], ["1"], ["2"]]
    time = first[1].split(" UTC")[0]
    sql = f"""SELECT count(*) AS n, count(old.event_id) AS known FROM events
              LEFT JOIN events FOR TIMESTAMP AS OF TIMESTAMP '{time} UTC' AS old ON events.event_id = old.event_id"""
    assert lake.rows(sql) == [["n", "known"], ["3", "2"]]
    later = "FOR TIMESTAMP AS OF (current_timestamp + interval '1' day)"
    assert lake.rows(f"SELECT count(*) AS n FROM events {later}") == [["n"], ["3"]]
    assert second[0] != first[0]


def test_a_table_of_the_past_has_the_columns_of_its_day(lake):
    _, first, _ = lake.rows('SELECT snapshot_id FROM "events$snapshots" ORDER BY committed_at')
    reason = lake.failure(f"SELECT late_ms FROM events FOR VERSION AS OF {first[0]}")
    assert "COLUMN_NOT_FOUND" in reason


@pytest.mark.parametrize(
    ("table", "reason"),
    [
        ("events FOR VERSION AS OF 42", "INVALID_ARGUMENTS: line 1:1: Iceberg snapshot ID does not exists: 42"),
        ("events FOR TIMESTAMP AS OF TIMESTAMP '2001-01-01 00:00:00 UTC'", "INVALID_ARGUMENTS: line 1:1: No version h"),
        ("events FOR TIMESTAMP AS OF 'yesterday'", "TYPE_MISMATCH: line 1:1: Type is invalid"),
        ("rejected_events FOR VERSION AS OF 42", "NOT_SUPPORTED: line 1:1: This connector does not support versioned"),
    ],
)
def test_a_past_that_is_not_there_is_refused(lake, table, reason):
    assert lake.failure(f"SELECT * FROM {table}").startswith(reason)


def test_types_in_the_metadata(lake):
    id = lake.execution("SELECT event_id, event_date, event_time, purchase, count(*) OVER () FROM events")[
        "QueryExecutionId"
    ]
    answer = lake.client.get_query_results(QueryExecutionId=id)
    info = answer["ResultSet"]["ResultSetMetadata"]["ColumnInfo"]
    assert [column["Type"] for column in info] == ["varchar", "date", "timestamp with time zone", "row", "bigint"]


def test_parameters_of_an_execution(lake):
    sql = "SELECT event_id FROM events WHERE event_type = ? AND event_date = ?"
    assert lake.rows(sql, ExecutionParameters=["'purchase'", "DATE '2026-11-22'"]) == [["event_id"], ["3"]]


@pytest.mark.parametrize(
    ("sql", "rows"),
    [
        ("SHOW TABLES", [["events"], ["purchases"], ["rejected_events"]]),
        ("SHOW TABLES '*events'", [["events"], ["rejected_events"]]),
        ("SHOW COLUMNS IN rejected_events",
         [["reason_found"], ["position"], ["tags"], ["counts"], ["stage"], ["reject_date"]]),
        ("SHOW DATABASES", [["lake"]]),
    ],
)  # fmt: skip
def test_questions_to_the_catalog(lake, sql, rows):
    assert lake.rows(sql) == rows


def test_describe_and_explain(lake):
    assert [row[0].split("\t")[0].strip() for row in lake.rows("DESCRIBE events")][:2] == ["event_id", "event_type"]
    assert lake.rows("EXPLAIN SELECT 1")


@pytest.mark.parametrize(
    ("sql", "reason"),
    [
        ("SELECT * FROM nothing", "TABLE_NOT_FOUND: line 1:15: Table 'awsdatacatalog.lake.nothing' does not exist"),
        ("SELECT * FROM no.events", "SCHEMA_NOT_FOUND: line 1:18: Schema 'no' does not exist"),
        ("SELECT nothing FROM events", "COLUMN_NOT_FOUND: line 1:8: Column 'nothing' cannot be resolved"),
        ("SELECT nothing(1)", "FUNCTION_NOT_FOUND: line 1:8: Function 'nothing' not registered"),
        ("SELECT event_id, count(*) FROM events", "EXPRESSION_NOT_AGGREGATE: line 1:8"),
    ],
)  # fmt: skip
def test_failures_say_why(lake, sql, reason):
    assert lake.failure(sql).startswith(reason)


def test_files_of_the_machine_cannot_be_read(lake):
    assert lake.failure("SELECT * FROM read_csv('/etc/passwd')").startswith("FUNCTION_NOT_FOUND")
    assert lake.failure('SELECT * FROM "/etc/passwd"').startswith("TABLE_NOT_FOUND")


def test_metadata_tables_of_a_table_without_a_snapshot_are_empty(lake, module_front):
    create_table(module_front, "unborn")
    for part in ("snapshots", "history", "files", "partitions"):
        assert len(lake.rows(f'SELECT * FROM "unborn${part}"')) == 1
    sql = 'SELECT partition.event_type, partition.event_date, sum(total_size) FROM "unborn$partitions" GROUP BY 1, 2'
    assert lake.rows(sql) == [["event_type", "event_date", "_col2"]]
    assert lake.rows("SELECT event_id FROM unborn") == [["event_id"]]
    module_front.client("glue").delete_table(DatabaseName="lake", Name="unborn")
