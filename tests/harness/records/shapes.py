"""Every field of a record, told from its type: values that it takes, and values that it does not."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from msgspec import inspect

if TYPE_CHECKING:
    from collections.abc import Iterator

Part = str | int
"""A field's name or a table's key; the place in a list."""

ANY = "any name"
"""A key of every table whose keys are free."""

CANDIDATES: tuple[object, ...] = ("x", 3, -1, 0, 2.5, -0.5, True, [], ["x"], {}, {"x": "y"})


class Place(NamedTuple):
    """A field, however deep."""

    path: tuple[Part, ...]
    type: inspect.Type
    required: bool

    @property
    def name(self) -> str:
        """As messages write it."""
        parts = [f"[{part}]" if isinstance(part, int) else f".{part}" for part in self.path]
        return "".join(parts).lstrip(".")

    @property
    def nullable(self) -> bool:
        """Whether null is one of its values."""
        return accepts(self.type, None)


def places(kind: inspect.Type, path: tuple[Part, ...] = (), *, required: bool = True) -> Iterator[Place]:
    """The fields of a type, itself included."""
    yield Place(path, kind, required)
    for one in alternatives(kind):
        if isinstance(one, inspect.StructType):
            for at, field in enumerate(one.fields):
                part: Part = at if one.array_like else field.encode_name
                yield from places(field.type, (*path, part), required=field.required)
        elif isinstance(one, inspect.DictType):
            yield from places(one.value_type, (*path, ANY))
        elif isinstance(one, inspect.VarTupleType | inspect.ListType):
            yield from places(one.item_type, (*path, 0))
        elif isinstance(one, inspect.TupleType):
            for at, item in enumerate(one.item_types):
                yield from places(item, (*path, at))


def alternatives(kind: inspect.Type) -> tuple[inspect.Type, ...]:
    """The types of a union; a type by itself."""
    return kind.types if isinstance(kind, inspect.UnionType) else (kind,)


def accepts(kind: inspect.Type, value: object) -> bool:
    """Whether a value is of the type, as its outermost form goes."""
    return any(_is(one, value) for one in alternatives(kind))


def _is(kind: inspect.Type, value: object) -> bool:
    match kind:
        case inspect.NoneType():
            return value is None
        case inspect.StrType():
            return isinstance(value, str)
        case inspect.BoolType():
            return isinstance(value, bool)
        case inspect.LiteralType():
            return value in kind.values and not isinstance(value, bool)
        case inspect.IntType() | inspect.FloatType():
            numbers = int if isinstance(kind, inspect.IntType) else (int, float)
            if isinstance(value, bool) or not isinstance(value, numbers):
                return False
            return (kind.ge is None or value >= kind.ge) and (kind.gt is None or value > kind.gt)
        case inspect.DictType():
            return value == {} or (
                isinstance(value, dict) and all(accepts(kind.value_type, one) for one in value.values())
            )
        case inspect.StructType():
            return isinstance(value, dict) and not kind.array_like and not any(one.required for one in kind.fields)
        case inspect.VarTupleType() | inspect.ListType():
            return isinstance(value, list) and all(accepts(kind.item_type, one) for one in value)
        case inspect.TupleType():
            return False
    raise NotImplementedError(kind)


def wrong(kind: inspect.Type) -> list[object]:
    """Values that a field does not take."""
    return [value for value in CANDIDATES if not accepts(kind, value) and not _deeper(kind, value)]


def _deeper(kind: inspect.Type, value: object) -> bool:
    """Whether what is wrong with the value lies below it."""
    for one in alternatives(kind):
        as_list = isinstance(one, inspect.VarTupleType | inspect.TupleType | inspect.ListType)
        as_list = as_list or (isinstance(one, inspect.StructType) and one.array_like)
        if isinstance(value, list) and value and as_list:
            return True
        if isinstance(value, dict) and not as_list and isinstance(one, inspect.DictType | inspect.StructType):
            return True
    return False


def example(kind: inspect.Type, *, whole: bool) -> object:
    """Plain values of a type: all of its fields, or only those that must be there."""
    one = alternatives(kind)[0]
    match one:
        case inspect.StrType():
            return "x"
        case inspect.IntType():
            return 3
        case inspect.FloatType():
            return 2.5
        case inspect.BoolType():
            return True
        case inspect.LiteralType():
            return one.values[0]
        case inspect.DictType():
            return {ANY: example(one.value_type, whole=whole)} if whole else {}
        case inspect.VarTupleType() | inspect.ListType():
            return [example(one.item_type, whole=whole)] if whole else []
        case inspect.TupleType():
            return [example(item, whole=whole) for item in one.item_types]
        case inspect.StructType():
            fields = [field for field in one.fields if whole or field.required]
            values = {field.encode_name: example(field.type, whole=whole) for field in fields}
            return list(values.values()) if one.array_like else values
    raise NotImplementedError(one)


def holding(kind: inspect.Type, path: tuple[Part, ...], value: object) -> object:
    """Plain values with only what must be there, and this at the place."""
    if not path:
        return value
    first, *rest = path
    for one in alternatives(kind):
        if isinstance(one, inspect.StructType):
            found = example(one, whole=False)
            fields = {at if one.array_like else field.encode_name: field.type for at, field in enumerate(one.fields)}
            assert isinstance(found, dict | list)
            found[first] = holding(fields[first], tuple(rest), value)  # type: ignore[index]
            return found
        if isinstance(one, inspect.DictType):
            return {first: holding(one.value_type, tuple(rest), value)}
        if isinstance(one, inspect.VarTupleType | inspect.ListType):
            return [holding(one.item_type, tuple(rest), value)]
        if isinstance(one, inspect.TupleType):
            assert isinstance(first, int)
            items = [example(item, whole=False) for item in one.item_types]
            items[first] = holding(one.item_types[first], tuple(rest), value)
            return items
    raise KeyError(path)
