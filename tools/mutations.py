"""Small faults in Python source: where they can be planted, and the source with one of them in it.

A fault replaces one expression or statement by another that is wrong. Places where a change changes nothing that a test
could or should see are left alone: docstrings, annotations, type-checking blocks, protocols, `__all__`, the wording of
messages and help, arguments that only guard (`zip(strict=True)`, `encoding=`), and how a plot looks.
"""

from __future__ import annotations

import ast
import copy
import random
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

GUARDS = {"encoding", "errors", "exist_ok", "parents", "stacklevel", "strict"}
"""Keyword arguments of which the value shows only on another platform, or where something is wrong already."""

WORDING = {"help", "metavar", "description", "epilog", "title", "HELP", "msg", "message", "what", "hint"}
"""Keyword arguments and variables that hold what a person reads."""

LOOKS = {"alpha", "color", "edgecolor", "facecolor", "fontsize", "fontweight", "ha", "linestyle", "linewidth", "lw"} | {
    "path_effects", "s", "va", "zorder",
}  # fmt: skip
"""Keyword arguments that matplotlib draws by."""

TALK = {"print", "warn", "warning", "info", "debug", "error", "exception", "add_argument"}
"""Functions that talk to a person; what they are given is wording."""

COMPARISONS: dict[type[ast.cmpop], ast.cmpop] = {
    ast.Lt: ast.LtE(), ast.LtE: ast.Lt(), ast.Gt: ast.GtE(), ast.GtE: ast.Gt(), ast.Eq: ast.NotEq(),
    ast.NotEq: ast.Eq(), ast.Is: ast.IsNot(), ast.IsNot: ast.Is(), ast.In: ast.NotIn(), ast.NotIn: ast.In(),
}  # fmt: skip
ARITHMETIC: dict[type[ast.operator], ast.operator] = {
    ast.Add: ast.Sub(), ast.Sub: ast.Add(), ast.Mult: ast.Div(), ast.Div: ast.Mult(), ast.FloorDiv: ast.Div(),
    ast.Mod: ast.Mult(), ast.Pow: ast.Mult(),
}  # fmt: skip
SWAPPED = {"min": "max", "max": "min", "any": "all", "all": "any"}


@dataclass(frozen=True, slots=True)
class Fault:
    """One fault: the bytes from `start` to `end` of a file become `text`."""

    kind: str
    """Which operator made it, such as ``boundary`` or ``dropped statement``."""
    line: int
    """Where it is, from 1."""
    start: int
    """First byte that is replaced."""
    end: int
    """The byte behind the last one."""
    text: str
    """What is there instead."""

    def planted(self, source: bytes) -> bytes:
        """The source with the fault in it."""
        return source[: self.start] + self.text.encode() + source[self.end :]


def faults(source: bytes) -> list[Fault]:
    """Every fault that can be planted in a file, in the order of its lines."""
    finder = _Finder(source)
    finder.visit(ast.parse(source))
    return sorted(finder.found, key=lambda fault: (fault.line, fault.start, fault.kind, fault.text))


def _compiles(source: bytes) -> bool:
    try:
        compile(source, "planted", "exec")
    except SyntaxError:
        return False
    return True


def _name(node: ast.expr) -> str:
    """The last part of a name: ``log`` of ``self.log``."""
    return node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""


class _Finder(ast.NodeVisitor):
    """Walks a file and collects faults."""

    def __init__(self, source: bytes) -> None:
        self.found: list[Fault] = []
        self.starts = [0]
        for line in source.splitlines(keepends=True):
            self.starts.append(self.starts[-1] + len(line))

    def plant(self, kind: str, node: ast.expr | ast.stmt, instead: ast.AST | str) -> None:
        """Notes a fault: `instead` in the node's place."""
        assert node.end_lineno is not None
        assert node.end_col_offset is not None
        text = instead if isinstance(instead, str) else ast.unparse(instead)
        if isinstance(node, ast.expr) and not isinstance(instead, str | ast.Name | ast.Constant | ast.Call):
            text = f"({text})"
        start = self.starts[node.lineno - 1] + node.col_offset
        end = self.starts[node.end_lineno - 1] + node.end_col_offset
        self.found.append(Fault(kind, node.lineno, start, end, text))

    # What is left alone.

    def visit_JoinedStr(self, node: ast.JoinedStr) -> None:
        """A text with values in it is wording; before Python 3.12 its parts have no position either."""

    def visit_Assert(self, node: ast.Assert) -> None:
        """States what is so; nothing depends on it."""

    def visit_FunctionDef(self, node: ast.FunctionDef) -> None:
        """Looks at the defaults and the body only."""
        for default in [*node.args.defaults, *filter(None, node.args.kw_defaults)]:
            self.visit(default)
        for statement in node.body:
            self.visit(statement)

    def visit_ClassDef(self, node: ast.ClassDef) -> None:
        """Looks at the body of what is no protocol."""
        bases = {_name(base.value if isinstance(base, ast.Subscript) else base) for base in node.bases}
        if not bases & {"Protocol", "TypedDict"}:
            for statement in node.body:
                self.visit(statement)

    def visit_AnnAssign(self, node: ast.AnnAssign) -> None:
        """Looks at the value only."""
        if node.value is not None and _name(node.target) not in WORDING:
            self.visit(node.value)

    def visit_Raise(self, node: ast.Raise) -> None:
        """The error may be left out; how it is worded is no matter."""
        self.plant("dropped statement", node, "pass")

    # What is planted.

    def visit_If(self, node: ast.If) -> None:
        """A condition that always, or never, holds."""
        names = {_name(each) for each in ast.walk(node.test) if isinstance(each, ast.expr)}
        if names & {"TYPE_CHECKING", "__name__"}:
            for statement in node.orelse:
                self.visit(statement)
            return
        self.plant("condition always", node.test, "True")
        self.plant("condition never", node.test, "False")
        self.generic_visit(node)

    def visit_IfExp(self, node: ast.IfExp) -> None:
        """The same of an expression."""
        self.plant("condition always", node.test, "True")
        self.plant("condition never", node.test, "False")
        self.generic_visit(node)

    def visit_While(self, node: ast.While) -> None:
        """A loop that is not entered."""
        self.plant("condition never", node.test, "False")
        self.generic_visit(node)

    def visit_comprehension(self, node: ast.comprehension) -> None:
        """A filter that lets everything through."""
        for test in node.ifs:
            self.plant("condition always", test, "True")
        self.generic_visit(node)

    def visit_Compare(self, node: ast.Compare) -> None:
        """Another comparison: the boundary belongs to the other side, or the opposite holds."""
        for place, operator in enumerate(node.ops):
            other = copy.copy(node)
            other.ops = [*node.ops]
            other.ops[place] = COMPARISONS[type(operator)]
            kind = "boundary" if isinstance(operator, ast.Lt | ast.LtE | ast.Gt | ast.GtE) else "negation"
            self.plant(kind, node, other)
        self.generic_visit(node)

    def visit_BinOp(self, node: ast.BinOp) -> None:
        """Another arithmetic operator, or one side of a union alone."""
        texts = [side for side in (node.left, node.right) if isinstance(side, ast.JoinedStr) or _is_text(side)]
        if type(node.op) in ARITHMETIC and not texts:
            self.plant("arithmetic", node, ast.BinOp(node.left, ARITHMETIC[type(node.op)], node.right))
        elif isinstance(node.op, ast.BitOr | ast.BitAnd):
            self.plant("dropped operand", node, node.left)
        if not texts:
            self.generic_visit(node)

    def visit_BoolOp(self, node: ast.BoolOp) -> None:
        """`and` for `or`, and an operand less."""
        self.plant("and/or", node, ast.BoolOp(ast.Or() if isinstance(node.op, ast.And) else ast.And(), node.values))
        for place in range(len(node.values)):
            rest = [*node.values[:place], *node.values[place + 1 :]]
            self.plant("dropped operand", node, ast.BoolOp(node.op, rest) if len(rest) > 1 else rest[0])
        self.generic_visit(node)

    def visit_UnaryOp(self, node: ast.UnaryOp) -> None:
        """Without its `not` or its minus."""
        self.plant("negation", node, node.operand)
        self.generic_visit(node)

    def visit_Constant(self, node: ast.Constant) -> None:
        """A number next to it, or the other truth; texts are wording."""
        if isinstance(node.value, bool):
            self.plant("negation", node, str(not node.value))
        elif isinstance(node.value, int | float):
            self.plant("constant", node, repr(node.value + 1))
            self.plant("constant", node, repr(node.value - 1))

    def visit_Dict(self, node: ast.Dict) -> None:
        """A key less."""
        for place in range(len(node.keys)):
            keys, values = [*node.keys], [*node.values]
            del keys[place], values[place]
            self.plant("dropped key", node, ast.Dict(keys, values))
        self.generic_visit(node)

    def visit_Call(self, node: ast.Call) -> None:
        """A keyword argument less, or the opposite function; the function is left out where it stands alone."""
        name = _name(node.func)
        if name in TALK:
            return
        if isinstance(node.func, ast.Name) and name in SWAPPED:
            self.plant("swapped function", node.func, SWAPPED[name])
        for keyword in node.keywords:
            if keyword.arg is not None and keyword.arg not in GUARDS | WORDING | LOOKS:
                other = copy.copy(node)
                other.keywords = [each for each in node.keywords if each is not keyword]
                self.plant("dropped argument", node, other)
                self.visit(keyword.value)
        for each in [node.func, *node.args]:
            self.visit(each)

    def visit_Return(self, node: ast.Return) -> None:
        """Nothing is returned."""
        if node.value is not None and not (isinstance(node.value, ast.Constant) and node.value.value is None):
            self.plant("returns None", node, "return None")
            self.visit(node.value)

    def visit_Expr(self, node: ast.Expr) -> None:
        """A call less; a docstring is left alone."""
        if isinstance(node.value, ast.Constant):
            return
        if isinstance(node.value, ast.Call) and _name(node.value.func) not in TALK:
            self.plant("dropped statement", node, "pass")
        self.visit(node.value)

    def visit_Assign(self, node: ast.Assign) -> None:
        """A place that is not written; a name that is never set would be found by anything."""
        names = {_name(target) for target in node.targets}
        alias = node.col_offset == 0 and isinstance(node.value, ast.BinOp) and isinstance(node.value.op, ast.BitOr)
        if alias or names & (WORDING | {"__all__", "__slots__"}):
            return
        if all(isinstance(target, ast.Attribute | ast.Subscript) for target in node.targets):
            self.plant("dropped statement", node, "pass")
        self.visit(node.value)

    def visit_AugAssign(self, node: ast.AugAssign) -> None:
        """The same, and another operator."""
        self.plant("dropped statement", node, "pass")
        if type(node.op) in ARITHMETIC and not isinstance(node.value, ast.JoinedStr | ast.List):
            self.plant("arithmetic", node, ast.AugAssign(node.target, ARITHMETIC[type(node.op)], node.value))
        self.visit(node.value)

    def visit_Continue(self, node: ast.Continue) -> None:
        """Falls through, or ends the loop."""
        self.plant("dropped statement", node, "pass")
        self.plant("loop", node, "break")

    def visit_Break(self, node: ast.Break) -> None:
        """Goes on."""
        self.plant("loop", node, "continue")

    def visit_Delete(self, node: ast.Delete) -> None:
        """Nothing is deleted."""
        self.plant("dropped statement", node, "pass")


def _is_text(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and isinstance(node.value, str)


def chosen(sources: dict[str, bytes], seed: int) -> Iterator[tuple[str, Fault]]:
    """Faults of many files in an order drawn by a seed: every kind in turn, no two on one line, only what compiles."""
    draw = random.Random(seed)
    kinds: dict[str, list[tuple[str, Fault]]] = {}
    for path in sorted(sources):
        for fault in faults(sources[path]):
            kinds.setdefault(fault.kind, []).append((path, fault))
    for each in kinds.values():
        draw.shuffle(each)
    lines: set[tuple[str, int]] = set()
    while kinds:
        for kind in sorted(kinds):
            while kinds[kind]:
                path, fault = kinds[kind].pop()
                if (path, fault.line) not in lines and _compiles(fault.planted(sources[path])):
                    lines.add((path, fault.line))
                    yield path, fault
                    break
            else:
                del kinds[kind]
