"""How long things are kept: every limit leaves those who still need a thing the time to use it."""

import json

EXECUTION_DAYS = 1  # an execution of a batch ends within hours


def rules(templates, bucket):
    properties = templates["storage"]["Resources"][bucket]["Properties"]
    return {rule["Id"]: rule for rule in properties["LifecycleConfiguration"]["Rules"]}


def default(templates, template, name):
    return templates[template]["Parameters"][name]["Default"]


def optimizers(resources):
    found = [properties for _, kind, properties in resources if kind == "AWS::Glue::TableOptimizer"]
    return {properties["Type"]: properties["TableOptimizerConfiguration"] for properties in found}


def test_every_bucket_aborts_uploads_that_were_not_completed(templates):
    buckets = [n for n, r in templates["storage"]["Resources"].items() if r["Type"] == "AWS::S3::Bucket"]
    assert len(buckets) == 7
    for bucket in buckets:
        assert rules(templates, bucket)["clean-up"]["AbortIncompleteMultipartUpload"] == {"DaysAfterInitiation": 2}


def test_raw_objects_move_to_a_cheaper_tier_and_expire(templates):
    expire = rules(templates, "RawBucket")["expire"]
    (transition,) = expire["Transitions"]
    assert transition == {"StorageClass": "STANDARD_IA", "TransitionInDays": 30}
    assert expire["ExpirationInDays"] == {"Ref": "RawRetentionDays"}
    assert templates["storage"]["Parameters"]["RawRetentionDays"]["MinValue"] > transition["TransitionInDays"]


def test_staging_and_query_results_expire_but_the_table_and_the_ledger_do_not(templates):
    assert rules(templates, "StagingBucket")["expire"]["ExpirationInDays"] > EXECUTION_DAYS
    assert rules(templates, "ReportsBucket")["expire-query-results"]["Prefix"] == "query-results/"
    expiring = [r["Prefix"] for r in rules(templates, "ProcessedBucket").values() if "ExpirationInDays" in r]
    assert expiring == ["downstream/"]


def test_the_table_has_an_optimizer_of_each_type_that_a_stage_can_switch_off(resources):
    found = optimizers(resources)
    assert sorted(found) == ["compaction", "orphan_file_deletion", "retention"]
    assert {json.dumps(one["Enabled"]) for one in found.values()} == {'{"Ref": "UpkeepEnabled"}'}
    assert {json.dumps(one["RoleArn"]) for one in found.values()} == {'{"Fn::GetAtt": ["UpkeepRole", "Arn"]}'}


def test_optimizers_leave_a_batch_the_time_to_commit_and_a_publisher_the_time_to_read(templates, resources):
    found = optimizers(resources)
    orphans = found["orphan_file_deletion"]["OrphanFileDeletionConfiguration"]["IcebergConfiguration"]
    assert orphans == {"OrphanFileRetentionPeriodInDays": {"Ref": "OrphanFileDays"}}
    assert templates["analytics"]["Parameters"]["OrphanFileDays"]["MinValue"] > EXECUTION_DAYS
    kept = found["retention"]["RetentionConfiguration"]["IcebergConfiguration"]["SnapshotRetentionPeriodInDays"]
    assert kept == {"Ref": "SnapshotRetentionDays"}
    # A publisher also needs the batch's documents: there is no use in a snapshot that outlives them, but for readers.
    staging = rules(templates, "StagingBucket")["expire"]["ExpirationInDays"]
    assert default(templates, "analytics", "SnapshotRetentionDays") >= staging


def test_the_optimizers_role_reaches_nothing_but_the_table(templates):
    role = templates["analytics"]["Resources"]["UpkeepRole"]["Properties"]
    statements = {s["Sid"]: s for s in role["Policies"][0]["PolicyDocument"]["Statement"]}
    assert json.dumps(statements["RewriteFiles"]["Resource"]).endswith('${ProcessedBucketName}/events/*"}')
    assert statements["SwapTheTablePointer"]["Action"] == ["glue:GetTable", "glue:UpdateTable"]
    assert json.dumps(statements["SwapTheTablePointer"]["Resource"]).count("table/${DatabaseName}/events") == 1
