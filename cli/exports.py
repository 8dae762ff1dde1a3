"""Variables as a shell reads them."""

from __future__ import annotations

import shlex
from collections.abc import Mapping

# Of the user's own account: with them set, the local credentials would not be used.
UNSET = ("AWS_PROFILE", "AWS_DEFAULT_PROFILE", "AWS_SESSION_TOKEN")


def as_exports(variables: Mapping[str, str]) -> str:
    """Lines for `eval "$(etl env)"`."""
    unset = [name for name in UNSET if name not in variables]
    exports = [f"export {name}={shlex.quote(value)}" for name, value in sorted(variables.items())]
    return "\n".join([*([f"unset {' '.join(unset)}"] if unset else []), *exports])
