"""What a task's ``run`` accepts: its check, and the binding of arguments to it.

Plain functions are read from their code object, which costs a microsecond; anything else goes
through :mod:`inspect`, which is imported on first need only.
"""

from __future__ import annotations

from types import FunctionType, MethodType
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

if TYPE_CHECKING:
    import inspect
    from collections.abc import Callable, Mapping
    from typing import Any

CO_VARARGS = 0x04
CO_VARKEYWORDS = 0x08
RESERVED_ARGUMENTS = ("upstream_tasks", "mapped", "task_args", "flow")

_UNINSPECTABLE = (
    "Python does not tell the arguments of this function, as of many that are written in C (of "
    "NumPy, say). Make a task of a Python function that calls it."
)
_VARARGS = (
    "A task gets its inputs by name, so its function cannot have *args. Let it take a list, or "
    "**kwargs."
)


def validate_run_signature(run: Callable[..., Any]) -> None:
    """Check that Prefect can pass arguments to ``run`` by keyword.

    Args:
        run: The function or method that a task would run.

    Raises:
        ValueError: if ``run`` takes ``*args``, has an argument with a reserved name, or cannot be
            inspected.
    """
    function = unwrap(run)
    if type(function) is FunctionType:
        code = function.__code__
        varargs = bool(code.co_flags & CO_VARARGS)
        arguments: tuple[str, ...] = code.co_varnames[: code.co_argcount]
    else:
        varargs, arguments = _inspected_arguments(function)
    if varargs:
        raise ValueError(_VARARGS)
    violations = [name for name in RESERVED_ARGUMENTS if name in arguments]
    if violations:
        raise ValueError(
            f"Tasks cannot have the following argument names: {', '.join(violations)}."
            " These are reserved keyword arguments."
        )


def _inspected_arguments(function: Callable[..., Any]) -> tuple[bool, tuple[str, ...]]:
    import inspect

    try:
        spec = inspect.getfullargspec(function)
    except TypeError as exc:
        if str(exc) == "unsupported callable":
            raise ValueError(_UNINSPECTABLE) from exc
        raise
    return spec.varargs is not None, tuple(spec.args)


def unwrap(function: Callable[..., Any]) -> Callable[..., Any]:
    """Follow ``__wrapped__`` to the function that was decorated."""
    seen = 0
    while True:
        inner = getattr(function, "__wrapped__", None)
        if inner is None:
            return function
        function = inner
        seen += 1
        if seen > 1000:
            raise ValueError(f"wrapper loop when unwrapping {function!r}")


def infer_nout(run: Callable[..., Any]) -> int | None:
    """How many results ``run`` says it returns: the length of a ``Tuple[...]`` annotation.

    Args:
        run: The function or method that a task runs.

    Returns:
        The number of outputs, or None where the annotation does not fix one.
    """
    function = getattr(run, "__func__", run)
    if type(function) is FunctionType and not function.__dict__:
        annotation = function.__annotations__.get("return")
    else:
        annotation = _inspected_annotation(run)
    if annotation is None or not hasattr(annotation, "__origin__"):
        return None
    import typing

    bare: Any = typing.Tuple  # noqa: UP006
    origin: Any = typing.get_origin(annotation)
    if origin is not tuple or annotation is bare:
        return None
    args = typing.get_args(annotation)
    if args == ((),):
        return 0
    if len(args) == 2 and args[1] is Ellipsis:
        return None
    return len(args)


def _inspected_annotation(run: Callable[..., Any]) -> Any:
    import inspect

    try:
        annotation = inspect.signature(run).return_annotation
    except Exception:
        return None
    return None if annotation is inspect.Signature.empty else annotation


class RunSignature:
    """The arguments of one ``run``, ready for binding.

    Attributes:
        names: Positional-or-keyword arguments, in order.
        accepted: All argument names that can be passed by keyword.
        ordered: ``accepted`` in the order of the signature.
        required: The arguments without a default.
        positional_only: Arguments that cannot be passed by keyword (a task rejects them).
        var_keyword: Name of the ``**kwargs`` argument, or None.
    """

    __slots__ = (
        "__weakref__",
        "accepted",
        "names",
        "ordered",
        "positional_only",
        "required",
        "var_keyword",
    )

    def __init__(
        self,
        names: tuple[str, ...],
        keyword_only: tuple[str, ...],
        required: frozenset[str],
        positional_only: tuple[str, ...],
        var_keyword: str | None,
    ) -> None:
        self.names = names
        self.ordered = names + keyword_only
        self.accepted = frozenset(self.ordered)
        self.required = required
        self.positional_only = positional_only
        self.var_keyword = var_keyword

    def bind(
        self, run: Callable[..., Any], args: tuple[Any, ...], kwargs: Mapping[str, Any]
    ) -> dict[str, Any]:
        """Say which argument of ``run`` gets which value.

        Args:
            run: The callable this signature belongs to, asked for the words of an error.
            args: Positional values.
            kwargs: Values by keyword; what ``**kwargs`` takes is kept flat.

        Returns:
            Values by argument name, in the order of the signature.

        Raises:
            TypeError: if the values do not fit, in the words of :meth:`inspect.Signature.bind`.
        """
        names = self.names
        if self.positional_only or len(args) > len(names):
            return self._bind_slowly(run, args, kwargs)
        bound = dict(zip(names, args, strict=False))
        if kwargs:
            accepted = self.accepted
            extra: dict[str, Any] = {}
            for key, value in kwargs.items():
                if key in bound:
                    return self._bind_slowly(run, args, kwargs)
                if key in accepted:
                    bound[key] = value
                elif self.var_keyword is not None:
                    extra[key] = value
                else:
                    return self._bind_slowly(run, args, kwargs)
            if len(bound) > 1:
                bound = {key: bound[key] for key in self.ordered if key in bound}
            if extra:
                bound.update(extra)
        if not self.required <= bound.keys():
            return self._bind_slowly(run, args, kwargs)
        return bound

    def _bind_slowly(
        self, run: Callable[..., Any], args: tuple[Any, ...], kwargs: Mapping[str, Any]
    ) -> dict[str, Any]:
        import inspect

        bound = dict(inspect.signature(run).bind(*args, **kwargs).arguments)
        if self.var_keyword is not None:
            bound.update(bound.pop(self.var_keyword, {}))
        return bound


_of_function: WeakKeyDictionary[Any, RunSignature] = WeakKeyDictionary()
_of_method: WeakKeyDictionary[Any, RunSignature] = WeakKeyDictionary()


def signature_of(run: Callable[..., Any]) -> RunSignature:
    """The signature of a function or bound method, remembered for as long as it lives.

    Args:
        run: A task's ``run``.

    Returns:
        What it accepts.

    Raises:
        ValueError: if it cannot be inspected.
    """
    is_method = type(run) is MethodType
    function = run.__func__ if is_method else run  # type: ignore[attr-defined]
    known = _of_method if is_method else _of_function
    try:
        found = known.get(function)
    except TypeError:
        return _read(run, function, is_method)
    if found is None:
        found = _read(run, function, is_method)
        try:
            known[function] = found
        except TypeError:
            return found
    return found


def _read(run: Callable[..., Any], function: Any, is_method: bool) -> RunSignature:
    inner: Any = function
    while type(inner) is FunctionType and "__signature__" not in inner.__dict__:
        if "__wrapped__" not in inner.__dict__:
            return _read_code(inner, 1 if is_method else 0)
        inner = inner.__dict__["__wrapped__"]
    import inspect

    return _read_inspected(inspect.signature(run))


def _read_code(function: FunctionType, skip: int) -> RunSignature:
    code = function.__code__
    count = code.co_argcount
    names = code.co_varnames[:count]
    keyword_only = code.co_varnames[count : count + code.co_kwonlyargcount]
    without_default = names[: count - len(function.__defaults__ or ())]
    keyword_defaults = function.__kwdefaults__ or {}
    var_keyword = None
    if code.co_flags & CO_VARKEYWORDS:
        at = count + code.co_kwonlyargcount + bool(code.co_flags & CO_VARARGS)
        var_keyword = code.co_varnames[at]
    positional = max(code.co_posonlyargcount, skip)
    return RunSignature(
        names=names[positional:],
        keyword_only=keyword_only,
        required=frozenset(without_default[skip:])
        | {name for name in keyword_only if name not in keyword_defaults},
        positional_only=names[skip : code.co_posonlyargcount],
        var_keyword=var_keyword,
    )


def _read_inspected(signature: inspect.Signature) -> RunSignature:
    parameters = list(signature.parameters.values())

    def of_kind(kind: Any) -> tuple[str, ...]:
        return tuple(p.name for p in parameters if p.kind is kind)

    var_keyword = next((p.name for p in parameters if p.kind is p.VAR_KEYWORD), None)
    required = frozenset(
        p.name
        for p in parameters
        if p.default is p.empty and p.kind not in (p.VAR_KEYWORD, p.VAR_POSITIONAL)
    )
    any_parameter = parameters[0] if parameters else None
    if any_parameter is None:
        return RunSignature((), (), frozenset(), (), None)
    return RunSignature(
        names=of_kind(any_parameter.POSITIONAL_OR_KEYWORD),
        keyword_only=of_kind(any_parameter.KEYWORD_ONLY),
        required=required,
        positional_only=of_kind(any_parameter.POSITIONAL_ONLY),
        var_keyword=var_keyword,
    )
