"""JSONata.

moto has the whole of JSONata state machines but no evaluator; it writes text variables into the expression without
escaping them, so a quote in one breaks every later state; `$hash` and `$uuid` give a sentence that they are not
supported; and a failing expression is a States.Runtime instead of the States.QueryEvaluationError that can be caught.
https://docs.aws.amazon.com/step-functions/latest/dg/transforming-data.html
"""

import hashlib
import json
import uuid
from collections.abc import Callable
from typing import Any

from jsonata.jsonata import Jsonata
from moto.stepfunctions.parser.asl.component.intrinsic import jsonata as intrinsic
from moto.stepfunctions.parser.asl.component.state.exec.execute_state import ExecutionState
from moto.stepfunctions.parser.asl.jsonata import jsonata as moto_jsonata

from local.front import Front
from local.mends.step_functions.failures import evaluation_failed
from local.mends.step_functions.rebinding import rebind

OURS = ("$hash", "$uuid", "$parse")
moto_declarations = moto_jsonata.encode_jsonata_variable_declarations
moto_from_error = ExecutionState._from_error


def install(front: Front) -> None:
    """Evaluate, write values as JSON, add the functions, name the error."""
    moto_jsonata._eval_jsonata = evaluate
    rebind("encode_jsonata_variable_declarations", declarations)
    for name in OURS:
        intrinsic._DECLARATION_BY_VARIABLE_REFERENCE.pop(name, None)
    ExecutionState._from_error = from_error


def evaluate(expression: str) -> Any:
    """The value of an expression, as plain Python."""
    try:
        parsed = Jsonata(expression)
        for name, function in FUNCTIONS.items():
            parsed.register_lambda(name, function)
        return json.loads(json.dumps(parsed.evaluate(None)))
    except Exception as error:
        raise moto_jsonata.JSONataException("States.QueryEvaluationError", str(error)) from error


def declarations(bindings: dict[str, Any]) -> str:
    """Assignments of values to variables: JSON is JSONata."""
    return "".join(f"{name}:={json.dumps(value, default=str)};" for name, value in bindings.items())


def from_error(state: ExecutionState, env: Any, ex: Exception) -> Any:
    """A failing expression under the name that AWS gives it."""
    if isinstance(ex, moto_jsonata.JSONataException):
        return evaluation_failed(env, ex.details or "")
    return moto_from_error(state, env=env, ex=ex)


def _hash(text: str, algorithm: str = "SHA-256") -> str:
    return hashlib.new(algorithm.replace("-", "").lower(), str(text).encode()).hexdigest()


FUNCTIONS: dict[str, Callable] = {
    "hash": _hash,
    "uuid": lambda: str(uuid.uuid4()),
    "parse": json.loads,
}
