"""The one family of errors: what is wrong, what was found, what was expected, what to do next."""


class PipelineError(Exception):
    """An operation of the pipeline cannot go on; the message says what to do."""


class ContractError(PipelineError):
    """A contract file cannot be read, or describes data that the tables cannot hold."""


class ConfigurationError(PipelineError):
    """A setting is missing or malformed."""
