"""Progress as plain lines, for logs and files."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from prefect_results.progress.counts import Counts, TaskCount


class Lines:
    """Writes a line every few seconds, when something has changed, and one at the end.

    Args:
        counts: of the flow run.
        stream: where to write.
        interval: seconds between two lines, at least.
    """

    def __init__(self, counts: Counts, stream: Any, interval: float) -> None:
        self._counts = counts
        self._stream = stream
        self._interval = interval
        self._last = ""
        self._next = interval

    def start(self) -> None:
        """Nothing is shown at the start."""

    def update(self) -> None:
        """Write a line, if it is time to."""
        if self._counts.elapsed() >= self._next:
            self._next = self._counts.elapsed() + self._interval
            self._write()

    def stop(self) -> None:
        """Write the last line."""
        self._write()

    def _write(self) -> None:
        line = summary(self._counts)
        if line and line != self._last:
            self._last = line
            self._stream.write(f"Progress after {duration(self._counts.elapsed())}: {line}\n")
            self._stream.flush()


def summary(counts: Counts) -> str:
    """One line on all tasks that have begun; those that are over are counted together."""
    begun = [task for task in counts.tasks.values() if task.has_begun]
    over = [task for task in begun if task.is_over and not task.failed]
    parts = [described(task) for task in begun if not task.is_over or task.failed]
    if over:
        parts.append(f"{len(over)} of {len(counts.tasks)} tasks done")
    return "; ".join(parts)


def described(task: TaskCount) -> str:
    """The counts of a task in words."""
    words = [f"{task.name} {fraction(task)}"]
    if task.running:
        words.append(f"{task.running:,} running")
    if task.failed:
        words.append(f"{task.failed:,} failed")
    left = task.left()
    if left is not None and not task.is_over:
        words.append(f"about {duration(left)} left")
    return ", ".join(words)


def fraction(task: TaskCount) -> str:
    """How many of how many have finished."""
    return f"{task.finished:,}/{'?' if task.total is None else format(task.total, ',')}"


def duration(seconds: float) -> str:
    """A time in words: `12 s`, `3:05` or `2:03:05`."""
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    minutes, rest = divmod(whole, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"
