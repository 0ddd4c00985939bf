"""How compiled code takes a city and the parameters: by the address of one block of memory.

numba hands a named tuple over as all the numbers it comes to: a city is seven hundred, at each of a thousand calls, and to compile them
took more than half of the time. So what holds tables (a named tuple of named tuples) is written into a block, table by table, when
Python calls an entry; compiled functions are told where it is, and read where a column lies when they need it.
"""

import hashlib
from functools import cache
from typing import Any

import numba
from llvmlite import ir
from numba.core import cgutils
from numba.core.datamodel.models import OpaqueModel
from numba.core.imputils import lower_getattr_generic
from numba.core.typing.templates import AttributeTemplate
from numba.extending import NativeValue, infer_getattr, register_model, typeof_impl, unbox

WORD = ir.IntType(64)
ITEM_SIZE, DATA, SHAPE, STRIDES = 3, 4, 5, 6  # where numba keeps these in an array
_usual = typeof_impl.dispatch(tuple)


class Address(numba.types.Type):  # type: ignore[misc]
    """The address of a named tuple's block. Its parts are columns, numbers, and further named tuples, which lie within."""

    def __init__(self, kind: Any, parts: tuple[Any, ...]) -> None:
        self.kind, self.parts = kind, parts
        super().__init__(f"{kind.__name__}_{hashlib.sha256(repr(parts).encode()).hexdigest()[:12]}")

    def part(self, name: str) -> tuple[int, Any]:
        """The number and the type of a part."""
        number = self.kind._fields.index(name)
        return number, self.parts[number]


@typeof_impl.register(tuple)
def _typeof(value: Any, context: Any) -> Any:
    """What holds tables is taken by its address, other tuples as they are."""
    return address_of(value) if any(hasattr(part, "_fields") for part in value) else _usual(value, context)


def address_of(value: Any) -> Address:
    """The type of the block that a named tuple and those within it come to."""
    return Address(type(value), tuple(address_of(part) if hasattr(part, "_fields") else numba.typeof(part) for part in value))


@cache
def _layout(part: Any) -> Any:
    """A part's memory: of a column, which has no gaps, where it begins and its shape."""
    if isinstance(part, Address):
        return ir.LiteralStructType([_layout(inner) for inner in part.parts])
    if isinstance(part, numba.types.Array):
        assert part.layout == "C", part
        return ir.LiteralStructType([cgutils.voidptr_t, *[WORD] * part.ndim])
    return {numba.types.float64: ir.DoubleType(), numba.types.int64: WORD, numba.types.uint64: WORD}[part]


register_model(Address)(OpaqueModel)


@infer_getattr
class _Parts(AttributeTemplate):  # type: ignore[misc]
    key = Address

    def generic_resolve(self, typ: Any, name: str) -> Any:
        return typ.part(name)[1] if name in typ.kind._fields else None


@lower_getattr_generic(Address)
def read_part(context, builder, typ, address, name):
    """A part: of a table its address, of a column what numba keeps of an array, of a number itself."""
    number, part = typ.part(name)
    block = builder.bitcast(address, _layout(typ).as_pointer())

    def load(*inner):
        loaded = builder.load(cgutils.gep_inbounds(builder, block, 0, number, *inner))
        loaded.set_metadata("invariant.load", builder.module.add_metadata([]))  # nothing moves while compiled code runs
        return loaded

    if isinstance(part, Address):
        return builder.bitcast(cgutils.gep_inbounds(builder, block, 0, number), cgutils.voidptr_t)
    if not isinstance(part, numba.types.Array):
        return load()
    item, array = context.get_data_type(part.dtype), ir.Constant(context.get_value_type(part), None)
    size = WORD(context.get_abi_sizeof(item))
    array = builder.insert_value(array, size, ITEM_SIZE)
    array = builder.insert_value(array, builder.bitcast(load(0), item.as_pointer()), DATA)
    for axis in reversed(range(part.ndim)):
        length = load(1 + axis)
        array = builder.insert_value(array, length, (SHAPE, axis))
        array = builder.insert_value(array, size, (STRIDES, axis))
        size = builder.mul(size, length)
    return array


@unbox(Address)
def _take(typ, value, c):
    """Write a block for the time of a call."""
    block = cgutils.alloca_once(c.builder, _layout(typ))
    return NativeValue(c.builder.bitcast(block, cgutils.voidptr_t), is_error=_write(typ, value, block, c))


def _write(typ, value, block, c):
    """Write a named tuple into its block; whether something was amiss."""
    amiss = cgutils.false_bit
    for number, part in enumerate(typ.parts):
        item, where = c.pyapi.tuple_getitem(value, number), cgutils.gep_inbounds(c.builder, block, 0, number)
        if isinstance(part, Address):
            amiss = c.builder.or_(amiss, _write(part, item, where, c))
        elif isinstance(part, numba.types.Array):
            array = c.context.make_array(part)(c.context, c.builder)
            wrong = c.pyapi.numba_array_adaptor(item, c.builder.bitcast(array._getpointer(), cgutils.voidptr_t))
            amiss = c.builder.or_(amiss, cgutils.is_not_null(c.builder, wrong))
            lengths = cgutils.unpack_tuple(c.builder, array.shape)
            for n, word in enumerate([c.builder.bitcast(array.data, cgutils.voidptr_t), *lengths]):
                c.builder.store(word, cgutils.gep_inbounds(c.builder, where, 0, n))
        else:
            number_of = c.pyapi.float_as_double if part == numba.types.float64 else c.pyapi.long_as_longlong
            c.builder.store(number_of(item), where)
    return amiss
