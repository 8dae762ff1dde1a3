"""A Java 17 is found where there is one, and its absence is one clear sentence."""

from pathlib import Path

import pytest

from local import java, spark_jars, spark_setup


@pytest.fixture
def find(monkeypatch):
    """`java_home` without its memory, in a world with the given Javas only."""

    def find(**versions: str) -> Path:
        for place in ("environment", "path", "package"):
            home = Path(f"/{place}") if place in versions else None
            monkeypatch.setattr(java, f"_from_{place}", lambda home=home: home)
        monkeypatch.setattr(java, "_version", lambda home: versions[home.name])
        return java.java_home.__wrapped__()

    return find


def test_an_installed_java_17_comes_first(find):
    assert find(environment="17", path="17", package="17") == Path("/environment")
    assert find(environment="21", path="17", package="17") == Path("/path")


def test_another_version_is_passed_over_for_the_packages_java(find):
    assert find(path="21", package="17") == Path("/package")


def test_no_java_17_is_one_sentence(find):
    with pytest.raises(java.JavaMissing, match="needs Java 17, found Java 21 in /path: install a Java 17"):
        find(path="21")


def test_the_version_is_what_java_tells():
    assert java._version(java.java_home()) == "17"


def test_jars_that_are_there_start_no_process(tmp_path, monkeypatch):
    monkeypatch.setenv("TRIBUTARY_CACHE", str(tmp_path))
    (tmp_path / "ivy/jars").mkdir(parents=True)
    for name in spark_jars.NEEDED:
        (tmp_path / "ivy/jars" / name).touch()
    monkeypatch.setattr(spark_jars, "_fetch", lambda cache: pytest.fail("a process was started"))
    assert [jar.name for jar in spark_jars.s3a_jars()] == list(spark_jars.NEEDED)


def test_jars_that_cannot_be_fetched_are_one_sentence(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("TRIBUTARY_CACHE", str(tmp_path))

    def fail(cache: Path) -> None:
        raise spark_jars.JarsMissing(cache, "unresolved dependency")

    monkeypatch.setattr(spark_jars, "_fetch", fail)
    assert spark_setup.main() == 1
    told = capsys.readouterr().err
    assert "could not be fetched from Maven Central: unresolved dependency; connect to the network" in told
