"""The house rules of the templates, executable."""

import json
import re
import shutil
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

from cli.deployment.deploy import STACKS, parameter_name
from lake.columns import COMMON
from lake.fates import RejectFate
from lake.ledger import BatchRecord, IngestionReceipt
from lake.positions import Position
from lake.rejects import Reason, Reject, Stage

TEMPLATES = Path(__file__).parents[2] / "infra/cloudformation"
LIMIT_BYTES = 51_200  # of a template body: https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cloudformation-limits.html
NOT_STACKS_OF_A_STAGE = {"registry"}

# Actions that know no resources, by the service authorization reference; everything else names ARNs.
WITHOUT_RESOURCE = {
    "xray:PutTraceSegments",
    "xray:PutTelemetryRecords",
    "xray:GetSamplingRules",
    "xray:GetSamplingTargets",
    "ecr:GetAuthorizationToken",
    "logs:CreateLogDelivery",
    "logs:GetLogDelivery",
    "logs:UpdateLogDelivery",
    "logs:DeleteLogDelivery",
    "logs:ListLogDeliveries",
    "logs:PutResourcePolicy",
    "logs:DescribeResourcePolicies",
    "logs:DescribeLogGroups",
    "cloudwatch:PutMetricData",  # bound to a namespace by a condition instead
}


def of_type(resources, kind):
    return [(name, properties) for name, found, properties in resources if found == kind]


def as_list(value):
    return value if isinstance(value, list) else [value]


def identity_statements(resources):
    for name, role in of_type(resources, "AWS::IAM::Role"):
        for policy in role.get("Policies", []):
            for statement in policy["PolicyDocument"]["Statement"]:
                yield name, statement


def test_cfn_lint_has_nothing_to_say():
    lint = shutil.which("cfn-lint", path=Path(sys.executable).parent) or "cfn-lint"
    run = subprocess.run([lint, *sorted(TEMPLATES.glob("*.yaml"))], capture_output=True, text=True)
    assert run.returncode == 0, run.stdout + run.stderr


def test_every_template_is_a_stack_that_is_deployed(templates):
    assert set(templates) - NOT_STACKS_OF_A_STAGE == set(STACKS)


def test_templates_are_short_enough_to_read_and_to_send():
    for path in TEMPLATES.glob("*.yaml"):
        assert len(path.read_text().splitlines()) <= 300, path.name
        assert path.stat().st_size <= LIMIT_BYTES, path.name


def test_every_parameter_says_what_it_is_for(templates):
    for name, template in templates.items():
        for parameter, declaration in template["Parameters"].items():
            assert declaration.get("Description"), f"{name}.{parameter}"


def test_a_parameter_means_the_same_in_every_template(templates):
    meanings = {}
    for name, template in templates.items():
        for parameter, declaration in template["Parameters"].items():
            known, where = meanings.setdefault(parameter, ((declaration["Type"], declaration.get("Default")), name))
            assert known == (declaration["Type"], declaration.get("Default")), (parameter, where, name)


def test_every_name_that_a_stack_needs_was_handed_over_by_an_earlier_one(templates):
    known = set()
    for stack in STACKS:
        template = templates[stack]
        for parameter, declaration in template["Parameters"].items():
            if declaration["Type"].startswith("AWS::SSM::"):
                assert parameter_name("p", "s", parameter) in known, f"{stack}.{parameter} is handed over by nobody"
        for resource in template["Resources"].values():
            if resource["Type"] == "AWS::SSM::Parameter":
                text = resource["Properties"]["Name"]["Fn::Sub"]
                known.add(text.replace("${Project}", "p").replace("${Stage}", "s"))


def test_stages_set_only_what_a_template_declares(templates, root):
    declared = {parameter for template in templates.values() for parameter in template["Parameters"]}
    for path in root.glob("infra/stages/*.json"):
        settings = json.loads(path.read_text())
        assert set(settings) <= declared | {"ImageTag"}, path.name
        assert all(isinstance(value, str) for value in settings.values()), path.name


def test_every_function_has_its_log_group(templates):
    for name, template in templates.items():
        groups = {
            resource["Properties"]["LogGroupName"]["Fn::Sub"]
            for resource in template["Resources"].values()
            if resource["Type"] == "AWS::Logs::LogGroup"
        }
        for logical, resource in template["Resources"].items():
            if resource["Type"] == "AWS::Lambda::Function":
                group = "/aws/lambda/" + resource["Properties"]["FunctionName"]["Fn::Sub"]
                assert group in groups, f"{name}.{logical}"


def test_everything_that_holds_data_is_encrypted_with_the_key(resources):
    key_ref, key_arn = {"Ref": "KeyArn"}, {"Fn::GetAtt": ["Key", "Arn"]}
    members = {
        "AWS::Logs::LogGroup": lambda p: p["KmsKeyId"],
        "AWS::SecretsManager::Secret": lambda p: p["KmsKeyId"],
        "AWS::SQS::Queue": lambda p: p["KmsMasterKeyId"],
        "AWS::SNS::Topic": lambda p: p["KmsMasterKeyId"],
        "AWS::Kinesis::Stream": lambda p: p["StreamEncryption"]["KeyId"],
        "AWS::S3::Bucket": lambda p: p["BucketEncryption"]["ServerSideEncryptionConfiguration"][0][
            "ServerSideEncryptionByDefault"
        ]["KMSMasterKeyID"],
        "AWS::Athena::WorkGroup": lambda p: p["WorkGroupConfiguration"]["ResultConfiguration"][
            "EncryptionConfiguration"
        ]["KmsKey"],
    }
    found = [(name, members[kind](properties)) for name, kind, properties in resources if kind in members]
    assert len(found) > 20
    assert [(name, key) for name, key in found if key not in (key_ref, key_arn)] == []


def test_every_bucket_is_private_keyed_by_bucket_and_refuses_plain_http(resources):
    policies = {
        policy["Bucket"]["Ref"]: policy["PolicyDocument"]["Statement"][0]
        for _, policy in of_type(resources, "AWS::S3::BucketPolicy")
    }
    buckets = of_type(resources, "AWS::S3::Bucket")
    assert len(buckets) == 7
    for name, bucket in buckets:
        assert set(bucket["PublicAccessBlockConfiguration"].values()) == {True}, name
        assert bucket["BucketEncryption"]["ServerSideEncryptionConfiguration"][0]["BucketKeyEnabled"], name
        assert bucket["OwnershipControls"] == {"Rules": [{"ObjectOwnership": "BucketOwnerEnforced"}]}, name
        statement = policies[name.split(".")[1]]
        assert (statement["Effect"], statement["Condition"]) == (
            "Deny",
            {"Bool": {"aws:SecureTransport": "false"}},
        )


def test_data_outlives_its_stack(templates):
    kept = {
        "AWS::S3::Bucket",
        "AWS::KMS::Key",
        "AWS::SecretsManager::Secret",
        "AWS::Glue::Database",
        "AWS::Glue::Table",
        "AWS::ECR::Repository",
    }
    for name, template in templates.items():
        for logical, resource in template["Resources"].items():
            is_view = resource["Properties"].get("TableInput", {}).get("TableType") == "VIRTUAL_VIEW"
            if resource["Type"] in kept and not is_view:
                policies = (resource.get("DeletionPolicy"), resource.get("UpdateReplacePolicy"))
                assert policies == ("Retain", "Retain"), f"{name}.{logical}"


def test_every_role_is_assumed_by_one_service(resources):
    for name, role in of_type(resources, "AWS::IAM::Role"):
        (statement,) = role["AssumeRolePolicyDocument"]["Statement"]
        assert list(statement["Principal"]) == ["Service"], name
        assert isinstance(statement["Principal"]["Service"], str), name


def test_no_two_units_share_a_role(resources):
    users = [
        properties[member]["Fn::GetAtt"][0]
        for _, kind, properties in resources
        for member in ("Role", "RoleArn", "TaskRoleArn", "ExecutionRoleArn")
        if kind != "AWS::Glue::TableOptimizer" and "Fn::GetAtt" in as_dict(properties.get(member))
    ]
    assert len(users) == len(set(users)) and len(users) >= 10


def as_dict(value):
    return value if isinstance(value, dict) else {}


def test_statements_name_resources_wherever_the_service_knows_any(resources):
    wild = {
        (name, action)
        for name, statement in identity_statements(resources)
        if statement["Resource"] == "*"
        for action in as_list(statement["Action"])
        if action not in WITHOUT_RESOURCE
    }
    assert wild == set()


def test_the_allow_list_of_wildcards_has_no_entry_too_many(resources):
    used = {
        action
        for _, statement in identity_statements(resources)
        if statement["Resource"] == "*"
        for action in as_list(statement["Action"])
    }
    assert used == WITHOUT_RESOURCE


def test_no_statement_allows_by_a_wildcard_action(resources):
    wild = [
        (name, action)
        for name, statement in identity_statements(resources)
        for action in as_list(statement["Action"])
        if "*" in action
    ]
    assert wild == []


def test_jobs_scale_measure_log_and_use_spare_capacity_only_where_nobody_waits(resources):
    jobs = dict(of_type(resources, "AWS::Glue::Job"))
    classes = {name.split(".")[0]: job["ExecutionClass"] for name, job in jobs.items()}
    assert classes == {"compute": "STANDARD", "evaluation": "STANDARD", "catch-up": "FLEX"}
    for name, job in jobs.items():
        arguments = job["DefaultArguments"]
        for setting in ("--enable-auto-scaling", "--enable-metrics", "--enable-observability-metrics"):
            assert arguments[setting] == "true", (name, setting)
        assert arguments["--custom-logGroup-prefix"]["Fn::Sub"].startswith("/aws-glue/jobs/"), name
        assert job["GlueVersion"] == "5.1" and "Timeout" in job and "SecurityConfiguration" in job, name


def test_one_role_alone_may_read_the_pepper(resources):
    readers = [
        (name, statement["Action"], statement["Resource"])
        for name, statement in identity_statements(resources)
        if any("secretsmanager" in action for action in as_list(statement["Action"]))
    ]
    assert readers == [("compute.TransformRole", "secretsmanager:GetSecretValue", {"Ref": "PepperSecretArn"})]


def test_the_event_source_gives_up_to_a_bucket_and_reports_single_failures(resources):
    ((_, mapping),) = of_type(resources, "AWS::Lambda::EventSourceMapping")
    assert ":s3:::" in mapping["DestinationConfig"]["OnFailure"]["Destination"]["Fn::Sub"]
    assert mapping["BisectBatchOnFunctionError"] is True
    assert mapping["FunctionResponseTypes"] == ["ReportBatchItemFailures"]


def test_the_events_table_starts_with_the_common_columns(templates):
    table = templates["catalog"]["Resources"]["EventsTable"]["Properties"]
    iceberg = table["OpenTableFormatInput"]["IcebergInput"]["IcebergTableInput"]
    declared = [(f["Id"], f["Name"], f["Type"], f["Required"]) for f in iceberg["Schema"]["Fields"]]
    expected = [(number, field.name, iceberg_name(field), not field.nullable) for number, field in enumerate(COMMON, 1)]
    assert declared == expected


def iceberg_name(field):
    names = {"string": "string", "timestamp[us, tz=UTC]": "timestamptz", "date32[day]": "date"}
    return names.get(str(field.type)) or {"bool": "boolean", "int64": "long"}[str(field.type)]


def json_columns(templates, logical):
    table = templates["catalog"]["Resources"][logical]["Properties"]["TableInput"]
    columns = [column["Name"] for column in table["StorageDescriptor"]["Columns"]]
    return columns, [key["Name"] for key in table["PartitionKeys"]], table["Parameters"]


def test_the_table_of_rejects_has_the_columns_that_rejects_have(templates):
    columns, keys, projection = json_columns(templates, "RejectedEventsTable")
    position = Position("s", "shardId-0", "1", 0, datetime(2026, 11, 22, tzinfo=UTC))
    reject = Reject(Stage.INGESTION, Reason.INVALID_JSON, position, b"{", "found", "expected", "next")
    assert columns == list(json.loads(reject.as_line()))
    assert keys == ["stage", "reason", "reject_date"]
    assert projection["projection.stage.values"] == ",".join(Stage)
    assert projection["projection.reason.values"] == ",".join(Reason)


def test_the_ledger_tables_have_the_columns_that_its_records_have(templates):
    kinds = {"BatchesTable": BatchRecord, "IngestionsTable": IngestionReceipt, "RejectFatesTable": RejectFate}
    for logical, kind in kinds.items():
        columns, keys, _ = json_columns(templates, logical)
        assert columns == [name for name in kind.__dataclass_fields__ if name not in keys], logical


def test_projected_paths_name_every_partition_key(templates):
    for resource in templates["catalog"]["Resources"].values():
        table = resource["Properties"].get("TableInput")
        if table:
            path = table["Parameters"]["storage.location.template"]["Fn::Sub"]
            assert re.findall(r"\$\{!(\w+)\}", path) == [key["Name"] for key in table["PartitionKeys"]]
