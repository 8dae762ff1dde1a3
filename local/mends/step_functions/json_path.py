"""JSONPath into arrays.

moto gives `[5]` for `$.a[0].b`; Step Functions gives the value, since such a path names one thing.
"""

import re
from typing import Any

from jsonpath_ng.ext import parse
from moto.stepfunctions.parser.asl.utils import json_path

from local.front import Front
from local.mends.step_functions.rebinding import rebind

NAMES_MANY = re.compile(r"\.\.|\*|\[\?|\[[^\]]*[:,]")
INDEX = re.compile(r"\[-?\d+\]")
moto_extract = json_path.extract_json


def install(front: Front) -> None:
    """Let definite paths give values."""
    rebind("extract_json", extract)


def extract(path: str, data: Any) -> Any:
    """The value at a path, a list only where the path can name many."""
    value = moto_extract(path, data)
    if not isinstance(value, list) or NAMES_MANY.search(path) or not INDEX.search(path):
        return value
    matches = parse(path).find(data)
    return matches[0].value if len(matches) == 1 else value
