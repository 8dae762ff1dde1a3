"""The notebook executed as a run: whatever comes of it, the executed notebook and its page are kept."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from pathlib import Path

import nbformat
import papermill
from nbclient.exceptions import DeadKernelError
from nbconvert import HTMLExporter
from papermill.exceptions import PapermillExecutionError

from validation.run import Run

TEMPLATES = Path(__file__).with_name("templates")
# What the notebook raises, as its last act, where an expectation of severity `fail` does not hold.
VERDICT = "DaysNotSound"


@dataclass(frozen=True)
class Outcome:
    """How a run ended: `passed`, `failed` by an expectation, or `broken` before it could say."""

    status: str
    evidence_uri: str
    page_uri: str
    report_uri: str | None
    error: str = ""


def execute(s3, run: Run, notebook: Path, root: Path, progress: bool | dict = False) -> Outcome:
    """Run the notebook in a kernel of its own, started in `root`; keep what was executed, then tell how it ended.

    The notebook itself writes report and results before its verdict; what is written here is the evidence.
    """
    with tempfile.TemporaryDirectory() as folder:
        executed = Path(folder) / f"{run.run_id}.ipynb"
        error = _error_of(notebook, executed, run, root, progress)
        ipynb, page = run.key(".ipynb"), run.key(".notebook.html")
        _put(s3, run, ipynb, executed.read_bytes(), "application/x-ipynb+json")
        _put(s3, run, page, page_of(executed).encode(), "text/html; charset=utf-8")
    status = _status(error)
    # A broken run has left no report, or only that of an earlier attempt.
    report_uri = None if status == "broken" else run.report_uri
    uris = (f"s3://{run.reports_bucket}/{key}" for key in (ipynb, page))
    return Outcome(status, *uris, report_uri, _in_words(error))


def _error_of(notebook: Path, executed: Path, run: Run, root: Path, progress: bool | dict) -> Exception | None:
    """What the notebook ended with; its cells up to there are in `executed`."""
    options = {"kernel_name": "python3", "cwd": root, "progress_bar": progress, "log_output": True}
    # A kernel warns of each connection that is not encrypted; it listens on this machine only.
    options["extra_arguments"] = ["--IPKernelApp.log_level=ERROR"]
    try:
        papermill.execute_notebook(notebook, executed, run.parameters(), **options)
    except (PapermillExecutionError, DeadKernelError) as error:
        return error
    return None


def _status(error: Exception | None) -> str:
    if error is None:
        return "passed"
    return "failed" if getattr(error, "ename", "") == VERDICT else "broken"


def _in_words(error: Exception | None) -> str:
    if error is None:
        return ""
    # The message of a PapermillExecutionError is the whole traceback, in colours.
    return f"{error.ename}: {error.evalue}" if isinstance(error, PapermillExecutionError) else str(error)


def _put(s3, run: Run, key: str, body: bytes, content_type: str) -> None:
    s3.put_object(Bucket=run.reports_bucket, Key=key, Body=body, ContentType=content_type)


def page_of(executed: Path) -> str:
    """An executed notebook as one HTML page that asks no network for anything."""
    exporter = HTMLExporter(
        extra_template_basedirs=[str(TEMPLATES)], template_name="offline", embed_images=True, exclude_anchor_links=True
    )
    page, _ = exporter.from_notebook_node(nbformat.read(executed, as_version=4), {"metadata": {"name": executed.stem}})
    return page
