"""QuickSight's assets are kept as they were given; moto's own answers show what the mend is for."""

import boto3
import pytest
from botocore.exceptions import ClientError
from moto import mock_aws

ACCOUNT = "123456789012"
FOLDER = {"AwsAccountId": ACCOUNT, "FolderId": "shop"}


def test_moto_itself_has_no_folders_and_cannot_tell_a_dataset():
    with mock_aws():
        client = boto3.client("quicksight", "eu-west-1", aws_access_key_id="t", aws_secret_access_key="t")
        table = {"RelationalTable": {"DataSourceArn": "a", "Name": "v", "InputColumns": []}}
        key = {"AwsAccountId": ACCOUNT, "DataSetId": "days"}
        client.create_data_set(**key, Name="days", ImportMode="SPICE", PhysicalTableMap={"v": table})
        for call in (lambda: client.describe_data_set(**key), lambda: client.create_folder(**FOLDER)):
            with pytest.raises(ClientError) as raised:
                call()
            assert raised.value.response["ResponseMetadata"]["HTTPStatusCode"] == 404


def test_an_asset_is_told_listed_changed_and_forgotten(front):
    client = front.client("quicksight")
    arn = client.create_folder(**FOLDER, Name="Shop", FolderType="SHARED")["Arn"]
    assert arn == f"arn:aws:quicksight:eu-west-1:{ACCOUNT}:folder/shop"
    with pytest.raises(client.exceptions.ResourceExistsException, match="Folder shop already exists"):
        client.create_folder(**FOLDER)
    client.update_folder(**FOLDER, Name="Store")
    assert client.describe_folder(**FOLDER)["Folder"]["Name"] == "Store"
    (listed,) = client.list_folders(AwsAccountId=ACCOUNT)["FolderSummaryList"]
    assert (listed["Arn"], listed["Name"]) == (arn, "Store")
    client.delete_folder(**FOLDER)
    with pytest.raises(client.exceptions.ResourceNotFoundException, match="Folder shop is not found"):
        client.describe_folder(**FOLDER)


def test_what_an_asset_names_must_be_there(front):
    declared = [{"Identifier": "d", "DataSetArn": f"arn:aws:quicksight:eu-west-1:{ACCOUNT}:dataset/gone"}]
    definition = {"DataSetIdentifierDeclarations": declared}
    client = front.client("quicksight")
    with pytest.raises(client.exceptions.InvalidParameterValueException, match=r"there is no arn.*dataset/gone"):
        client.create_analysis(AwsAccountId=ACCOUNT, AnalysisId="a", Name="a", Definition=definition)
