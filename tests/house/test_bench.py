"""A benchmark that no longer runs is found here, not on the day that somebody needs its figures."""

import json

import pytest

from bench import dedupe, enrichment, ingestion, processes, publisher, quality, rounds, transform


def test_the_ingestion_benchmark_writes_its_ratios(monkeypatch, tmp_path):
    monkeypatch.setattr(rounds, "RESULTS", tmp_path)
    monkeypatch.setattr(ingestion, "EVENTS", 50)
    ingestion.run()
    variants = json.loads((tmp_path / "ingestion.json").read_text())["variants"]
    assert variants["parse and compress only"]["ratio_to_floor"] == 1
    assert variants["ingestion"]["events"] == 50


def test_the_publisher_benchmark_writes_its_ratios(monkeypatch, tmp_path):
    monkeypatch.setattr(rounds, "RESULTS", tmp_path)
    monkeypatch.setattr(publisher, "EVENTS", 50)
    publisher.run()
    variants = json.loads((tmp_path / "publisher.json").read_text())["variants"]
    assert variants["orjson of ready dicts"]["ratio_to_floor"] == 1
    assert 40 <= variants["publisher"]["events"] <= 50


def test_the_enrichment_benchmark_answers_alike_and_writes_its_ratios(monkeypatch, tmp_path):
    monkeypatch.setattr(rounds, "RESULTS", tmp_path)
    enrichment.run(200)
    variants = json.loads((tmp_path / "enrichment.json").read_text())["variants"]
    assert variants["one Polars query"]["ratio_to_floor"] == 1
    assert variants["enrichment"]["events"] == 200


@pytest.mark.slow
def test_the_quality_benchmark_counts_alike_and_writes_its_ratios(spark, monkeypatch, tmp_path):
    monkeypatch.setattr(rounds, "RESULTS", tmp_path)
    monkeypatch.setattr(quality, "ROUNDS", 1)
    quality.run(4000)
    variants = json.loads((tmp_path / "quality.json").read_text())["variants"]
    assert variants["one DuckDB query"]["ratio_to_floor"] == 1
    assert variants["the gate, on pandas"]["events"] == variants["the gate, on Spark"]["events"] == 4000


@pytest.mark.slow
def test_the_transform_benchmark_compares_variants_that_come_to_the_same_rows(monkeypatch, tmp_path):
    monkeypatch.setattr(rounds, "RESULTS", tmp_path)
    transform.compare_at(300, turns=1)
    variants = json.loads((tmp_path / "transform-300.json").read_text())["variants"]
    assert list(variants) == ["DuckDB by hand", "naive PySpark", "our job"]
    assert variants["our job"]["files"] == variants["DuckDB by hand"]["files"] > 0
    assert all(figures["peak_memory_mb"] > 50 and figures["cpu_seconds"] > 0.1 for figures in variants.values())


def test_variants_that_come_to_other_rows_are_refused():
    with pytest.raises(RuntimeError, match=r"b came to \{'refund': 1\}; expected \{'refund': 2\}"):
        processes.check_rows({"a": {"refund": 2}, "b": {"refund": 1}})


def test_a_variant_that_fails_ends_the_benchmark_with_its_last_words(tmp_path):
    with pytest.raises(RuntimeError, match=r"ended with 1: .*No module named nothing_like_it"):
        processes.run_once(["-m", "nothing_like_it"], tmp_path / "out")


@pytest.mark.slow
def test_the_dedupe_benchmark_plans_by_overlap_and_not_by_history(spark, monkeypatch, tmp_path, capsys):
    monkeypatch.setattr(rounds, "RESULTS", tmp_path)
    for name, value in {
        "ROWS_A_FILE": 24,
        "PLAN_TURNS": 1,
        "JOB_TURNS": 1,
        "DAYS": (4, 8),
        "FILES_A_LOOSE_DAY": 2,
    }.items():
        monkeypatch.setattr(dedupe, name, value)
    dedupe.run(200)
    told = capsys.readouterr().out
    planned = {line.split("│")[1].strip(): line.split("│")[3].strip() for line in told.splitlines() if "days" in line}
    assert planned["4 days"] == planned["8 days"] == "5"
    variants = json.loads((tmp_path / "dedupe.json").read_text())["variants"]
    assert variants["no history"]["ratio_to_floor"] == 1
