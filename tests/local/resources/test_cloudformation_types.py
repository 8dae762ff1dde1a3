"""Resource types: what a template says is what the service tells afterwards."""

import io
import json
import zipfile

import pytest
from botocore.exceptions import ClientError
from pyiceberg.catalog.glue import GlueCatalog
from pyiceberg.types import TimestamptzType

ACCOUNT = "123456789012"
LAMBDA = {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}
TRUST = {"Version": "2012-10-17", "Statement": [LAMBDA]}
ROLE = {"Type": "AWS::IAM::Role", "Properties": {"AssumeRolePolicyDocument": TRUST}}


def of(kind, **properties):
    return {"Type": f"AWS::{kind}", "Properties": properties}


def arn(name):
    return {"Fn::GetAtt": [name, "Arn"]}


def test_a_key_has_policy_rotation_and_alias(front, outputs):
    statement = {
        "Effect": "Allow",
        "Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:root"},
        "Action": "kms:*",
        "Resource": "*",
    }
    key = of("KMS::Key", EnableKeyRotation=True, KeyPolicy={"Version": "2012-10-17", "Statement": [statement]})
    alias = of("KMS::Alias", AliasName="alias/t", TargetKeyId={"Ref": "K"})
    told = outputs("kms", {"K": key, "A": alias}, {"Id": {"Ref": "K"}, "Arn": arn("K")})
    kms = front.client("kms")
    assert kms.get_key_rotation_status(KeyId=told["Id"])["KeyRotationEnabled"]
    policy = json.loads(kms.get_key_policy(KeyId=told["Id"], PolicyName="default")["Policy"])
    assert policy["Statement"][0]["Principal"] == statement["Principal"]
    assert kms.describe_key(KeyId="alias/t")["KeyMetadata"]["Arn"] == told["Arn"]


BUCKET = {
    "BucketName": "all-settings",
    "BucketEncryption": {
        "ServerSideEncryptionConfiguration": [
            {
                "BucketKeyEnabled": True,
                "ServerSideEncryptionByDefault": {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": "k"},
            }
        ]
    },
    "VersioningConfiguration": {"Status": "Enabled"},
    "PublicAccessBlockConfiguration": {"BlockPublicAcls": True, "BlockPublicPolicy": "true"},
    "OwnershipControls": {"Rules": [{"ObjectOwnership": "BucketOwnerEnforced"}]},
    "NotificationConfiguration": {"EventBridgeConfiguration": {"EventBridgeEnabled": True}},
    "LifecycleConfiguration": {
        "Rules": [
            {
                "Id": "expire",
                "Status": "Enabled",
                "ExpirationInDays": "90",
                "Transitions": [{"StorageClass": "STANDARD_IA", "TransitionInDays": 30}],
                "NoncurrentVersionExpiration": {"NoncurrentDays": 7},
                "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": 2},
            }
        ]
    },
}


def test_a_bucket_has_every_setting_and_loses_those_that_go(front, deploy, outputs):
    told = outputs("bucket", {"B": of("S3::Bucket", **BUCKET)}, {"Name": {"Ref": "B"}, "Arn": arn("B")})
    assert told == {"Name": "all-settings", "Arn": "arn:aws:s3:::all-settings"}
    s3, bucket = front.client("s3"), {"Bucket": "all-settings"}
    rule = s3.get_bucket_encryption(**bucket)["ServerSideEncryptionConfiguration"]["Rules"][0]
    assert rule["BucketKeyEnabled"] is True
    (rule,) = s3.get_bucket_lifecycle_configuration(**bucket)["Rules"]
    assert (rule["Expiration"]["Days"], rule["Transitions"][0]["Days"]) == (90, 30)
    assert rule["NoncurrentVersionExpiration"] == {"NoncurrentDays": 7}
    assert rule["AbortIncompleteMultipartUpload"] == {"DaysAfterInitiation": 2}
    assert s3.get_public_access_block(**bucket)["PublicAccessBlockConfiguration"]["BlockPublicPolicy"] is True
    assert s3.get_bucket_ownership_controls(**bucket)["OwnershipControls"] == BUCKET["OwnershipControls"]
    changed = {name: value for name, value in BUCKET.items() if name not in ("LifecycleConfiguration",)}
    deploy("bucket", {"B": of("S3::Bucket", **changed)}, change=True)
    with pytest.raises(s3.exceptions.ClientError, match="NoSuchLifecycleConfiguration"):
        s3.get_bucket_lifecycle_configuration(**bucket)
    assert s3.get_bucket_versioning(**bucket)["Status"] == "Enabled"


def test_a_bucket_notification_that_is_not_eventbridge_is_refused(deploy):
    queue = {"QueueConfigurations": [{"Event": "s3:ObjectCreated:*", "Queue": "arn:aws:sqs:eu-west-1:1:q"}]}
    _, reasons = deploy("notify", {"B": of("S3::Bucket", BucketName="notify", NotificationConfiguration=queue)})
    assert "['QueueConfigurations'] not supported: use EventBridge" in reasons


def test_streams_have_capacity_retention_and_encryption(front, deploy, outputs):
    encryption = {"EncryptionType": "KMS", "KeyId": "alias/aws/kinesis"}
    demand = of("Kinesis::Stream", Name="demand", StreamModeDetails={"StreamMode": "ON_DEMAND"})
    shards = of("Kinesis::Stream", Name="shards", ShardCount=2, RetentionPeriodHours=48, StreamEncryption=encryption)
    told = outputs("streams", {"D": demand, "S": shards}, {"Arn": arn("S")})
    assert told["Arn"] == f"arn:aws:kinesis:eu-west-1:{ACCOUNT}:stream/shards"
    kinesis = front.client("kinesis")
    summary = kinesis.describe_stream_summary(StreamName="demand")["StreamDescriptionSummary"]
    assert summary["StreamModeDetails"]["StreamMode"] == "ON_DEMAND"
    shards["Properties"]["RetentionPeriodHours"] = 24
    deploy("streams", {"D": demand, "S": shards}, change=True)
    summary = kinesis.describe_stream_summary(StreamName="shards")["StreamDescriptionSummary"]
    assert (summary["OpenShardCount"], summary["RetentionPeriodHours"]) == (2, 24)
    assert summary["EncryptionType"] == "KMS"


def test_a_queue_has_its_attributes_policy_and_dead_letters(front, deploy, outputs):
    redrive = {"deadLetterTargetArn": arn("D"), "maxReceiveCount": "5"}
    policy = {
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Principal": "*", "Action": "sqs:SendMessage"}],
    }
    resources = {
        "D": of("SQS::Queue", QueueName="letters"),
        "Q": of("SQS::Queue", QueueName="work", VisibilityTimeout="30", RedrivePolicy=redrive),
        "P": of("SQS::QueuePolicy", Queues=[{"Ref": "Q"}], PolicyDocument=policy),
    }
    told = outputs("queues", resources, {"Url": {"Ref": "Q"}, "Name": {"Fn::GetAtt": ["Q", "QueueName"]}})
    resources["Q"]["Properties"]["VisibilityTimeout"] = 60
    stack, reasons = deploy("queues", resources, change=True)
    assert stack["StackStatus"] == "UPDATE_COMPLETE", reasons
    sqs = front.client("sqs")
    found = sqs.get_queue_attributes(QueueUrl=told["Url"], AttributeNames=["All"])["Attributes"]
    assert (told["Name"], found["VisibilityTimeout"]) == ("work", "60")
    assert json.loads(found["RedrivePolicy"])["maxReceiveCount"] == 5
    assert json.loads(found["Policy"])["Statement"][0]["Action"] == "sqs:SendMessage"


def test_a_role_is_updated_in_place(front, deploy):
    def role(action):
        document = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": action, "Resource": "*"}]}
        policies = [{"PolicyName": action.split(":")[0], "PolicyDocument": document}]
        return of("IAM::Role", RoleName="changing", AssumeRolePolicyDocument=TRUST, Policies=policies)

    deploy("role", {"R": role("s3:GetObject")})
    stack, reasons = deploy("role", {"R": role("sqs:SendMessage")}, change=True)
    assert stack["StackStatus"] == "UPDATE_COMPLETE", reasons
    assert front.client("iam").list_role_policies(RoleName="changing")["PolicyNames"] == ["sqs"]


IMAGE = f"{ACCOUNT}.dkr.ecr.eu-west-1.amazonaws.com/tributary/lambdas"


def function(tag="1", **rest):
    return of(
        "Lambda::Function",
        FunctionName="fn",
        PackageType="Image",
        Code={"ImageUri": f"{IMAGE}:{tag}"},
        ImageConfig={"Command": ["lambdas.commit.app.handler"]},
        Role=arn("R"),
        Timeout="120",
        MemorySize="512",
        Environment={"Variables": {"STAGE": "local"}},
        LoggingConfig={"LogGroup": "/own/fn"},
        TracingConfig={"Mode": "Active"},
        **rest,
    )


def test_an_image_function_is_updated_in_place(front, deploy, outputs):
    resources = {"R": ROLE, "F": function(ReservedConcurrentExecutions=2)}
    told = outputs("function", resources, {"Arn": arn("F"), "Name": {"Ref": "F"}})
    assert told == {"Arn": f"arn:aws:lambda:eu-west-1:{ACCOUNT}:function:fn", "Name": "fn"}
    client = front.client("lambda")
    assert client.get_function_concurrency(FunctionName="fn")["ReservedConcurrentExecutions"] == 2
    changed = function("2")
    changed["Properties"]["Environment"]["Variables"] = {"STAGE": "dev"}
    stack, reasons = deploy("function", {"R": ROLE, "F": changed}, change=True)
    assert stack["StackStatus"] == "UPDATE_COMPLETE", reasons
    found = client.get_function(FunctionName="fn")
    assert found["Code"]["ImageUri"] == f"{IMAGE}:2"
    assert found["Configuration"]["Environment"]["Variables"] == {"STAGE": "dev"}
    assert found["Configuration"]["LoggingConfig"]["LogGroup"] == "/own/fn"
    assert "ReservedConcurrentExecutions" not in client.get_function_concurrency(FunctionName="fn")


MAPPING = {
    "StartingPosition": "TRIM_HORIZON",
    "BatchSize": 500,
    "MaximumBatchingWindowInSeconds": 1,
    "ParallelizationFactor": 2,
    "BisectBatchOnFunctionError": True,
    "FunctionResponseTypes": ["ReportBatchItemFailures"],
    "MaximumRetryAttempts": 2,
    "MaximumRecordAgeInSeconds": 3600,
    "DestinationConfig": {"OnFailure": {"Destination": "arn:aws:s3:::error"}},
}


def test_an_event_source_mapping_keeps_all_settings(front, deploy, outputs):
    mapping = of(
        "Lambda::EventSourceMapping",
        EventSourceArn=arn("S"),
        FunctionName="mapped",
        **{name: str(value) if isinstance(value, int) else value for name, value in MAPPING.items()},
    )
    mapped = {**function(), "Properties": {**function()["Properties"], "FunctionName": "mapped"}}
    mapping["DependsOn"] = "F"
    resources = {"R": ROLE, "F": mapped, "S": of("Kinesis::Stream", Name="mapped", ShardCount=1), "M": mapping}
    told = outputs("mapping", resources, {"Id": {"Ref": "M"}})
    client = front.client("lambda")
    found = client.get_event_source_mapping(UUID=told["Id"])
    assert {name: found[name] for name in MAPPING} == MAPPING
    mapping["Properties"]["MaximumRetryAttempts"] = 5
    stack, reasons = deploy("mapping", resources, change=True)
    assert stack["StackStatus"] == "UPDATE_COMPLETE", reasons
    (found,) = client.list_event_source_mappings(FunctionName="mapped")["EventSourceMappings"]
    assert (found["UUID"], found["MaximumRetryAttempts"]) == (told["Id"], 5)


def test_rules_pipes_and_schedules_keep_all_parameters(front, deploy):
    machine = f"arn:aws:states:eu-west-1:{ACCOUNT}:stateMachine:m"
    transformer = {"InputPathsMap": {"k": "$.detail.object.key"}, "InputTemplate": '{"key": <k>}'}
    target = {"Id": "q", "Arn": arn("Q"), "InputTransformer": transformer, "DeadLetterConfig": {"Arn": arn("Q")}}
    queue_parameters = {"BatchSize": "500", "MaximumBatchingWindowInSeconds": 2}
    resources = {
        "R": ROLE,
        "Q": of("SQS::Queue", QueueName="events"),
        "E": of("Events::Rule", Name="rule", EventPattern={"source": ["aws.s3"]}, Targets=[target]),
        "P": of(
            "Pipes::Pipe",
            Name="pipe",
            RoleArn=arn("R"),
            Source=arn("Q"),
            Target=machine,
            SourceParameters={"SqsQueueParameters": queue_parameters},
            TargetParameters={
                "StepFunctionStateMachineParameters": {"InvocationType": "FIRE_AND_FORGET"},
                "InputTemplate": '{"key": <$.body.detail.object.key>}',
            },
        ),
        "S": of(
            "Scheduler::Schedule",
            Name="schedule",
            ScheduleExpression="rate(1 minute)",
            FlexibleTimeWindow={"Mode": "OFF"},
            Target={"Arn": machine, "RoleArn": arn("R"), "Input": "{}", "RetryPolicy": {"MaximumRetryAttempts": 0}},
        ),
    }
    stack, reasons = deploy("moving", resources)
    assert stack["StackStatus"] == "CREATE_COMPLETE", reasons
    (found,) = front.client("events").list_targets_by_rule(Rule="rule")["Targets"]
    assert found["InputTransformer"] == transformer
    resources["P"]["Properties"]["SourceParameters"]["SqsQueueParameters"]["BatchSize"] = 100
    resources["S"]["Properties"]["ScheduleExpression"] = "rate(2 minutes)"
    resources["E"]["Properties"]["Targets"] = [{"Id": "other", "Arn": arn("Q")}]
    stack, reasons = deploy("moving", resources, change=True)
    assert stack["StackStatus"] == "UPDATE_COMPLETE", reasons
    pipe = front.client("pipes").describe_pipe(Name="pipe")
    assert pipe["SourceParameters"]["SqsQueueParameters"] == {"BatchSize": 100, "MaximumBatchingWindowInSeconds": 2}
    assert pipe["TargetParameters"]["InputTemplate"] == '{"key": <$.body.detail.object.key>}'
    assert front.client("scheduler").get_schedule(Name="schedule")["ScheduleExpression"] == "rate(2 minutes)"
    assert [one["Id"] for one in front.client("events").list_targets_by_rule(Rule="rule")["Targets"]] == ["other"]


def test_a_state_machine_from_s3_has_its_substitutions_and_executes(front, deploy, outputs, eventually):
    s3, machines = front.client("s3"), front.client("stepfunctions")
    s3.create_bucket(Bucket="definitions", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    state = {"Type": "Pass", "Output": {"got": "${Word}"}, "End": True}
    definition = {"QueryLanguage": "JSONata", "StartAt": "A", "States": {"A": state}}
    s3.put_object(Bucket="definitions", Key="m.json", Body=json.dumps(definition))
    machine = of(
        "StepFunctions::StateMachine",
        StateMachineName="substituted",
        RoleArn=arn("R"),
        DefinitionS3Location={"Bucket": "definitions", "Key": "m.json"},
        DefinitionSubstitutions={"Word": "one"},
        LoggingConfiguration={"Level": "ERROR", "IncludeExecutionData": False},
        TracingConfiguration={"Enabled": True},
    )
    machine_arn = outputs("machine", {"R": ROLE, "M": machine}, {"Arn": {"Ref": "M"}})["Arn"]
    machine["Properties"]["DefinitionSubstitutions"] = {"Word": "two"}
    stack, reasons = deploy("machine", {"R": ROLE, "M": machine}, change=True)
    assert stack["StackStatus"] == "UPDATE_COMPLETE", reasons
    execution = machines.start_execution(stateMachineArn=machine_arn, input="{}")["executionArn"]
    ended = eventually(lambda: machines.describe_execution(executionArn=execution).get("output"))
    assert json.loads(ended) == {"got": "two"}


SCHEMA = {
    "Type": "struct",
    "SchemaId": 0,
    "Fields": [
        {"Id": 11, "Name": "event_id", "Type": "string", "Required": True},
        {"Id": 12, "Name": "event_time", "Type": "timestamptz", "Required": True, "Doc": "UTC"},
    ],
}


def test_an_iceberg_table_has_the_ids_that_the_template_gives(front, deploy):
    iceberg = {
        "Location": "s3://warehouse/events",
        "Schema": SCHEMA,
        "PartitionSpec": {
            "SpecId": 0,
            "Fields": [{"SourceId": 12, "FieldId": 1000, "Name": "day", "Transform": "day"}],
        },
        "WriteOrder": {
            "OrderId": 1,
            "Fields": [{"SourceId": 12, "Transform": "identity", "Direction": "asc", "NullOrder": "nulls-last"}],
        },
        "Properties": {"write.parquet.compression-codec": "zstd"},
    }
    table_format = {"IcebergInput": {"MetadataOperation": "CREATE", "Version": "2", "IcebergTableInput": iceberg}}
    resources = {
        "B": of("S3::Bucket", BucketName="warehouse"),
        "D": of("Glue::Database", CatalogId=ACCOUNT, DatabaseInput={"Name": "lake"}),
        "T": of(
            "Glue::Table",
            CatalogId=ACCOUNT,
            DatabaseName={"Ref": "D"},
            Name="events",
            OpenTableFormatInput=table_format,
        ),
    }
    resources["T"]["DependsOn"] = "B"
    stack, reasons = deploy("iceberg", resources)
    assert stack["StackStatus"] == "CREATE_COMPLETE", reasons
    found = front.client("glue").get_table(DatabaseName="lake", Name="events")["Table"]
    assert found["Parameters"]["table_type"] == "ICEBERG"
    assert found["Parameters"]["metadata_location"].startswith("s3://warehouse/events/metadata/00000-")
    table = catalog(front).load_table("lake.events")
    assert [(one.field_id, one.name, one.required) for one in table.schema().fields] == [
        (11, "event_id", True),
        (12, "event_time", True),
    ]
    assert table.schema().find_field("event_time").field_type == TimestamptzType()
    assert str(table.spec().fields[0]) == "1000: day: day(12)"
    assert table.sort_order().order_id == 1
    assert table.properties["write.parquet.compression-codec"] == "zstd"
    with table.update_schema() as change:
        change.add_column("more", TimestamptzType())
    assert catalog(front).load_table("lake.events").schema().find_field("more").field_id == 13


def catalog(front):
    places = {"glue.endpoint": front.url, "s3.endpoint": front.url}
    access = {"client.region": "eu-west-1", "client.access-key-id": "a", "client.secret-access-key": "b"}
    return GlueCatalog("lake", **places, **access)


def test_a_table_of_files_is_updated_in_place(front, deploy):
    columns = {"StorageDescriptor": {"Location": "s3://b/l/", "Columns": [{"Name": "a", "Type": "string"}]}}
    database = of("Glue::Database", CatalogId=ACCOUNT, DatabaseInput={"Name": "files"})

    def table(**parameters):
        given = {"Name": "batches", "TableType": "EXTERNAL_TABLE", "Parameters": parameters, **columns}
        return of("Glue::Table", CatalogId=ACCOUNT, DatabaseName={"Ref": "D"}, TableInput=given)

    deploy("files", {"D": database, "T": table(a="1")})
    stack, reasons = deploy("files", {"D": database, "T": table(a="2")}, change=True)
    assert stack["StackStatus"] == "UPDATE_COMPLETE", reasons
    assert front.client("glue").get_table(DatabaseName="files", Name="batches")["Table"]["Parameters"] == {"a": "2"}


def test_a_glue_job_is_updated_in_place(front, deploy):
    def job(workers):
        command = {"Name": "glueetl", "PythonVersion": "3", "ScriptLocation": "s3://b/job.py"}
        settings = {
            "GlueVersion": "5.1",
            "WorkerType": "G.1X",
            "NumberOfWorkers": workers,
            "JobRunQueuingEnabled": True,
        }
        return of("Glue::Job", Name="transform", Role="r", Command=command, **settings)

    deploy("job", {"J": job("2")})
    stack, reasons = deploy("job", {"J": job("4")}, change=True)
    assert stack["StackStatus"] == "UPDATE_COMPLETE", reasons
    assert front.client("glue").get_job(JobName="transform")["Job"]["NumberOfWorkers"] == 4


def test_a_task_definition_gets_a_new_revision(front, deploy, outputs):
    def task(tag):
        container = {"Name": "enrichment", "Image": f"i:{tag}", "Essential": True, "StopTimeout": 120}
        settings = {"RequiresCompatibilities": ["FARGATE"], "NetworkMode": "awsvpc", "Cpu": "256", "Memory": "512"}
        definition = of("ECS::TaskDefinition", Family="enrichment", ContainerDefinitions=[container], **settings)
        cluster = of("ECS::Cluster", ClusterName="enrichment", CapacityProviders=["FARGATE", "FARGATE_SPOT"])
        parameter = of("SSM::Parameter", Type="String", Name="/task", Value={"Ref": "T"})
        return {"T": definition, "C": cluster, "P": parameter}

    assert outputs("task", task("1"), {"Arn": {"Ref": "T"}})["Arn"].endswith("task-definition/enrichment:1")
    stack, reasons = deploy("task", task("2"), change=True)
    assert stack["StackStatus"] == "UPDATE_COMPLETE", reasons
    assert front.client("ssm").get_parameter(Name="/task")["Parameter"]["Value"].endswith("enrichment:2")


def test_a_secret_can_be_generated(front, outputs):
    generator = {"SecretStringTemplate": '{"user": "etl"}', "GenerateStringKey": "password", "PasswordLength": 20}
    told = outputs("secret", {"S": of("SecretsManager::Secret", GenerateSecretString=generator)}, {"Arn": {"Ref": "S"}})
    value = json.loads(front.client("secretsmanager").get_secret_value(SecretId=told["Arn"])["SecretString"])
    assert (value["user"], len(value["password"])) == ("etl", 20)


def test_alarms_dashboards_filters_and_log_groups_are_kept(front, deploy):
    transformation = {"MetricName": "Errors", "MetricNamespace": "T", "MetricValue": "1", "DefaultValue": 0}
    settings = {
        "Statistic": "Sum",
        "Period": "60",
        "EvaluationPeriods": 1,
        "Threshold": 0,
        "ComparisonOperator": "GreaterThanThreshold",
        "TreatMissingData": "notBreaching",
    }
    resources = {
        "G": of(
            "Logs::LogGroup", LogGroupName="/g", RetentionInDays="30", KmsKeyId=f"arn:aws:kms:eu-west-1:{ACCOUNT}:key/k"
        ),
        "F": of(
            "Logs::MetricFilter",
            FilterName="f",
            LogGroupName={"Ref": "G"},
            FilterPattern="ERROR",
            MetricTransformations=[transformation],
        ),
        "A": of("CloudWatch::Alarm", AlarmName="a", Namespace="AWS/States", MetricName="ExecutionsFailed", **settings),
        "C": of("CloudWatch::CompositeAlarm", AlarmName="c", AlarmRule="ALARM(a)"),
        "D": of("CloudWatch::Dashboard", DashboardName="d", DashboardBody='{"widgets": []}'),
    }
    stack, reasons = deploy("watching", resources)
    assert stack["StackStatus"] == "CREATE_COMPLETE", reasons
    (group,) = front.client("logs").describe_log_groups(logGroupNamePrefix="/g")["logGroups"]
    assert (group["retentionInDays"], group["kmsKeyId"][-5:]) == (30, "key/k")
    resources["A"]["Properties"]["Threshold"] = "5"
    deploy("watching", resources, change=True)
    (alarm,) = front.client("cloudwatch").describe_alarms(AlarmNames=["a"])["MetricAlarms"]
    assert (alarm["Threshold"], alarm["TreatMissingData"]) == (5.0, "notBreaching")


def test_a_security_group_has_only_the_rules_that_are_given(front, outputs):
    egress = {"IpProtocol": "tcp", "FromPort": 443, "ToPort": "443", "CidrIp": "0.0.0.0/0", "Description": "HTTPS"}
    resources = {
        "V": of("EC2::VPC", CidrBlock="10.0.0.0/24", EnableDnsHostnames=True, Tags=[{"Key": "Name", "Value": "v"}]),
        "N": of("EC2::Subnet", VpcId={"Ref": "V"}, CidrBlock="10.0.0.0/25", MapPublicIpOnLaunch="true"),
        "G": of("EC2::SecurityGroup", GroupDescription="d", VpcId={"Ref": "V"}, SecurityGroupEgress=[egress]),
    }
    told = outputs("network", resources, {"G": {"Fn::GetAtt": ["G", "GroupId"]}, "V": {"Ref": "V"}})
    ec2 = front.client("ec2")
    (group,) = ec2.describe_security_groups(GroupIds=[told["G"]])["SecurityGroups"]
    assert [one["FromPort"] for one in group["IpPermissionsEgress"]] == [443]
    assert ec2.describe_vpc_attribute(VpcId=told["V"], Attribute="enableDnsHostnames")["EnableDnsHostnames"]["Value"]


def test_quicksight_and_athena_resources_are_made(front, deploy):
    configuration = {"EnforceWorkGroupConfiguration": "true", "BytesScannedCutoffPerQuery": "10000000"}
    resources = {
        "W": of("Athena::WorkGroup", Name="w", WorkGroupConfiguration=configuration),
        "N": of("Athena::NamedQuery", Name="n", Database="d", QueryString="select 1", WorkGroup={"Ref": "W"}),
        "Q": of(
            "QuickSight::DataSource",
            AwsAccountId=ACCOUNT,
            DataSourceId="athena",
            Name="athena",
            Type="ATHENA",
            DataSourceParameters={"AthenaParameters": {"WorkGroup": "w"}},
        ),
    }
    stack, reasons = deploy("analytics", resources)
    assert stack["StackStatus"] == "CREATE_COMPLETE", reasons
    resources["N"]["Properties"]["QueryString"] = "select 2"
    stack, reasons = deploy("analytics", resources, change=True)
    assert stack["StackStatus"] == "UPDATE_COMPLETE", reasons
    found = front.client("athena").get_work_group(WorkGroup="w")["WorkGroup"]["Configuration"]
    assert found["EnforceWorkGroupConfiguration"] is True


def data_set(window):
    source = f"arn:aws:quicksight:eu-west-1:{ACCOUNT}:datasource/sales"
    columns = [{"Name": "day", "Type": "DATETIME"}]
    table = {"DataSourceArn": source, "Schema": "d", "Name": "v", "InputColumns": columns}
    refresh = {"DataSetRefreshProperties": {"RefreshConfiguration": {"IncrementalRefresh": {"LookbackWindow": window}}}}
    return of(
        "QuickSight::DataSet",
        AwsAccountId=ACCOUNT,
        DataSetId="days",
        Name="days",
        ImportMode="SPICE",
        IngestionWaitPolicy={"WaitForSpiceIngestion": False},
        PhysicalTableMap={"v": {"RelationalTable": table}},
        **(refresh if window else {}),
    )


def test_a_dataset_is_kept_with_its_refresh_and_needs_its_source(front, deploy):
    window = {"ColumnName": "day", "Size": 7, "SizeUnit": "DAY"}
    stack, reasons = deploy("no-source", {"D": data_set(window)})
    assert (stack["StackStatus"], "there is no arn:aws:quicksight" in reasons) == ("ROLLBACK_COMPLETE", True)
    source = of("QuickSight::DataSource", AwsAccountId=ACCOUNT, DataSourceId="sales", Name="sales", Type="ATHENA")
    deploy("source", {"S": source})
    frequency = {"Interval": "DAILY", "TimeZone": "UTC", "TimeOfTheDay": "05:30"}
    schedule = {"ScheduleId": "daily", "RefreshType": "INCREMENTAL_REFRESH", "ScheduleFrequency": frequency}
    daily = of("QuickSight::RefreshSchedule", AwsAccountId=ACCOUNT, DataSetId="days", Schedule=schedule)
    resources = {"D": data_set(window), "R": daily | {"DependsOn": "D"}}
    stack, reasons = deploy("days", resources)
    assert stack["StackStatus"] == "CREATE_COMPLETE", reasons
    client, key = front.client("quicksight"), {"AwsAccountId": ACCOUNT, "DataSetId": "days"}
    (told,) = client.list_refresh_schedules(**key)["RefreshSchedules"]
    assert told["ScheduleFrequency"] == {"Interval": "DAILY", "Timezone": "UTC", "TimeOfTheDay": "05:30"}
    kept = client.describe_data_set_refresh_properties(**key)["DataSetRefreshProperties"]["RefreshConfiguration"]
    assert kept["IncrementalRefresh"]["LookbackWindow"] == window
    frequency["TimeOfTheDay"], resources["D"] = "06:30", data_set(None)
    stack, reasons = deploy("days", resources, change=True)
    assert stack["StackStatus"] == "UPDATE_COMPLETE", reasons
    assert client.describe_refresh_schedule(**key, ScheduleId="daily")["RefreshSchedule"]["ScheduleFrequency"][
        "TimeOfTheDay"
    ] == ("06:30")
    with pytest.raises(ClientError, match="has no refresh properties"):
        client.describe_data_set_refresh_properties(**key)


def test_an_unknown_member_and_a_wrong_word_of_a_dashboard_are_refused(deploy):
    sheet = {"SheetId": "s", "ContentType": "MOVING"}
    definition = {"DataSetIdentifierDeclarations": [], "Sheets": [sheet]}
    dashboard = of("QuickSight::Dashboard", AwsAccountId=ACCOUNT, DashboardId="d", Name="d", Definition=definition)
    _, reasons = deploy("wrong-word", {"D": dashboard})
    assert "Definition.Sheets[0].ContentType must be one of ['INTERACTIVE', 'PAGINATED'], not 'MOVING'" in reasons
    sheet["ContentType"], sheet["Visuales"] = "INTERACTIVE", []
    _, reasons = deploy("wrong-member", {"D": dashboard})
    assert "property Definition.Sheets[0].Visuales is not supported" in reasons


def test_zipped_functions_work_too(front, deploy):
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as zipped:
        zipped.writestr("app.py", "def handler(event, context): return event")
    s3 = front.client("s3")
    s3.create_bucket(Bucket="code", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    s3.put_object(Bucket="code", Key="fn.zip", Body=archive.getvalue())
    code = {"S3Bucket": "code", "S3Key": "fn.zip"}
    zipped = of("Lambda::Function", Runtime="python3.13", Handler="app.handler", Role=arn("R"), Code=code)
    stack, reasons = deploy("zipped", {"R": ROLE, "F": zipped})
    assert stack["StackStatus"] == "CREATE_COMPLETE", reasons
