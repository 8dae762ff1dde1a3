"""Which services moto has.

moto lists its own folder, with a stat of every entry, to route each request; the answer never changes.
"""

from moto import backends

from local.front import Front

moto_listing = backends.list_of_moto_modules


def install(front: Front) -> None:
    """Ask once for the process."""
    modules = frozenset(moto_listing())
    backends.list_of_moto_modules = lambda: modules
