"""Trino's jars come from a repository into a cache, whole and as listed, or not at all."""

import hashlib

import pytest

from local.trino import jars as module
from local.trino.jars import TrinoMissing, jars

BYTES = b"a jar"


@pytest.fixture
def repository(tmp_path, monkeypatch):
    """A mirror that has one jar, and a list of that jar with this checksum."""
    jar = tmp_path / "mirror/org/shop/till/1.2/till-1.2.jar"
    jar.parent.mkdir(parents=True)
    jar.write_bytes(BYTES)
    monkeypatch.setenv("DEFAULT_ARTIFACT_REPOSITORY", (tmp_path / "mirror").as_uri() + "/")
    monkeypatch.setenv("TRIBUTARY_CACHE", str(tmp_path / "cache"))

    def listed(coordinates, content=BYTES):
        listing = tmp_path / "jars.txt"
        listing.write_text(f"# The grammar.\n{coordinates} {hashlib.sha256(content).hexdigest()}\n")
        monkeypatch.setattr(module, "LIST", listing)
        return tmp_path / "cache/trino"

    return listed


def test_a_jar_is_fetched_once_from_the_mirror(repository, monkeypatch):
    cache = repository("org.shop:till:1.2")
    assert [jar.read_bytes() for jar in jars("grammar")] == [BYTES]
    monkeypatch.setenv("DEFAULT_ARTIFACT_REPOSITORY", "file:///nowhere/")
    assert jars("grammar") == [cache / "org.shop-till-1.2.jar"]
    assert list(cache.iterdir()) == jars("grammar")


def test_a_jar_with_another_checksum_does_not_reach_the_cache(repository):
    cache = repository("org.shop:till:1.2", content=b"another jar")
    with pytest.raises(TrinoMissing) as error:
        jars("grammar")
    found, expected = (hashlib.sha256(content).hexdigest() for content in (BYTES, b"another jar"))
    assert f"org.shop-till-1.2.jar has SHA-256 {found}, expected {expected}" in str(error.value)
    assert list(cache.iterdir()) == []


def test_a_jar_that_cannot_be_had_is_named_with_what_to_do(repository):
    cache = repository("org.shop:till:9.9")
    with pytest.raises(TrinoMissing) as error:
        jars("grammar")
    assert str(error.value) == (
        f"Trino's jars (grammar, jars.txt) are not in {cache} and could not be fetched from Maven Central: "
        "module not found: org.shop#till;9.9; connect to the network and run `python -m local.trino.jars grammar`, "
        "set DEFAULT_ARTIFACT_REPOSITORY to a mirror, or copy the folder from a machine that has it"
    )
