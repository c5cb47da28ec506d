"""The size expressions of ISF (`floor($WIDTH/4.0)`), worked out over Python's syntax tree: nothing else is run."""

from __future__ import annotations

import ast
import math
import operator
import re
from collections.abc import Callable, Mapping

from ...core.python_ast import expression

MAX_CHARACTERS = 400
MAX_SIDE, MAX_AREA = 8192, 4096 * 4096  # of a target, in pixels
_OPERATORS: dict[type[ast.AST], Callable[..., float]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.Mod: math.fmod,
    ast.USub: operator.neg,
    ast.UAdd: operator.pos,
}
_FUNCTIONS: dict[str, Callable[..., float]] = {
    "min": min,
    "max": max,
    "abs": abs,
    "floor": math.floor,
    "ceil": math.ceil,
    "round": round,
    "sqrt": math.sqrt,
    "pow": math.pow,
    "sin": math.sin,
    "cos": math.cos,
    "tan": math.tan,
    "log": math.log,
    "exp": math.exp,
    "fmod": math.fmod,
}


class SizeError(ValueError):
    """An expression that is none."""


def parse_size(text: str, known: frozenset[str]) -> ast.expr:
    """The expression in `text`, in which `$NAME` may be one of `known`. Raises SizeError."""
    if len(text) > MAX_CHARACTERS:
        raise SizeError(f"a size expression of more than {MAX_CHARACTERS} characters")
    plain = re.sub(r"\$([A-Za-z_]\w*)", r"_v_\1", text.strip())
    try:
        tree = expression(plain)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        raise SizeError(f"size expression '{text}' cannot be read") from None
    for node in ast.walk(tree):
        if isinstance(node, ast.Name) and node.id.startswith("_v_") and node.id[3:] not in known:
            raise SizeError(f"size expression '{text}': unknown name '${node.id[3:]}'")
    evaluate(tree, dict.fromkeys(known, 1.0), text)
    return tree


def names_in(tree: ast.expr | None) -> frozenset[str]:
    """The names that an expression reads."""
    nodes = ast.walk(tree) if tree is not None else ()
    return frozenset(n.id[3:] for n in nodes if isinstance(n, ast.Name) and n.id.startswith("_v_"))


def evaluate(node: ast.expr, values: Mapping[str, float], text: str = "") -> float:
    """The value of a parsed expression; raises SizeError for anything that is not arithmetic."""
    if isinstance(node, ast.Constant) and isinstance(node.value, int | float) and not isinstance(node.value, bool):
        return float(node.value)
    if isinstance(node, ast.Name) and node.id.startswith("_v_"):
        return float(values[node.id[3:]])
    try:
        if isinstance(node, ast.BinOp) and type(node.op) in _OPERATORS:
            left, right = evaluate(node.left, values, text), evaluate(node.right, values, text)
            return float(_OPERATORS[type(node.op)](left, right))
        if isinstance(node, ast.UnaryOp) and type(node.op) in _OPERATORS:
            return float(_OPERATORS[type(node.op)](evaluate(node.operand, values, text)))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and not node.keywords:
            function = _FUNCTIONS.get(node.func.id)
            if function is not None:
                return float(function(*(evaluate(a, values, text) for a in node.args)))
    except (ZeroDivisionError, OverflowError, TypeError, ValueError) as error:
        if isinstance(error, SizeError):
            raise
        return math.nan  # a size that cannot be worked out now becomes the image's own
    raise SizeError(f"size expression '{text}': only numbers, $NAMES, + - * / % and functions such as floor, max")


def pixels(value: float, otherwise: int, limit: int = MAX_SIDE) -> int:
    """A size in whole pixels, from 1 to `limit`; `otherwise` where `value` is no number."""
    return min(max(int(value), 1), limit) if math.isfinite(value) else otherwise
