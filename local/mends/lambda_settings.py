"""Settings of Lambda functions.

moto has no place for LoggingConfig and DeadLetterConfig, and an update of the configuration leaves ImageConfig,
TracingConfig, EphemeralStorage and KMSKeyArn as they were. Lambda keeps and changes all of them.
https://docs.aws.amazon.com/lambda/latest/api/API_UpdateFunctionConfiguration.html
"""

from typing import Any

from moto.awslambda.models import ImageConfig, LambdaFunction

from local.front import Front

moto_init = LambdaFunction.__init__
moto_get = LambdaFunction.get_configuration
moto_update = LambdaFunction.update_configuration


def install(front: Front) -> None:
    """Keep what moto loses."""
    LambdaFunction.__init__ = create
    LambdaFunction.get_configuration = configuration
    LambdaFunction.update_configuration = update


def create(function: LambdaFunction, account_id: str, spec: dict[str, Any], *rest: Any, **options: Any) -> None:
    """Make the function and keep the settings that have no place in it."""
    function.kept_settings = {}
    moto_init(function, account_id, spec, *rest, **options)
    _keep(function, spec)


def configuration(function: LambdaFunction, on_create: bool = False) -> dict[str, Any]:
    """moto's configuration with the kept settings."""
    logging = {"LogFormat": "Text", "LogGroup": f"/aws/lambda/{function.function_name}"}
    kept = dict(getattr(function, "kept_settings", {}))
    logging |= kept.pop("LoggingConfig", {})
    return {**moto_get(function, on_create), **kept, "LoggingConfig": logging}


def update(function: LambdaFunction, config_updates: dict[str, Any]) -> dict[str, Any]:
    """Change every setting that is given."""
    _keep(function, config_updates)
    if "ImageConfig" in config_updates:
        function.image_config = ImageConfig(config_updates["ImageConfig"])
    if "TracingConfig" in config_updates:
        function.tracing_config = config_updates["TracingConfig"]
    if "EphemeralStorage" in config_updates:
        function.ephemeral_storage = config_updates["EphemeralStorage"]["Size"]
    if "KMSKeyArn" in config_updates:
        function.kms_key_arn = config_updates["KMSKeyArn"]
    return moto_update(function, config_updates)


def _keep(function: LambdaFunction, settings: dict[str, Any]) -> None:
    if "LoggingConfig" in settings:
        function.kept_settings["LoggingConfig"] = settings["LoggingConfig"]
    if settings.get("DeadLetterConfig", {}).get("TargetArn"):
        function.kept_settings["DeadLetterConfig"] = settings["DeadLetterConfig"]
    elif "DeadLetterConfig" in settings:
        function.kept_settings.pop("DeadLetterConfig", None)
