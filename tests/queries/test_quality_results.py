from dataclasses import asdict, replace

from tests.unit.test_quality_results import RESULT


def test_results_are_asked_by_date_with_their_types(warehouse):
    documents = {"data_quality/results/run_date=2026-11-22": [asdict(RESULT)]}
    documents["data_quality/results/run_date=2026-11-21"] = [asdict(replace(RESULT, evaluated=None, success=True))]
    answer = warehouse((), documents).ask(
        "SELECT expectation_id, evaluated - unexpected AS kept, data_date, "
        "date_trunc('hour', validated_at) AS hour FROM dq_results WHERE run_date = DATE '2026-11-22' AND NOT success"
    )
    assert answer.rows == [["refund.amount.positive", "7", "2026-11-22", "2026-11-22 12:00:00.000"]]
