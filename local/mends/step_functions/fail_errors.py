"""Errors of Fail states: AWS lets one end with the error it caught, also one of its own (`States.TaskFailed`).

moto takes every error of a Fail state for a custom name, which must not begin with `States.`.
"""

from moto.stepfunctions.parser.asl.component.common.error_name.custom_error_name import CustomErrorName
from moto.stepfunctions.parser.asl.component.common.error_name.error_name import ErrorName

from local.front import Front

moto_init = CustomErrorName.__init__


def install(front: Front) -> None:
    """Take any name."""
    CustomErrorName.__init__ = lambda self, error_name: ErrorName.__init__(self, error_name=error_name)
