"""Step Functions: what moto's interpreter of state machines lacks, one module per mend."""

from local.front import Front
from local.mends.step_functions import (
    api_names,
    clients,
    ecs_tasks,
    execution_names,
    fail_errors,
    glue_runs,
    json_path,
    jsonata,
    outcomes,
    status_events,
    waiting,
)

MENDS = (
    api_names,
    clients,
    ecs_tasks,
    execution_names,
    fail_errors,
    glue_runs,
    json_path,
    jsonata,
    outcomes,
    status_events,
    waiting,
)


def install(front: Front) -> None:
    """Mend the interpreter; its modules must be loaded before names in them are rebound."""
    import moto.stepfunctions.parser.models  # noqa: F401

    for mend in MENDS:
        mend.install(front)
