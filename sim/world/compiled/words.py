"""64-bit words, and their like: the same in compiled and in interpreted code."""

from struct import pack, unpack

import numba
import numpy as np

from sim.world.compiled.inlining import INTERPRETED, within

_MASK = (1 << 64) - 1

if INTERPRETED:

    def word(x):
        """An integer as an unsigned 64-bit word."""
        return int(x) & _MASK

    def add_words(a, b):
        """The sum of two words, wrapping round."""
        return (a + b) & _MASK

    def multiply_low(a, b):
        """The low 64 bits of the product of two words."""
        return (a * b) & _MASK

    def fetch(column, row):
        """Ask the processor to bring a row near that will be needed soon."""

    def multiply(a, b):
        """The high and the low 64 bits of the product of two words."""
        product = a * b
        return product >> 64, product & _MASK

    def double(x):
        """A number in double precision, whatever column it is from."""
        return float(x)

    def bits_of(x):
        """The word that stands for a double."""
        return unpack("<Q", pack("<d", x))[0]

    def from_bits(bits):
        """The double that a word stands for."""
        return unpack("<d", pack("<Q", bits))[0]

else:
    from llvmlite import ir
    from numba.extending import intrinsic

    @within
    def word(x):
        """An integer as an unsigned 64-bit word."""
        return np.uint64(x)

    @within
    def add_words(a, b):
        """The sum of two words, wrapping round."""
        return np.uint64(a) + np.uint64(b)

    @within
    def multiply_low(a, b):
        """The low 64 bits of the product of two words."""
        return np.uint64(a) * np.uint64(b)

    @intrinsic
    def fetch(typingctx, column, row):
        """Ask the processor to bring a row near that will be needed soon."""

        def generate(context, builder, signature, arguments):
            array = context.make_array(signature.args[0])(context, builder, arguments[0])
            stride = builder.extract_value(array.strides, 0)
            byte = ir.IntType(8).as_pointer()
            place = builder.gep(builder.bitcast(array.data, byte), [builder.mul(stride, builder.zext(arguments[1], stride.type))])
            kind = ir.FunctionType(ir.VoidType(), [byte, *[ir.IntType(32)] * 3])
            prefetch = builder.module.declare_intrinsic("llvm.prefetch", [byte], kind)
            builder.call(prefetch, [place, *(ir.Constant(ir.IntType(32), value) for value in (0, 3, 1))])  # to read, keep near, data
            return context.get_dummy_value()

        return numba.types.void(column, numba.uint32), generate

    @intrinsic
    def multiply(typingctx, a, b):
        """The high and the low 64 bits of the product of two words, of one multiplication: apart they would cost two."""

        def generate(context, builder, signature, arguments):
            wide = ir.IntType(128)
            x, y = (builder.zext(value, wide) for value in arguments)
            product = builder.mul(x, y)
            parts = [builder.lshr(product, ir.Constant(wide, 64)), product]
            return context.make_tuple(builder, signature.return_type, [builder.trunc(part, ir.IntType(64)) for part in parts])

        return numba.types.UniTuple(numba.uint64, 2)(numba.uint64, numba.uint64), generate

    @within
    def double(x):
        """A number in double precision, whatever column it is from."""
        return np.float64(x)

    def _cast(number, to):
        """An intrinsic that takes the bits of one type for another's."""

        def cast(typingctx, x):
            def generate(context, builder, signature, arguments):
                return builder.bitcast(arguments[0], context.get_value_type(to))

            return to(number), generate

        return intrinsic(cast)

    bits_of, from_bits = _cast(numba.float64, numba.uint64), _cast(numba.uint64, numba.float64)
