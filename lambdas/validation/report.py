"""The data-quality report of a batch: one page that needs nothing but itself, and shows counts, never values."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape
from string import Template

from lambdas.validation.suite import CRITICAL, Verdict


@dataclass(frozen=True)
class Report:
    """What the page tells; `files` are the enrichment's: {"event_type", "event_date", "rows"}."""

    batch_id: str
    batch_date: str
    files: list[dict]
    verdicts: list[Verdict]

    @property
    def rows(self) -> int:
        return sum(file["rows"] for file in self.files)

    @property
    def stopping(self) -> list[Verdict]:
        """Expectations that failed and keep the batch from becoming visible."""
        return [verdict for verdict in self.verdicts if verdict.stops_the_batch]

    @property
    def warning(self) -> list[Verdict]:
        """Expectations that failed and are only reported."""
        return [verdict for verdict in self.verdicts if not verdict.success and not verdict.stops_the_batch]


def page(report: Report) -> str:
    """The report as HTML; the same report is the same page."""
    return PAGE.substitute(
        batch_id=escape(report.batch_id),
        batch_date=escape(report.batch_date),
        outcome="fail" if report.stopping else "pass",
        headline=_headline(report),
        rows=f"{report.rows:,}",
        evaluated=len(report.verdicts),
        stopping=len(report.stopping),
        warning=len(report.warning),
        counts="\n".join(_count_row(*group) for group in _grouped(report.files)),
        verdicts="\n".join(_verdict_row(verdict) for verdict in _worst_first(report.verdicts)),
    )


def _headline(report: Report) -> str:
    if report.stopping:
        return "The batch was stopped: none of its rows is visible."
    return "The batch passed." if not report.warning else "The batch passed, with warnings."


def _grouped(files: list[dict]) -> list[tuple[str, str, int]]:
    rows: dict[tuple[str, str], int] = {}
    for file in files:
        key = (file["event_type"], file["event_date"])
        rows[key] = rows.get(key, 0) + file["rows"]
    return [(*key, count) for key, count in sorted(rows.items())]


def _count_row(event_type: str, event_date: str, rows: int) -> str:
    return f"<tr><td>{escape(event_type)}</td><td>{escape(event_date)}</td><td class=number>{rows:,}</td></tr>"


def _worst_first(verdicts: list[Verdict]) -> list[Verdict]:
    return sorted(verdicts, key=lambda v: (not v.stops_the_batch, v.success))


def _verdict_row(verdict: Verdict) -> str:
    state = "pass" if verdict.success else ("fail" if verdict.severity == CRITICAL else "warn")
    return (
        f'<tr class="{state}"><td data-label="Result"><b class="{state}">{state}</b></td>'
        f'<td data-label="Expectation">{escape(verdict.description)}<small>{escape(verdict.notes)}</small></td>'
        f'<td data-label="Column"><code>{escape(verdict.column)}</code></td>'
        f'<td data-label="Found">{escape(verdict.found)}</td>'
        f'<td data-label="Severity">{escape(verdict.severity)}</td></tr>'
    )


PAGE = Template("""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Data quality of batch $batch_id</title>
<style>
:root { color-scheme: light dark; --ink: #1b1f24; --soft: #59636e; --line: #d8dee4; --page: #fff; --card: #f6f8fa;
        --pass: #1a7f37; --warn: #9a6700; --fail: #cf222e; }
@media (prefers-color-scheme: dark) {
  :root { --ink: #e6edf3; --soft: #9198a1; --line: #30363d; --page: #0d1117; --card: #161b22;
          --pass: #3fb950; --warn: #d29922; --fail: #f85149; }
}
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 68rem; padding: 1.5rem 1rem 3rem; font: 16px/1.5 system-ui, sans-serif;
       color: var(--ink); background: var(--page); overflow-wrap: break-word; }
h1 { font-size: 1.4rem; margin: 0; } h2 { font-size: 1.1rem; margin: 2rem 0 .5rem; }
p { margin: .25rem 0; color: var(--soft); }
.headline { border-left: .3rem solid var(--$outcome); background: var(--card); padding: .75rem 1rem; margin: 1rem 0;
            color: var(--ink); font-weight: 600; }
.figures { display: flex; flex-wrap: wrap; gap: .75rem; margin: 0; }
.figures div { background: var(--card); border: 1px solid var(--line); border-radius: .4rem; padding: .5rem 1rem; }
.figures dt { color: var(--soft); font-size: .85rem; } .figures dd { margin: 0; font-size: 1.3rem; }
table { width: 100%; border-collapse: collapse; }
th, td { text-align: left; vertical-align: top; padding: .5rem .6rem; border-bottom: 1px solid var(--line); }
th { color: var(--soft); font-weight: 600; font-size: .85rem; } td.number, th.number { text-align: right; }
small { display: block; color: var(--soft); } code { font-size: .9em; }
b.pass { color: var(--pass); } b.warn { color: var(--warn); } b.fail { color: var(--fail); }
@media (max-width: 40rem) {
  .verdicts thead { display: none; }
  .verdicts tr { display: block; border: 1px solid var(--line); border-radius: .4rem; margin: .6rem 0; }
  .verdicts td { display: block; border: 0; padding: .3rem .75rem; }
  .verdicts td::before { content: attr(data-label); display: block; color: var(--soft); font-size: .75rem; }
}
</style>
</head>
<body>
<h1>Data quality of batch <code>$batch_id</code></h1>
<p>Started on $batch_date (UTC). Validated before anyone could read it.</p>
<p class="headline">$headline</p>
<dl class="figures">
<div><dt>Rows</dt><dd>$rows</dd></div>
<div><dt>Expectations</dt><dd>$evaluated</dd></div>
<div><dt>Failed</dt><dd>$stopping</dd></div>
<div><dt>Warnings</dt><dd>$warning</dd></div>
</dl>
<h2>Expectations</h2>
<table class="verdicts">
<thead><tr><th>Result</th><th>Expectation</th><th>Column</th><th>Found</th><th>Severity</th></tr></thead>
<tbody>
$verdicts
</tbody>
</table>
<h2>Rows by event type and date</h2>
<table>
<thead><tr><th>Event type</th><th>Event date</th><th class="number">Rows</th></tr></thead>
<tbody>
$counts
</tbody>
</table>
</body>
</html>
""")
