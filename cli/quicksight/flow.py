"""Values as CloudFormation's YAML on one line: words bare, other text quoted, functions in their short form."""

from __future__ import annotations

import json
import re

# Starts with a letter, so that it is no number and no date; none of YAML's words for true, false and null.
BARE = re.compile(r"(?!(?i:true|false|yes|no|on|off|null|y|n)$)[A-Za-z_][A-Za-z0-9_./-]*")
SHORT = {"Ref": "!Ref", "Fn::Sub": "!Sub", "Fn::If": "!If", "Fn::GetAtt": "!GetAtt"}


def flow(value: object) -> str:
    """`{"Ref": "X"}` -> `!Ref X`, `{"Type": "STRING"}` -> `{Type: STRING}`."""
    if isinstance(value, dict):
        return _object(value)
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(flow, value))}]"
    if isinstance(value, str) and BARE.fullmatch(value):
        return value
    # A JSON scalar is a YAML scalar too.
    return json.dumps(value, ensure_ascii=False)


def _object(value: dict) -> str:
    (name, argument), *others = value.items()
    if name in SHORT and not others:
        return f"{SHORT[name]} {_argument(name, argument)}"
    return "{" + ", ".join(f"{flow(key)}: {flow(item)}" for key, item in value.items()) + "}"


def _argument(name: str, argument: object) -> str:
    if name == "Fn::GetAtt":
        return ".".join(argument)
    return argument if name == "Ref" else flow(argument)
