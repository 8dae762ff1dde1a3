"""Glue: table versions, job definitions, table optimizers."""

import inspect
from concurrent.futures import ThreadPoolExecutor

import pytest
from botocore.exceptions import ClientError
from moto.glue.models import FakeTable, GlueBackend
from moto.glue.responses import GlueResponse


@pytest.fixture(scope="module")
def glue(front):
    client = front.client("glue")
    client.create_database(DatabaseInput={"Name": "lake"})
    return client


def version(glue, name):
    return glue.get_table(DatabaseName="lake", Name=name)["Table"]["VersionId"]


def test_an_update_of_the_version_read_makes_the_next_version(glue):
    glue.create_table(DatabaseName="lake", TableInput={"Name": "t1"})
    before = version(glue, "t1")
    change = {"Name": "t1", "Parameters": {"metadata_location": "s3://b/1"}}
    glue.update_table(DatabaseName="lake", TableInput=change, VersionId=before, SkipArchive=True)
    assert int(version(glue, "t1")) == int(before) + 1


def test_an_update_of_a_stale_version_is_refused_and_changes_nothing(glue):
    glue.create_table(DatabaseName="lake", TableInput={"Name": "t2", "Description": "first"})
    stale = version(glue, "t2")
    glue.update_table(DatabaseName="lake", TableInput={"Name": "t2", "Description": "second"}, VersionId=stale)
    with pytest.raises(glue.exceptions.ConcurrentModificationException, match="version 2, not 1"):
        glue.update_table(DatabaseName="lake", TableInput={"Name": "t2", "Description": "third"}, VersionId=stale)
    assert glue.get_table(DatabaseName="lake", Name="t2")["Table"]["Description"] == "second"


def test_of_many_writers_of_one_version_one_wins(glue):
    glue.create_table(DatabaseName="lake", TableInput={"Name": "t3"})
    read = version(glue, "t3")

    def write(number):
        try:
            glue.update_table(DatabaseName="lake", TableInput={"Name": "t3", "Owner": str(number)}, VersionId=read)
        except glue.exceptions.ConcurrentModificationException:
            return 0
        return 1

    with ThreadPoolExecutor(8) as writers:
        assert sum(writers.map(write, range(8))) == 1


def test_a_job_keeps_every_property_and_can_be_updated(glue):
    command = {"Name": "glueetl", "ScriptLocation": "s3://b/job.py", "PythonVersion": "3"}
    glue.create_job(Name="j", Role="r", Command=command, JobRunQueuingEnabled=True, GlueVersion="5.1")
    glue.update_job(JobName="j", JobUpdate={"Role": "r2", "Command": command, "JobRunQueuingEnabled": True})
    job = glue.get_job(JobName="j")["Job"]
    assert (job["Role"], job["JobRunQueuingEnabled"], job["MaxRetries"]) == ("r2", True, 0)
    assert "GlueVersion" not in job
    assert [one["Name"] for one in glue.get_jobs()["Jobs"]] == ["j"]


def test_an_unknown_job_is_told_as_such(glue):
    with pytest.raises(glue.exceptions.EntityNotFoundException, match="Job nobody not found"):
        glue.get_job(JobName="nobody")


def test_an_optimizer_can_be_read_changed_and_removed(glue):
    key = {"CatalogId": "123456789012", "DatabaseName": "lake", "TableName": "t1", "Type": "compaction"}
    glue.create_table_optimizer(**key, TableOptimizerConfiguration={"roleArn": "r" * 20, "enabled": True})
    glue.update_table_optimizer(**key, TableOptimizerConfiguration={"roleArn": "r" * 20, "enabled": False})
    optimizer = glue.get_table_optimizer(**key)["TableOptimizer"]
    assert (optimizer["type"], optimizer["configuration"]["enabled"]) == ("compaction", False)
    assert glue.list_table_optimizer_runs(**key)["TableOptimizerRuns"] == []
    glue.delete_table_optimizer(**key)
    with pytest.raises(ClientError, match="no compaction optimizer"):
        glue.get_table_optimizer(**key)


class TestMotoItself:
    """Each of these fails when moto no longer needs the mend."""

    def test_takes_no_version_in_update_table(self):
        assert "version_id" not in inspect.signature(GlueBackend.update_table).parameters
        assert "VersionId" not in inspect.getsource(GlueResponse.update_table)
        assert "version" not in inspect.signature(FakeTable.update).parameters

    def test_loses_job_run_queuing_and_has_no_update_job(self):
        assert not hasattr(GlueResponse, "update_job")
        assert "queuing" not in inspect.getsource(GlueResponse.create_job).lower()

    def test_has_no_table_optimizers(self):
        assert not hasattr(GlueResponse, "create_table_optimizer")
