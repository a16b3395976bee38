"""A task that drops results, such as those of mapped tasks that failed or were skipped."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from prefect_results.core import Task
from prefect_results.triggers import all_finished


def _is_value(result: Any) -> bool:
    """Tell whether a result is neither None nor an exception."""
    return result is not None and not isinstance(result, Exception)


class FilterTask(Task):
    """Returns the results of upstream tasks that pass a test.

    It runs whatever became of them: the trigger is `all_finished` and `skip_on_upstream_skip` is
    False unless given.

    Args:
        filter_func: Called with each result; true keeps it. By default None and exceptions go.
        log_func: Called with the list of what is kept; returns a message to log at level INFO.
            Nothing is logged by default.
        **kwargs: Options of `Task`.
    """

    def __init__(
        self,
        filter_func: Callable[[Any], Any] | None = None,
        log_func: Callable[[list[Any]], Any] | None = None,
        **kwargs: Any,
    ) -> None:
        kwargs.setdefault("skip_on_upstream_skip", False)
        kwargs.setdefault("trigger", all_finished)
        self.filter_func = filter_func or _is_value
        self.log_func = log_func
        super().__init__(**kwargs)

    def run(self, task_results: Iterable[Any]) -> list[Any]:  # type: ignore[override]
        """Return the results that pass, in their order.

        Args:
            task_results: The results.
        """
        kept = [result for result in task_results if self.filter_func(result)]
        if self.log_func:
            self.logger.info(self.log_func(kept))
        return kept
