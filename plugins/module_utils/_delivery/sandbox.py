# Copyright (c) 2026, navarch.fleet contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Jinja2 where it can do no harm: no attribute that leads to Python, no change of what it is given, no endless number."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

from .._kube.errors import InputError, LibraryError

_LONGEST_REPEAT = 100_000


class Undefined(InputError):
    """An expression asks for what is not there."""


class Sandbox:
    """Compiled expressions and templates, each once."""

    def __init__(self) -> None:
        jinja2, environment = _environment()
        self._jinja2 = jinja2
        self._environment = environment
        self._expressions: dict[str, Callable[..., Any]] = {}
        self._names: dict[str, frozenset[str] | None] = {}

    def names_in(self, source: str) -> frozenset[str] | None:
        """The variables that an expression asks for; None when it is no expression."""
        if source not in self._names:
            self._names[source] = self._find_names(source)
        return self._names[source]

    def evaluate(self, source: str, variables: Mapping[str, Any]) -> Any:
        """What an expression gives, with its type.

        :raises Undefined: something in it is not there.
        :raises InputError: it can't be computed.
        """
        if source not in self._expressions:
            try:
                self._expressions[source] = self._environment.compile_expression(source, undefined_to_none=False)
            except self._jinja2.TemplateSyntaxError as error:
                raise InputError(f"it is no Jinja2 expression: {error.message}") from None
        return self._guarded(lambda: self._checked(self._expressions[source](**variables)))

    def render(self, text: str, variables: Mapping[str, Any], folder: str | None = None) -> str:
        """A whole template with the usual delimiters.

        :param folder: where templates that it includes lie; it can't reach outside.
        """
        environment = self._environment
        if folder is not None:
            environment = environment.overlay(loader=self._jinja2.FileSystemLoader(folder))
        try:
            template = environment.from_string(text)
        except self._jinja2.TemplateSyntaxError as error:
            raise InputError(f"line {error.lineno}: {error.message}") from None
        rendered: str = self._guarded(lambda: template.render(**variables))
        return rendered

    def _guarded(self, compute: Callable[[], Any]) -> Any:
        try:
            return compute()
        except self._jinja2.UndefinedError as error:
            raise Undefined(str(error.message)) from None
        except self._jinja2.exceptions.SecurityError as error:
            raise InputError(f"not allowed: {error}") from None
        except self._jinja2.TemplateSyntaxError as error:
            raise InputError(f"{error.name or 'the template'}, line {error.lineno}: {error.message}") from None
        except self._jinja2.TemplateError as error:
            raise InputError(f"{type(error).__name__}: {error}") from None
        except (ArithmeticError, AttributeError, LookupError, RecursionError, TypeError, ValueError) as error:
            raise InputError(f"{type(error).__name__}: {error}") from None

    def _checked(self, value: Any) -> Any:
        """Plain data only: what would be a generator or an undefined inside is neither."""
        if isinstance(value, self._jinja2.Undefined):
            # To ask for its text raises the error with the name in it.
            str(value)
        if value is None or isinstance(value, (bool, int, float, str)):
            return value
        if isinstance(value, Mapping):
            return {str(key): self._checked(item) for key, item in value.items()}
        if isinstance(value, (list, tuple)) or hasattr(value, "__next__"):
            return [self._checked(item) for item in value]
        raise InputError(f"it gives a {type(value).__name__}, which is no value")

    def _find_names(self, source: str) -> frozenset[str] | None:
        # As a sandbox, without anything being run: only the names are looked at.
        environment = self._environment
        try:
            parser = self._jinja2.parser.Parser(environment, source, state="variable")
            expression = parser.parse_expression()
            if not parser.stream.eos:
                return None
        except (self._jinja2.TemplateSyntaxError, RecursionError):
            return None
        nodes = self._jinja2.nodes
        names = {node.name for node in expression.find_all(nodes.Name)}
        if isinstance(expression, nodes.Name):
            names.add(expression.name)
        return frozenset(names)


@cache
def sandbox() -> Sandbox:
    """The one sandbox of this process."""
    return Sandbox()


def _environment() -> tuple[Any, Any]:
    try:
        # Half of the modules never need it, and its import is a tenth of their time.
        import jinja2
        import jinja2.sandbox
    except ImportError as error:
        raise LibraryError(
            "the Python library Jinja2 is not installed where this runs",
            next_step="Install it for that Python: pip install Jinja2",
        ) from error

    class Environment(jinja2.sandbox.ImmutableSandboxedEnvironment):
        """Fields of a mapping come before its methods, and numbers stay bounded."""

        intercepted_binops = frozenset({"*", "**"})

        def call_binop(self, context: Any, operator: str, left: Any, right: Any) -> Any:
            if operator == "**":
                raise jinja2.exceptions.SecurityError("powers")
            for value, times in ((left, right), (right, left)):
                is_repeated = isinstance(value, (str, list, tuple)) and isinstance(times, int)
                if is_repeated and len(value) * times > _LONGEST_REPEAT:
                    raise jinja2.exceptions.SecurityError("a repetition that long")
            return super().call_binop(context, operator, left, right)

        def getattr(self, obj: Any, attribute: str) -> Any:
            # A label may be called `items`, and is meant then.
            if isinstance(obj, Mapping) and attribute in obj:
                return obj[attribute]
            return super().getattr(obj, attribute)

    environment = Environment(
        undefined=jinja2.StrictUndefined, keep_trailing_newline=True, trim_blocks=True, autoescape=False
    )
    for name in ("cycler", "joiner", "lipsum", "namespace"):
        environment.globals.pop(name, None)
    return jinja2, environment
