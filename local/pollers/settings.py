"""Which settings of a deployed resource the local AWS obeys, and the refusal of every other one."""


class UnsupportedSetting(Exception):
    """A deployed resource asks for something the local AWS does not do."""


def refuse_unknown(owner: str, settings: dict, known: set[str]) -> None:
    """Raise for the first setting with a value that is not `known`."""
    for name, value in sorted(settings.items()):
        if name not in known and value not in (None, "", [], {}, False, 0):
            raise UnsupportedSetting(
                f"{owner}: {name} = {value!r} is not supported by the local AWS; supported: {sorted(known)}"
            )
