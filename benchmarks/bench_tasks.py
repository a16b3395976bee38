"""What a task run costs: mapped and chained, logged and not, checkpointed, cached, at scale."""

from __future__ import annotations

from collections.abc import Iterator

from benchmarks.report import Row, at_most, compared, faster, within
from benchmarks.workers import Pool

TITLE = "Task runs (each figure is per task run)"
PATCHED, LEGACY = "1.4.1 patched", "1.4.1"
#: What the patched peer takes per mapped task on the machine that the absolute targets were
#: set on; they are scaled by how much slower the machine at hand is.
REFERENCE_PATCHED_US = 110.0


def run(quick: bool = False) -> Iterator[Row]:
    """Measure; `quick` leaves the largest flows and some repetitions out."""
    rounds = 3 if quick else 7
    with Pool() as pool:
        scale = yield from _trivial_tasks(pool, rounds, quick)
        yield from _flatness(pool, quick)
        yield from _memory(pool, quick)
        yield from _storage(pool, rounds, scale)


def _trivial_tasks(pool: Pool, rounds: int, quick: bool) -> Iterator[Row]:
    scale = 1.0
    for log, times in (("off", 10), ("default", 6)):
        for n in (1_000,) if quick else (1_000, 10_000):
            asked = [("ours", n), ("patched", n)] + ([("legacy", 100)] if n == 1_000 else [])
            us = _us(pool.medians("mapped", asked, log, rounds))
            name = f"mapped {n:,}, log {log}"
            yield faster(name, us["ours"], PATCHED, us["patched"], times)
            if "legacy" in us:
                yield compared(name, us["ours"], LEGACY, us["legacy"])
            if log == "off" and n == 1_000:
                scale = us["patched"] / REFERENCE_PATCHED_US
                yield at_most(f"{name}, scaled to the reference", us["ours"] / scale, 12, "us")
        # The peer's chains cost more per task the longer they are, so it gets the short one only.
        us = _us(pool.medians("chained", [("ours", 1_000), ("patched", 300)], log, 2))
        name, theirs = f"chained 1,000 (peer 300), log {log}", us["patched"]
        yield faster(name, us["ours"], PATCHED, theirs, times)
        if log == "off":
            yield at_most(f"{name}, scaled to the reference", us["ours"] / scale, 12, "us")
        if not quick:
            ours = _us(pool.medians("chained", [("ours", 10_000)], log, 2))["ours"]
            yield faster(f"chained 10,000 (peer 300), log {log}", ours, PATCHED, theirs, times)
    return scale


def _flatness(pool: Pool, quick: bool) -> Iterator[Row]:
    large = 10_000 if quick else 100_000
    for workload in ("mapped", "chained"):
        small = _us(pool.medians(workload, [("ours", 1_000)], rounds=5))["ours"]
        big = _us(pool.medians(workload, [("ours", large)], rounds=2))["ours"]
        yield within(f"{workload} {large:,}", big, "ours at 1,000", small, 1.3)


def _memory(pool: Pool, quick: bool) -> Iterator[Row]:
    n = 20_000 if quick else 100_000
    ours = pool.once("ours", "memory", n)
    yield at_most(f"peak memory per child, mapped {n:,}", ours, 2048, "B")
    theirs = pool.once("patched", "memory", 5_000)
    yield compared("peak memory per child", ours, PATCHED, theirs, "B")


def _storage(pool: Pool, rounds: int, scale: float) -> Iterator[Row]:
    n = 1_000
    asked = {
        "bare": ("ours", "bare_writes", n),
        "ours": ("ours", "checkpointed", n),
        "patched": ("patched", "checkpointed", 300),
    }
    us = _us(pool.turns(asked, rounds=rounds))
    bare = us["bare"]
    yield within("checkpoint of a small value", us["ours"], "bare pickle + rename", bare, 1.6)
    yield compared("checkpoint of a small value", us["ours"], PATCHED, us["patched"])
    for workload, words in (("target", "target hit"), ("cached", "cache hit")):
        us = _us(pool.medians(workload, [("ours", 300), ("patched", 100)], rounds=rounds))
        yield at_most(f"{words}, scaled to the reference", us["ours"] / scale, 30, "us")
        yield compared(words, us["ours"], PATCHED, us["patched"])


def _us(seconds: dict[str, float]) -> dict[str, float]:
    return {library: value * 1e6 for library, value in seconds.items()}
