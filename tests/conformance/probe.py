"""Runs flow files and prints what happened as JSON; the same file serves both interpreters.

Under the peer's interpreter ``prefect`` is the real Prefect 1.4.1; with ``--ours`` it is this
library under its legacy name. Nothing here judges: it only describes runs in words that both
sides can say.

A flow file defines ``flow`` and may define ``run_kwargs`` (one run), ``runs`` (keyword arguments
of several runs), ``execute(flow)`` (runs it itself, returns a state or a list of states),
``observe(flow, states)`` (further facts to compare), ``config`` (dotted key to value, in force
during the runs) and ``setup(tmp)``. The working directory is a fresh folder.
"""

import argparse
import contextlib
import datetime
import json
import logging
import os
import re
import shutil
import sys
import tempfile
import traceback
import types
import warnings

BASE = tempfile.mkdtemp(prefix="conformance-")
os.environ.update(
    PREFECT__USER_CONFIG_PATH=os.path.join(BASE, "none.toml"),
    PREFECT__BACKEND="server",
    PREFECT__HOME_DIR=os.path.join(BASE, "home"),
    PREFECT__LOGGING__LEVEL="DEBUG",
    PREFECT__CONTEXT__SECRETS__TOKEN="sesame",
    TZ="UTC",
)

LEGACY_ERRORS = (
    "PrefectSignal TaskTimeoutSignal VersionLockMismatchSignal PrefectException ClientError "
    "ObjectNotFoundError AuthorizationError FlowStorageError ENDRUN PrefectStateSignal FAIL LOOP "
    "TRIGGERFAIL VALIDATIONFAIL SUCCESS RETRY SKIP PAUSE ResultNotImplementedError"
).split()
FIRST_MOVING_YEAR = 2025
DEPTH = 8

_RULES = [
    (re.compile(r"prefect-result-20[-\w]+"), "prefect-result-<n>"),
    (re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"), "<uuid>"),
    (
        re.compile(r"20(2[5-9]|[3-9]\d)-\d\d-\d\d[T ]\d\d:\d\d:\d\d[.\d]*([+-]\d\d:?\d\d|Z)?"),
        "<time>",
    ),
    (re.compile(r"20(2[5-9]|[3-9]\d)-\d\d-\d\d"), "<day>"),
    (re.compile(r"\b20(2[5-9]|[3-9]\d)(0[1-9]|1[0-2])[0-3]\d\b"), "<daynodash>"),
    # Legacy says this of whichever failed task it finds first in a set.
    (re.compile(r"Resource manager (init|setup) "), "Resource manager <task> "),
    (re.compile(r"0x[0-9a-f]{6,}"), "0x"),
    (re.compile(r"\d+\.\d+ seconds"), "<n> seconds"),
    (re.compile(r"\bprefect(?:_results)?(?:\.[a-z_]\w*)+\.([A-Z]\w+)"), r"prefect.\1"),
    (re.compile(r"\bprefect_results\b"), "prefect"),
]


def clean(text):
    """Takes out of a text what differs from run to run."""
    for path in (os.path.realpath(BASE), BASE):
        text = text.replace(path, "<tmp>")
    for pattern, put in _RULES:
        text = pattern.sub(put, text)
    return text


def legacy_class(cls):
    """Name of the class by which legacy code catches an exception."""
    for own in cls.__mro__:
        if own.__module__.split(".")[0] != "prefect_results" or own.__name__ in LEGACY_ERRORS:
            return own.__name__
        for base in own.__bases__:
            if base.__module__ == "builtins" and base is not Exception:
                return base.__name__
    return "?"


class Words:
    """Describes values, results, states and flows as JSON-compatible data."""

    def __init__(self):
        import prefect
        from prefect.engine.result import Result
        from prefect.engine.state import State

        self.State, self.Result, self.Task = State, Result, prefect.Task
        self.slugs = {}

    def exception(self, exc):
        return {"exception": legacy_class(type(exc)), "text": clean(str(exc))}

    def value(self, v, depth=0):
        if depth > DEPTH:
            return "<deep>"
        if v is None or isinstance(v, (bool, int, float)):
            return v if type(v) in (type(None), bool, int, float) else [type(v).__name__, str(v)]
        if isinstance(v, str):
            return clean(v)
        if isinstance(v, bytes):
            return {"bytes": clean(repr(v))}
        if isinstance(v, list):
            return [self.value(x, depth + 1) for x in v]
        if isinstance(v, tuple):
            return {"tuple": [self.value(x, depth + 1) for x in v]}
        if isinstance(v, (set, frozenset)):
            return {"set": sorted(json.dumps(self.value(x, depth + 1)) for x in v)}
        if isinstance(v, self.State):
            return self.state(v, depth + 1)
        if isinstance(v, self.Result):
            return self.result(v, depth + 1)
        if isinstance(v, self.Task):
            return {"task": self.slugs.get(v, v.name), "class": type(v).__name__}
        if isinstance(v, dict):
            if v and all(isinstance(k, self.Task) for k in v):
                named = [(self.slugs.get(k, k.name), x) for k, x in v.items()]
                return {"tasks": {n: self.value(x, depth + 1) for n, x in sorted(named, key=str)}}
            items = [[self.value(k, depth + 1), self.value(x, depth + 1)] for k, x in v.items()]
            return {"dict": items}
        if isinstance(v, BaseException):
            return self.exception(v)
        if isinstance(v, datetime.datetime):
            return "<time>" if v.year >= FIRST_MOVING_YEAR else v.isoformat()
        if isinstance(v, datetime.timedelta):
            return {"seconds": v.total_seconds()}
        if isinstance(v, type):
            return {"class": v.__name__}
        if isinstance(v, (types.FunctionType, types.MethodType, types.BuiltinFunctionType)):
            return {"function": v.__name__}
        return {"object": type(v).__name__}

    def result(self, r, depth=0):
        if r is None:
            return None
        told = {"type": type(r).__name__, "value": self.value(getattr(r, "value", None), depth)}
        if type(r).__name__ != "NoResultType":
            told["location"] = self.value(r.location, depth)
            told["serializer"] = type(r.serializer).__name__
        return told

    def state(self, s, depth=0):
        if s is None:
            return None
        told = {"type": type(s).__name__, "message": self.value(s.message, depth)}
        if s.is_mapped():
            told["map_states"] = [self.state(c, depth + 1) for c in s.map_states]
            told["n_map_states"] = s.n_map_states
            told["value"] = self.value(s.result, depth)
        else:
            told["result"] = self.result(s._result, depth)
        told["cached_inputs"] = {
            k: self.value(v, depth) for k, v in sorted((s.cached_inputs or {}).items())
        }
        told["context"] = {
            k: sorted(v) if k == "tags" else self.value(v, depth)
            for k, v in sorted((s.context or {}).items())
        }
        for field in ("start_time", "run_count", "loop_count", "cached_parameters"):
            if hasattr(s, field):
                told[field] = self.value(getattr(s, field), depth)
        if hasattr(s, "cached_result_expiration"):
            told["expires"] = s.cached_result_expiration is not None
        if getattr(s, "hashed_inputs", None) is not None:
            told["hashed_inputs"] = sorted(s.hashed_inputs)
        return told

    def flow(self, flow):
        self.slugs = dict(flow.slugs)
        named = self.slugs.get
        tasks = {
            named(t): {
                "class": type(t).__name__,
                "tags": sorted(t.tags),
                "trigger": getattr(t.trigger, "__name__", type(t.trigger).__name__),
                "retries": t.max_retries,
                "constants": {
                    k: self.value(v) for k, v in sorted(flow.constants.get(t, {}).items())
                },
            }
            for t in flow.tasks
        }
        edges = [
            [named(e.upstream_task), named(e.downstream_task), e.key, e.mapped, e.flattened]
            for e in flow.edges
        ]
        return {
            "name": flow.name,
            "tasks": tasks,
            "edges": sorted(edges, key=str),
            "reference": sorted(named(t) for t in flow.reference_tasks()),
            "roots": sorted(named(t) for t in flow.root_tasks()),
            "terminal": sorted(named(t) for t in flow.terminal_tasks()),
            "parameters": sorted(p.name for p in flow.parameters()),
        }


class Lines(logging.Handler):
    """Keeps the log lines of a run."""

    def __init__(self):
        super().__init__(level=0)
        self.lines = []

    def emit(self, record):
        """Adds level, logger, text and the type of the exception, if any."""
        exc = legacy_class(record.exc_info[0]) if record.exc_info and record.exc_info[0] else None
        text = clean(record.getMessage()).split("\nTraceback")[0]
        self.lines.append([record.levelname, record.name, text, exc])


def load(path):
    """Executes a flow file as a module that can be pickled by reference."""
    name = "conformance_" + os.path.splitext(os.path.basename(path))[0]
    module = types.ModuleType(name)
    module.__file__ = path
    sys.modules[name] = module
    with open(path, encoding="utf-8") as file:
        exec(compile(file.read(), path, "exec"), module.__dict__)
    return module


def run_flow(words, path):
    """Loads one flow file, runs it as it asks and describes all of it."""
    import prefect
    from prefect.utilities.configuration import set_temporary_config

    folder = os.path.join(BASE, "work")
    shutil.rmtree(folder, ignore_errors=True)
    os.makedirs(folder)
    os.chdir(folder)
    lines, told = Lines(), {}
    logger = logging.getLogger("prefect")
    logger.addHandler(lines)
    try:
        with warnings.catch_warnings(record=True) as caught, prefect.context():
            warnings.simplefilter("always")
            module = load(path)
            if hasattr(module, "setup"):
                module.setup(folder)
            with set_temporary_config(dict(getattr(module, "config", {}))):
                told["flow"] = words.flow(module.flow)
                if hasattr(module, "execute"):
                    states = module.execute(module.flow)
                    states = states if isinstance(states, list) else [states]
                else:
                    runs = getattr(module, "runs", None) or [getattr(module, "run_kwargs", {})]
                    states = [module.flow.run(**kwargs) for kwargs in runs]
                words.slugs.update(module.flow.slugs)
                told["states"] = [words.value(s) for s in states]
                if hasattr(module, "observe"):
                    told["observed"] = words.value(module.observe(module.flow, states))
    except Exception as exc:
        told["error"] = words.exception(exc)
        told["traceback"] = traceback.format_exc()
    finally:
        logger.removeHandler(lines)
        os.chdir(BASE)
    told["warnings"] = [
        [w.category.__name__, clean(str(w.message))] for w in caught if w.category is UserWarning
    ]
    told["log"] = lines.lines
    return told


def main():
    """Entry point: ``probe.py [--ours] OUT FLOW_FILE...``."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--ours", action="store_true")
    parser.add_argument("out")
    parser.add_argument("flows", nargs="*", type=os.path.abspath)
    args = parser.parse_args()
    if args.ours:
        import prefect_results.compat

        prefect_results.compat.install()
    import prefect  # noqa: F401 - makes its loggers

    for name in ["prefect", *logging.root.manager.loggerDict]:
        logging.getLogger(name).handlers.clear()
    words = Words()
    told = {}
    with open(os.devnull, "w") as nowhere, contextlib.redirect_stdout(nowhere):
        for path in args.flows:
            told[os.path.splitext(os.path.basename(path))[0]] = run_flow(words, path)
    with open(args.out, "w", encoding="utf-8") as file:
        json.dump(told, file, indent=1, sort_keys=True)
    shutil.rmtree(BASE, ignore_errors=True)


if __name__ == "__main__":
    main()
