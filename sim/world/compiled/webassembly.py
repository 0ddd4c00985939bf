"""The same rules and phases as a module of WebAssembly, which any browser runs: numba's LLVM, translated for it."""

import re
import subprocess
import tempfile
from collections import namedtuple
from collections.abc import Callable, Mapping
from inspect import signature
from pathlib import Path
from shutil import which
from typing import Any

import llvmlite.binding as llvm
from llvmlite import ir
from numba.core import cgutils
from numba.core.codegen import JITCodeLibrary

from sim.errors import InputError
from sim.world.compiled.addresses import address_of, read_part
from sim.world.compiled.inlining import within

TRIPLE, FEATURES = "wasm32-unknown-unknown", "+bulk-memory,+mutable-globals,+nontrapping-fptoint,+sign-ext"
LAYOUT = "e-m:e-p:32:32-p10:8:8-p20:8:8-i64:64-i128:128-n32:64-S128-ni:1:10:20"
# The product of two words of 64 bits of four products of their halves: there is no wider one, and a call would take longer than this.
PRODUCT = """
define linkonce_odr i128 @product(i128 %x, i128 %y) alwaysinline {
  %a = trunc i128 %x to i64
  %b = trunc i128 %y to i64
  %a0 = and i64 %a, 4294967295
  %a1 = lshr i64 %a, 32
  %b0 = and i64 %b, 4294967295
  %b1 = lshr i64 %b, 32
  %low = mul i64 %a0, %b0
  %middle = mul i64 %a1, %b0
  %other = mul i64 %a0, %b1
  %high = mul i64 %a1, %b1
  %carry = lshr i64 %low, 32
  %sum = add i64 %middle, %carry
  %sum0 = and i64 %sum, 4294967295
  %sum1 = lshr i64 %sum, 32
  %more = add i64 %other, %sum0
  %more1 = lshr i64 %more, 32
  %top = add i64 %high, %sum1
  %most = add i64 %top, %more1
  %least = mul i64 %a, %b
  %wide = zext i64 %most to i128
  %shifted = shl i128 %wide, 64
  %narrow = zext i64 %least to i128
  %whole = or i128 %shifted, %narrow
  ret i128 %whole
}
"""


def webassembly(entries: Mapping[Callable[..., Any], tuple[Any, ...]]) -> bytes:
    """A module that exports these entries, compiled for arguments like these.

    What is exported takes the address of its arguments, written down one after the other as `addresses` does, in words of 8 bytes.
    To be called in a process that compiles nothing else: numba is told to leave all optimizing to the end.

    Raises
    ------
    InputError
        If no linker is installed.
    """
    linker = which("wasm-ld")
    if linker is None:
        raise InputError("wasm-ld, which links WebAssembly, is not installed.", "On Debian or Ubuntu: apt install lld")
    # Passes for a 64-bit machine would bake in where things lie in its memory, and the registers of this one.
    JITCodeLibrary._optimize_functions = JITCodeLibrary._optimize_final_module = lambda *_: None
    names = [function.__name__ for function in entries]
    texts = [text for function, arguments in entries.items() for text in _texts(function, arguments)]
    with tempfile.TemporaryDirectory() as folder:
        objects, linked = Path(folder) / "city.o", Path(folder) / "city.wasm"
        objects.write_bytes(_translated(texts, names))
        exports = [f"--export={name}" for name in (*names, "__heap_base")]
        subprocess.run([linker, "--no-entry", "--strip-all", "-z", "stack-size=65536", *exports, objects, "-o", linked], check=True)
        return linked.read_bytes()


def _texts(function, arguments):
    """LLVM's text of an entry with what it calls, and of what is exported in its place."""
    made = within(getattr(function, "py_func", function), always=False)
    fields = list(signature(made.py_func).parameters)
    block = address_of(namedtuple(function.__name__, fields)(*arguments))
    made.compile(block.parts)
    (compiled,) = made.overloads.values()
    context, described = compiled.target_context, compiled.fndesc
    module = context.create_module(f"export.{function.__name__}")
    exported = ir.Function(module, ir.FunctionType(ir.VoidType(), [cgutils.voidptr_t]), function.__name__)
    builder = ir.IRBuilder(exported.append_basic_block())
    values = [read_part(context, builder, block, exported.args[0], name) for name in block.kind._fields]
    callee = context.declare_function(module, described)
    context.call_conv.call_function(builder, callee, described.restype, described.argtypes, values)
    builder.ret_void()
    return str(compiled.library._final_module), str(module)


def _portable(text):
    """The text without what it says of this machine; products of 128 bits are made of halves."""
    text = re.sub(r"^target .*$", "", text, flags=re.MULTILINE).replace(" common global", " weak_odr global")
    text, products = re.subn(r"= mul (?:nuw |nsw )*i128 ", "= call i128 @product(i128 ", text)
    return re.sub(r"(@product\(i128 \S+), (\S+)", r"\1, i128 \2)", text) + PRODUCT if products else text


def _translated(texts, names):
    """Object code of all texts together. What is not exported is internal, so that nothing is left of what is inlined."""
    llvm.initialize_all_targets()
    llvm.initialize_all_asmprinters()
    whole = llvm.parse_assembly("")
    for text in texts:
        whole.link_in(llvm.parse_assembly(_portable(text)))
    whole.triple, whole.data_layout = TRIPLE, LAYOUT
    for each in (*whole.functions, *whole.global_variables):
        if not each.is_declaration and each.name not in names:
            each.linkage = "internal"
    machine = llvm.Target.from_triple(TRIPLE).create_target_machine(cpu="generic", features=FEATURES, opt=3, reloc="static")
    options = llvm.create_pipeline_tuning_options(speed_level=3)
    options.loop_unrolling = False  # half as large again, and no faster
    passes = llvm.create_pass_builder(machine, options)
    passes.getModulePassManager().run(whole, passes)
    return machine.emit_object(whole)
