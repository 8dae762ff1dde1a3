"""The table `dq_results`, and what the gate may do to it."""

from lake.quality_results import PREFIX, QualityResult, results_key

KINDS = {
    "data_date": "date",
    "validated_at": "timestamp",
    "success": "boolean",
    **dict.fromkeys(("evaluated", "unexpected", "row_count"), "bigint"),
}


def test_the_table_has_the_columns_that_results_have(templates):
    table = templates["catalog"]["Resources"]["QualityResultsTable"]["Properties"]["TableInput"]
    columns = [(column["Name"], column["Type"]) for column in table["StorageDescriptor"]["Columns"]]
    assert columns == [(name, KINDS.get(name, "string")) for name in QualityResult.__dataclass_fields__]
    assert table["PartitionKeys"] == [{"Name": "run_date", "Type": "date"}]
    location = table["Parameters"]["storage.location.template"]["Fn::Sub"].replace("${!run_date}", "2026-11-22")
    assert results_key("2026-11-22", "b1") == location.removeprefix("s3://${ProcessedBucketName}/") + "/b1.ndjson.gz"


def test_the_gate_writes_reports_documents_results_and_what_is_kept_back_and_nothing_else(templates):
    role = templates["steps"]["Resources"]["ValidationRole"]["Properties"]
    statements = role["Policies"][0]["PolicyDocument"]["Statement"]
    written = [
        resource["Fn::Sub"].rpartition(":::")[2]
        for statement in statements
        if "s3:PutObject" in statement["Action"]
        for resource in (statement["Resource"] if isinstance(statement["Resource"], list) else [statement["Resource"]])
    ]
    assert written == [
        "${StagingBucketName}/batches/*",
        "${ReportsBucketName}/data-quality/*",
        f"${{ProcessedBucketName}}/{PREFIX}*",
        "${ErrorBucketName}/quarantine/*",
    ]
    assert all("s3:DeleteObject" not in statement["Action"] for statement in statements)
