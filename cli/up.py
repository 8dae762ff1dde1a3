"""`etl up`: the local AWS, running, with every stack deployed and the reference data in its bucket."""

from __future__ import annotations

from collections.abc import Callable

from cli.connection import LOCAL, PROJECT, ROOT, Stage, new_session, open_stage, use
from cli.shop.reference import has_reference, upload_reference

Told = Callable[[str, str], None]


def bring_up(port: int | None, told: Told) -> tuple[Stage, bool]:
    """The local stage, and whether anything had to be done for it."""
    from local import lifecycle

    is_new = lifecycle.status(ROOT) is None
    if is_new:
        told("local AWS", "starting")
        lifecycle.start(ROOT, LOCAL, port)
    # Not what the shell says: it may still name an earlier one.
    use(lifecycle.connection(ROOT))
    stage = open_stage(LOCAL)
    if not is_new and is_complete(stage):
        return stage, False
    return build(told), True


def build(told: Told) -> Stage:
    """Deploy the stacks and upload the reference data."""
    from cli.deployment.deploy import deploy

    deploy(new_session(), LOCAL, PROJECT, ROOT, told)
    stage = open_stage(LOCAL)
    told("reference data", "uploading")
    upload_reference(stage.s3, stage.bucket("reference"))
    return stage


def is_complete(stage: Stage) -> bool:
    """Whether an earlier `etl up` came to its end: the reference data is the last thing it brings."""
    from contracts.errors import PipelineError

    try:
        return has_reference(stage.s3, stage.bucket("reference"))
    except PipelineError:
        return False
