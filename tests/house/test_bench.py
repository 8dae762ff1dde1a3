"""A benchmark that no longer runs is found here, not on the day that somebody needs its figures."""

import json

from bench import enrichment, ingestion, publisher, rounds


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
