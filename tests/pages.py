"""What pages show, played: the commands, scripts and files of README and docs, in the order of the page, in a folder of their own.

```yaml          the first line names the file (# town.yaml), or a title says of what it is a part
```sh            confianza commands, run one after the other
```python        a script, run by itself
```text          lines that the commands before it print, in this order
a title on sh, python or text: not run, because it takes long, stays open, or needs other machines or a store of one's own, and the title
                 says so; verbs and options of commands are checked, scripts are compiled and do their imports
"""

import ast
import io
import os
import re
import shlex
import subprocess
import sys
import tokenize
import warnings
from pathlib import Path
from typing import NamedTuple

from typer.main import get_command

from sim.cli import app, main

ROOT = Path(__file__).parent.parent
FENCE = re.compile(r'^```(\w*)(?: title="([^"]*)")?\n(.*?)^```$', re.MULTILINE | re.DOTALL)
LANGUAGES = {"sh", "python", "yaml", "text"}


class Block(NamedTuple):
    """A fenced block of a page."""

    language: str
    title: str
    text: str


def blocks(page: Path) -> list[Block]:
    """The blocks of a page, in order."""
    text = page.read_text(encoding="utf-8")
    found = [Block(*fence) for fence in FENCE.findall(text)]
    assert 2 * len(found) == len(re.findall(r"^\s*```", text, re.MULTILINE)), f"{page.name}: a fence that is not understood"
    return found


def commands(block: Block) -> list[list[str]]:
    """The commands of a shell block, split into words."""
    return [shlex.split(line, comments=True) for line in block.text.replace("\\\n", " ").splitlines() if shlex.split(line, comments=True)]


def check_command(words: list[str]) -> None:
    """That the verb of a confianza command and all of its options exist, without running it."""
    if words[0] == "make":
        targets = re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)
        assert set(words[1:]) <= set(targets), words
    elif words[0] == "confianza" and words[1:] != ["--help"]:
        verbs = get_command(app).commands
        assert words[1] in verbs, words
        verbs[words[1]].make_context(words[1], list(words[2:]))
    else:
        assert words[0] in ("confianza", "pip", "dask"), words


def run(words: list[str], capsys) -> str:
    """What a confianza command prints: run in this process, because starting Python takes longer than most commands."""
    capsys.readouterr()
    code: object = 0
    try:
        main(words[1:])
    except SystemExit as end:
        code = end.code
    printed = capsys.readouterr()
    assert not code, f"{shlex.join(words)}\n{printed.out}{printed.err}"
    return printed.out


def script(text: str, folder: Path, number: int) -> str:
    """What a script prints."""
    path = folder / f"script-{number}.py"
    path.write_text(text, encoding="utf-8")
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "MPLBACKEND": "Agg"}
    done = subprocess.run([sys.executable, path], cwd=folder, env=environment, capture_output=True, text=True, timeout=900)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def check_script(text: str) -> None:
    """That a script can be read and finds what it imports, without running it."""
    imports = [node for node in ast.parse(text).body if isinstance(node, ast.Import | ast.ImportFrom)]
    with warnings.catch_warnings(action="ignore"):  # what others warn of while they are imported
        exec(compile(ast.Module(imports, []), "a page", "exec"), {})


def collapsed(text: str) -> list[str]:
    """Lines with single blanks, empty ones left out."""
    return [" ".join(line.split()) for line in text.splitlines() if line.strip()]


def check_output(shown: str, printed: str) -> None:
    """That the lines shown were printed, in this order; a line of dots stands for what is left out."""
    rest = iter(collapsed(printed))
    for line in collapsed(shown):
        assert line == "..." or line in rest, f"{line!r} is not printed, or not in this place:\n{printed}"


def write_files(page: Path, folder: Path) -> None:
    """The files that a page shows, and the shipped studies it may speak of."""
    for block in blocks(page):
        name = re.match(r"# ([\w-]+\.yaml)\n", block.text)
        if block.language == "yaml" and name:
            (folder / name[1]).write_text(block.text, encoding="utf-8")
    (folder / "experiments").symlink_to(ROOT / "experiments")


def play(page: Path, folder: Path, capsys, monkeypatch) -> None:
    """Do what a page says; AssertionError if something of it does not work."""
    write_files(page, folder)
    monkeypatch.chdir(folder)
    monkeypatch.delenv("COLUMNS", raising=False)  # pages show what a pipe gets, whatever the width of the terminal that runs the tests
    printed = ""
    for number, block in enumerate(blocks(page)):
        if block.language == "sh":
            printed = ""
            for words in commands(block):
                if block.title or words[0] in ("make", "pip"):
                    check_command(words)
                else:
                    assert words[0] == "confianza", f"{page.name}: {words}: only confianza is run; what is not gets a title"
                    printed += run(words, capsys)
        elif block.language == "python" and block.title:
            check_script(block.text)
        elif block.language == "python":
            printed = script(block.text, folder, number)
        elif block.language == "text" and not block.title:
            check_output(block.text, printed)


def lines_of_code(text: str) -> int:
    """How many lines of a module are neither blank, nor comment, nor docstring."""
    silent = {tokenize.COMMENT, tokenize.NL, tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT, tokenize.ENDMARKER}
    tokens = [token for token in tokenize.generate_tokens(io.StringIO(text).readline) if token.type not in silent]
    code = {line for token in tokens for line in range(token.start[0], token.end[0] + 1)}
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef) and ast.get_docstring(node, clean=False):
            code -= set(range(node.body[0].lineno, (node.body[0].end_lineno or 0) + 1))
    return len(code)
