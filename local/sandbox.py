"""The environment of a process that stands for a container: what AWS gives, nothing of the developer's."""

import os
from collections.abc import Iterable
from pathlib import Path

from local.front import REGION, Front

ISOLATION = Path(__file__).with_name("isolation")
NO_PROFILES = ISOLATION / "aws_profiles"  # empty; the Java SDK complains at length about /dev/null

# Of the developer's own environment only what a process needs to run at all.
_KEPT = ("PATH", "HOME", "USER", "LANG", "LC_ALL", "TMPDIR", "LD_LIBRARY_PATH", "SSL_CERT_FILE")


def environment(front: Front, role_arn: str, session: str, python_path: Iterable[Path] = ()) -> dict[str, str]:
    """Credentials of the role, the region, the endpoint, and a PYTHONPATH that holds no repository."""
    return {
        **{name: os.environ[name] for name in _KEPT if name in os.environ},
        **_credentials(front, role_arn, session),
        "AWS_REGION": REGION,
        "AWS_DEFAULT_REGION": REGION,
        "AWS_ENDPOINT_URL": front.url,
        "AWS_CONFIG_FILE": str(NO_PROFILES),
        "AWS_SHARED_CREDENTIALS_FILE": str(NO_PROFILES),
        "TZ": "UTC",
        "PYTHONUNBUFFERED": "1",
        "PYTHONPATH": os.pathsep.join(map(str, (ISOLATION, *python_path))),
    }


def _credentials(front: Front, role_arn: str, session: str) -> dict[str, str]:
    session = session[:64].ljust(2, "-")  # the lengths that STS takes
    assumed = front.client("sts").assume_role(RoleArn=role_arn, RoleSessionName=session)["Credentials"]
    return {
        "AWS_ACCESS_KEY_ID": assumed["AccessKeyId"],
        "AWS_SECRET_ACCESS_KEY": assumed["SecretAccessKey"],
        "AWS_SESSION_TOKEN": assumed["SessionToken"],
    }
