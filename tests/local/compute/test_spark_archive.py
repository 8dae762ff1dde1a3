"""The class archive is used where there is one, and belongs to one Java and one class path."""

from pathlib import Path

import pytest

from local import spark_archive, spark_setup


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch) -> Path:
    monkeypatch.setenv("TRIBUTARY_CACHE", str(tmp_path))
    monkeypatch.setattr(spark_archive, "s3a_jars", lambda: [tmp_path / "a.jar"])
    return tmp_path


def test_without_an_archive_java_is_told_nothing():
    assert spark_archive.java_options() == ""


def test_an_archive_that_is_there_is_used_and_not_made_again(monkeypatch):
    spark_archive.configuration_folder()
    spark_archive.archive().touch()
    monkeypatch.setattr(spark_setup, "_rehearse", lambda folder: pytest.fail("Spark was started"))
    assert spark_setup.make_archive()
    assert f"-XX:SharedArchiveFile={spark_archive.archive()}" in spark_archive.java_options()


def test_another_class_path_needs_another_archive(cache, monkeypatch):
    before = spark_archive.archive()
    monkeypatch.setattr(spark_archive, "s3a_jars", lambda: [cache / "b.jar"])
    assert spark_archive.archive() != before


def test_the_folder_on_the_class_path_is_empty():
    assert list(spark_archive.configuration_folder().iterdir()) == []


def test_a_rehearsal_that_fails_is_told_and_no_obstacle(monkeypatch, capsys):
    def fail(folder):
        raise spark_setup.RehearsalFailed("no memory")

    monkeypatch.setattr(spark_setup, "s3a_jars", spark_archive.s3a_jars)
    monkeypatch.setattr(spark_setup, "_rehearse", fail)
    assert spark_setup.main() == 0
    assert "runs are slower; gathering Spark's classes failed: no memory" in capsys.readouterr().err


def test_a_java_without_an_archive_of_its_own_is_not_asked_for_one(monkeypatch, tmp_path):
    monkeypatch.setattr(spark_setup, "java_home", lambda: tmp_path)
    monkeypatch.setattr(spark_setup, "_rehearse", lambda folder: pytest.fail("Spark was started"))
    assert not spark_setup.make_archive()
