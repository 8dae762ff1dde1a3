"""Glue table optimizers.

moto has none of their operations. Glue keeps one optimizer of each type for a table and runs it in the
background. Here they are kept and told; nothing runs them.
https://docs.aws.amazon.com/glue/latest/webapi/API_TableOptimizer.html
"""

from local.front import AwsError, Front

KEY = ("CatalogId", "DatabaseName", "TableName", "Type")


class Optimizers:
    """The configurations, by catalog, database, table and type."""

    def __init__(self) -> None:
        self._kept: dict[tuple, dict] = {}

    def create(self, body: dict) -> dict:
        """Keep a new optimizer."""
        if _key(body) in self._kept:
            raise AwsError("AlreadyExistsException", f"the table has a {body['Type']} optimizer already")
        self._kept[_key(body)] = body["TableOptimizerConfiguration"]
        return {}

    def update(self, body: dict) -> dict:
        """Change a known optimizer."""
        self._find(body)
        self._kept[_key(body)] = body["TableOptimizerConfiguration"]
        return {}

    def delete(self, body: dict) -> dict:
        """Forget an optimizer."""
        self._find(body)
        del self._kept[_key(body)]
        return {}

    def get(self, body: dict) -> dict:
        """Tell an optimizer; it has no last run."""
        optimizer = {"type": body["Type"], "configuration": self._find(body)}
        return {**{name: body[name] for name in KEY if name != "Type"}, "TableOptimizer": optimizer}

    def runs(self, body: dict) -> dict:
        """Tell the runs: none."""
        self._find(body)
        return {**{name: body[name] for name in KEY if name != "Type"}, "TableOptimizerRuns": []}

    def _find(self, body: dict) -> dict:
        if _key(body) not in self._kept:
            raise AwsError("EntityNotFoundException", f"the table has no {body['Type']} optimizer")
        return self._kept[_key(body)]


def install(front: Front) -> None:
    """Answer the operations of table optimizers."""
    optimizers = Optimizers()
    front.json_target("AWSGlue.CreateTableOptimizer", optimizers.create)
    front.json_target("AWSGlue.UpdateTableOptimizer", optimizers.update)
    front.json_target("AWSGlue.DeleteTableOptimizer", optimizers.delete)
    front.json_target("AWSGlue.GetTableOptimizer", optimizers.get)
    front.json_target("AWSGlue.ListTableOptimizerRuns", optimizers.runs)


def _key(body: dict) -> tuple:
    return tuple(body[name] for name in KEY)
