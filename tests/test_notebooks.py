"""The notebooks of experiments/ are clean in git, short, and run from top to bottom in an empty folder."""

import json
import os
import re
import subprocess
import sys
import time
from pathlib import Path

import nbformat
import pytest

ROOT = Path(__file__).parent.parent
NOTEBOOKS = sorted((ROOT / "experiments").glob("*.ipynb"))
NAMES = [
    "01-first-city", "02-compare-reforms", "03-change-the-model", "04-sensitivity", "05-your-own-city", "06-mesa-tools",
    "07-your-own-model",
]  # fmt: skip
LOG = ROOT / "out" / "notebooks.log"
WORDS_A_MINUTE, MINUTES = 150, 10
FIGURE = re.compile(r"plt\.subplots|^plots\w*\.\w+\(", re.MULTILINE)

every = pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)


def cells(path, kind):
    return [cell for cell in nbformat.read(path, 4).cells if cell.cell_type == kind]


def text(path):
    return "\n\n".join(cell.source for cell in cells(path, "markdown"))


def test_there_are_seven():
    assert [path.stem for path in NOTEBOOKS] == NAMES


@every
def test_it_is_clean_in_git(path):
    written = path.read_text(encoding="utf-8")
    notebook = nbformat.reads(written, 4)
    nbformat.validate(notebook)
    assert (notebook.nbformat, notebook.metadata.kernelspec.name) == (4, "python3") and notebook.nbformat_minor >= 5
    assert len({cell.id for cell in notebook.cells}) == len(notebook.cells)
    assert all(re.fullmatch(r"[a-z-]+", cell.id) for cell in notebook.cells), "ids are words, so that changes can be read"
    assert all(cell.outputs == [] and cell.execution_count is None and cell.metadata == {} for cell in cells(path, "code"))
    assert written == json.dumps(json.loads(written), indent=1, ensure_ascii=False) + "\n"


@every
def test_it_is_read_in_ten_minutes(path):
    code = cells(path, "code")
    assert len(re.findall(r"\w+", text(path))) + 8 * sum(cell.source.count("\n") + 1 for cell in code) < WORDS_A_MINUTE * MINUTES
    assert max(cell.source.count("\n") + 1 for cell in code) <= 32
    assert nbformat.read(path, 4).cells[0].source.startswith("# ")


@every
def test_every_figure_is_explained_just_above_it(path):
    notebook, figures = nbformat.read(path, 4), 0
    for before, cell in zip(notebook.cells, notebook.cells[1:], strict=False):
        if cell.cell_type == "code" and FIGURE.search(cell.source):
            figures += 1
            assert "figure shows**" in before.source or "map shows**" in before.source, cell.id
    assert figures >= 1


@every
def test_links_and_names_lead_somewhere(path):
    for target in re.findall(r"\]\(([^)]+)\)", text(path)):
        assert target.startswith("https://") or (path.parent / target).is_file(), target
    for named in re.findall(r"`((?:experiments|sim|docs)/[\w/-]+)/?`", text(path)):
        assert (ROOT / named).exists(), named


@every
def test_it_reads_its_profile_once(path):
    assert sum(cell.source.count("CONFIANZA_QUICK") for cell in cells(path, "code")) == 1
    assert "CONFIANZA_QUICK" in cells(path, "code")[0].source


def test_the_page_lists_them_all():
    page = (ROOT / "docs" / "notebooks.md").read_text(encoding="utf-8")
    assert re.findall(r"experiments/([\w-]+)\.ipynb", page) == NAMES


# In a process of its own: Jupyter's clients leave sockets to the garbage collector. The kernel is that of this very Python,
# whatever kernels a user has.
RUN = """
import sys
import nbformat
from ipykernel.kernelspec import get_kernel_dict
from jupyter_client.kernelspec import KernelSpec, KernelSpecManager
from jupyter_client.manager import AsyncKernelManager
from nbclient import NotebookClient

class Here(KernelSpecManager):
    def get_kernel_spec(self, kernel_name):
        return KernelSpec(resource_dir="", **get_kernel_dict())

class Manager(AsyncKernelManager):
    def __init__(self, **options):
        super().__init__(**options | {"kernel_spec_manager": Here()})

notebook = nbformat.read(sys.argv[1], 4)
NotebookClient(notebook, kernel_manager_class=Manager, timeout=900, resources={"metadata": {"path": sys.argv[2]}}).execute()
nbformat.write(notebook, sys.argv[3])
"""


@pytest.mark.compiled
@every
def test_it_runs(path, tmp_path):
    folder, made = tmp_path / "work", tmp_path / "executed.ipynb"
    folder.mkdir()
    homes = {name: str(tmp_path / name) for name in ("IPYTHONDIR", "JUPYTER_RUNTIME_DIR", "JUPYTER_CONFIG_DIR")}
    environment = {**os.environ, **homes, "CONFIANZA_QUICK": "1", "PYTHONPATH": str(ROOT)}
    begin, before = time.perf_counter(), sum(os.times()[2:4])
    done = subprocess.run([sys.executable, "-c", RUN, path, folder, made], env=environment, capture_output=True, text=True, timeout=900)
    seconds, work = time.perf_counter() - begin, sum(os.times()[2:4]) - before
    assert done.returncode == 0, done.stderr[-4000:]
    LOG.parent.mkdir(exist_ok=True)
    with LOG.open("a", encoding="utf-8") as log:
        log.write(f"{path.stem:22} {seconds:6.1f} s, {work:6.1f} s of processor time, Python {sys.version.split()[0]}\n")
    executed = cells(made, "code")
    assert [cell.execution_count for cell in executed] == list(range(1, len(executed) + 1))
    drawn = [output for cell in executed for output in cell.outputs if "image/png" in output.get("data", {})]
    assert len(drawn) >= len(FIGURE.findall("\n".join(cell.source for cell in executed)))
