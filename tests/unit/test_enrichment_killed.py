"""The task killed at any file, and started again, ends in the rows of a run that nobody disturbed."""

import signal
import threading

import pytest

from enrichment import files as data_files
from enrichment import main
from lake.documents import read_json
from tests.unit.enrichment_batch import DAY, PURCHASE, SETTINGS, VIEW, of_share, put_sources, rows_of, stage, task

FILES = 4


@pytest.fixture
def batch(lake, tmp_path):
    """Four files of two types with two rows each."""
    put_sources(lake.s3, tmp_path)
    made = [("page_view", VIEW), ("purchase", PURCHASE)]
    stage(lake, *((t, [(f"{t}-{n}-{r}", data) for r in "ab"]) for n in range(FILES // 2) for t, data in made))
    return lake


def undisturbed(lake):
    """What one run makes of the batch, which is then as if it had never run."""
    main.run(SETTINGS, threading.Event())
    made = document(lake)
    rows = rows_of(lake, made)
    for bucket, prefix in (("processed", "events/data/"), ("staging", "batches/b-1/enrich")):
        for found in lake.s3.list_objects_v2(Bucket=bucket, Prefix=prefix)["Contents"]:
            lake.s3.delete_object(Bucket=bucket, Key=found["Key"])
    return made, rows


def document(lake):
    return read_json(lake.s3, "staging", "batches/b-1/enrichment.json")


def finished(lake):
    """Numbers of the files that have a checkpoint."""
    found = lake.s3.list_objects_v2(Bucket="staging", Prefix="batches/b-1/enriched/").get("Contents", [])
    return [int(o["Key"][-10:-5]) for o in found]


def kill_at(process, line, how):
    """Send the signal as soon as the task says that it has come so far."""
    for told in process.stdout:
        if line in told:
            process.send_signal(how)
            break
    output, error = process.communicate(timeout=60)
    return output, error


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGKILL])
@pytest.mark.parametrize("at", [2])
def test_killed_at_a_file_the_next_task_goes_on_where_it_stopped(batch, how, at):
    made, rows = undisturbed(batch)
    process = task()
    _, error = kill_at(process, f"file {at} of {FILES}", how)
    assert process.returncode == (143 if how == signal.SIGTERM else -how) or finished(batch) == [*range(FILES)], error
    assert len(finished(batch)) >= at
    done = len(finished(batch))
    again = task()
    output, error = again.communicate(timeout=60)
    assert again.returncode == 0, error
    assert f"{FILES} files, {FILES - done} of them to do, {done} done before" in output
    assert (document(batch), rows_of(batch, document(batch))) == (made, rows)


def test_killed_again_and_again_it_gets_there(batch):
    made, rows = undisturbed(batch)
    for _ in range(FILES):
        process = task()
        kill_at(process, "file 1 of", signal.SIGKILL)
    assert finished(batch) == [*range(FILES)]
    assert task().wait(timeout=60) == 0
    assert (document(batch), rows_of(batch, document(batch))) == (made, rows)


class Death(Exception):
    """Where the process ends."""


def test_dead_between_any_two_calls_to_s3_the_next_run_completes(batch, monkeypatch):
    made, rows = undisturbed(batch)
    for place in range(100):
        with monkeypatch.context() as patch:
            die_after(patch, place)
            try:
                main.run(SETTINGS, threading.Event())
                break
            except Death:
                pass
        assert main.run(SETTINGS, threading.Event())
        assert (document(batch), rows_of(batch, document(batch))) == (made, rows), place
        assert undisturbed(batch) == (made, rows)
    # Plan, sources, a checkpoint a file, the document: there is more than a call each.
    assert place > 4 + 2 * FILES


def die_after(patch, calls):
    """Every call to S3 through boto3 counts; the one after the last is the end."""
    left = [calls]
    real = main.boto3.client

    def client(*arguments, **options):
        made = real(*arguments, **options)
        made.meta.events.register_first("before-send.s3", count)
        return made

    def count(**_):
        if left[0] == 0:
            raise Death
        left[0] -= 1

    patch.setattr(main.boto3, "client", client)


def test_dead_in_the_middle_of_a_file_it_is_written_anew(batch, monkeypatch):
    made, rows = undisturbed(batch)
    stop, asked = threading.Event(), iter([False, False, False, True])
    stop.is_set = lambda: next(asked)
    with monkeypatch.context() as patch:
        patch.setattr(data_files, "ROWS_AT_A_TIME", 1)
        assert not main.run(SETTINGS, stop)
    assert finished(batch) == [0]
    # The half of it that S3 may have got has the name of the whole.
    assert batch.keys("processed", ".parquet") == [
        f"events/data/event_type=page_view/{DAY}/b-1-0000{n}.parquet" for n in (0, 1)
    ]
    assert main.run(SETTINGS, threading.Event())
    assert (document(batch), rows_of(batch, document(batch))) == (made, rows)


def test_told_to_stop_before_the_first_file_it_leaves_no_document(batch):
    stop = threading.Event()
    stop.set()
    assert not main.run(SETTINGS, stop)
    assert finished(batch) == [] and batch.keys("staging", "enrichment.json") == []


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGKILL])
def test_one_of_several_shares_killed_holds_the_document_back_until_it_is_run_again(batch, how):
    made, rows = undisturbed(batch)
    process = task(of_share(1, 2))
    kill_at(process, "file 1 of 2", how)
    assert task(of_share(0, 2)).wait(timeout=60) == 0
    if len(finished(batch)) < FILES:
        assert batch.keys("staging", "enrichment.json") == []
    assert task(of_share(1, 2)).wait(timeout=60) == 0
    assert (document(batch), rows_of(batch, document(batch))) == (made, rows)


def test_shares_at_the_same_time_agree_on_their_sources_and_on_the_document(batch):
    made, rows = undisturbed(batch)
    tasks = [task(of_share(n, 3)) for n in range(3)]
    assert [one.wait(timeout=60) for one in tasks] == [0, 0, 0]
    assert (document(batch), rows_of(batch, document(batch))) == (made, rows)


def test_the_process_says_in_one_sentence_what_is_missing():
    process = task(REFERENCE_BUCKET="")
    _, told = process.communicate(timeout=60)
    assert process.returncode == 2
    assert told.splitlines() == [
        "environment variable REFERENCE_BUCKET is missing or empty; expected a value. "
        "Set it where the unit is deployed."
    ]
