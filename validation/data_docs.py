"""A day's validation as Great Expectations' own Data Docs show it.

Their style and scripts come from several networks, so that a reader without one sees a bare page: the report is the
one for that.
"""

from __future__ import annotations

from great_expectations.core import ExpectationSuiteValidationResult
from great_expectations.render.renderer import ValidationResultsPageRenderer
from great_expectations.render.view import DefaultJinjaPageView


def page_of(result: ExpectationSuiteValidationResult) -> str:
    """The page of one validation."""
    return DefaultJinjaPageView().render(ValidationResultsPageRenderer().render(result))
