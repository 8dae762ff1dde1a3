"""Draws a page: one HTML document that needs nothing but itself. The same page is the same text."""

from __future__ import annotations

from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from pages.parts import Page

FOLDER = Path(__file__).parent
# A page is opened from anywhere, so the browser is told to fetch nothing and to run nothing.
POLICY = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"
TEMPLATES = Environment(
    loader=FileSystemLoader(FOLDER), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
)


def render(page: Page) -> str:
    """The page as HTML; every text is escaped."""
    return TEMPLATES.get_template("page.html").render(page=page, style=style(), policy=POLICY)


def style() -> Markup:
    """The style that all pages share."""
    return Markup((FOLDER / "page.css").read_text(encoding="utf-8"))
