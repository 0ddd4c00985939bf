# Two commands matter: `make demo` and `make test`. Both build what they need, once.

VENV := .venv
BIN := $(VENV)/bin
CONTENT := $(shell cat pyproject.toml constraints.txt | cksum | cut -d ' ' -f 1)
STAMP := $(VENV)/installed-$(CONTENT)
DEV_STAMP := $(VENV)/installed-dev-$(CONTENT)
INSTALL := $(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt
# The first Python that this project runs on and that can make environments
FITS := import sys, venv, ensurepip; sys.exit(not (3, 11) <= sys.version_info[:2] < (3, 15))
PYTHONS := $(PYTHON) python3 python3.13 python3.12 python3.11 python3.14

.DEFAULT_GOAL := help
.PHONY: help env demo battery golden digests versions test test-interpreted hard bench check format validate validation which-reform which-parameters-matter posteriors web docs clean

help: ## show this list
	@grep -E '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | awk -F '\t' '{printf "make %-18s %s\n", $$1, $$2}'

env: $(STAMP) ## build the environment in .venv (reused until pyproject.toml or constraints.txt change)

$(STAMP):
	@found=""; if ! $(BIN)/python -c "$(FITS)" 2>/dev/null; then \
	  for python in $(PYTHONS); do \
	    if $$python -c "$(FITS)" 2>/dev/null; then found=$$python; break; fi; \
	  done; \
	  if [ -z "$$found" ]; then \
	    echo "Confianza needs Python 3.11 to 3.14 with the venv module, and none of these is one: $(PYTHONS)." >&2; \
	    echo "Install one (on Debian or Ubuntu: apt install python3.12 python3.12-venv), or say where: make env PYTHON=/path/to/python3.12" >&2; \
	    exit 1; \
	  fi; \
	  echo "Building $(VENV) with $$($$found --version); this happens once and takes a few minutes ..."; \
	  $$found -m venv --clear $(VENV); \
	fi
	@$(INSTALL) -e ".[test]"
	@rm -f $(VENV)/installed-*
	@touch $@

$(DEV_STAMP): $(STAMP)
	@$(INSTALL) -e ".[test,dev]"
	@touch $@

demo: env ## compare three reforms and a sequence on Mexico City, 2016: a table, figures, a report in English and Spanish
	$(BIN)/confianza compare experiments/reforms-compared/study.yaml --out out/demo
	$(BIN)/confianza validate mexico-city-2016 --draws 24 --out out/demo
	$(BIN)/confianza report out/demo

test: env ## all tests, compiled
	$(BIN)/python -m pytest -q -n auto

test-interpreted: env ## the tests that do not need speed, without compiling, with coverage
	NUMBA_DISABLE_JIT=1 $(BIN)/python -m pytest -q -n auto -m "not compiled" --cov=sim --cov-report=term

hard: env ## what the engine survives: 20 kills of each verb, executors, a million runs; about half an hour
	HARD=1 $(BIN)/python -m pytest -q -s tests/engine/test_kill.py tests/engine/test_kill_verbs.py tests/engine/test_executors.py
	$(BIN)/python experiments/engine/executors.py
	$(BIN)/python experiments/engine/million.py

bench: env ## speed and memory, as ratios to peers in the same process
	$(BIN)/python experiments/benchmarks/run.py

check: $(DEV_STAMP) ## quick: format, lint, types, walls
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python -m pytest -q tests/test_walls.py

format: $(DEV_STAMP) ## format the code
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

golden: env ## write the golden numbers anew; look at the difference before you commit it
	UPDATE_GOLDEN=1 $(BIN)/python -m pytest -q tests/world/test_golden.py tests/world/test_digests.py tests/studies/test_golden_studies.py
	git diff --stat tests/golden

digests: env ## what small cities come to here, bit for bit, and whether it is what was kept
	$(BIN)/python tests/digests.py

versions: $(DEV_STAMP) ## the tests on every Python from 3.11 to 3.14 that is there; those that are not are named
	$(BIN)/nox

validate: env ## compare the model with the patterns it should reproduce, over the draws of what was calibrated
	$(BIN)/confianza validate national-average
	$(BIN)/confianza validate mexico-city-2016

validation: env ## write docs/validation.md and docs/es/validacion.md anew: patterns, other years and places, mechanisms switched off
	$(BIN)/confianza validate national-average --page out/validation/validation.md
	cp out/validation/validation.md docs/validation.md
	cp out/validation/es/validacion.md docs/es/validacion.md
	cp out/validation/validation/*.png out/validation/validation/validation.json docs/validation/

battery: env ## how honest the emulator is: known answers, 30 minutes of processor time (rivals too: pip install openturns)
	PYTHONPATH=experiments/known-answers $(BIN)/python experiments/known-answers/battery.py --page out/battery/battery.md
	cp out/battery/battery.md docs/battery.md

PLACES := mexico-city national state-yucatan state-guerrero
which-reform: env ## which reform for four places: 24,480 runs, decisions, reports, the same tables as archived; about an hour
	for place in $(PLACES); do \
	  $(BIN)/confianza decide experiments/which-reform/$$place.yaml --out out/which-reform-$$place || exit; \
	  $(BIN)/confianza report out/which-reform-$$place || exit; \
	done
	$(BIN)/python experiments/which-reform/tables.py $(PLACES:%=out/which-reform-%)
	$(BIN)/python experiments/archived.py docs/which-reform $(foreach place,$(PLACES),out/which-reform-$(place)/$(place).csv)

which-parameters-matter: env ## which uncertain numbers decide what reforms do: 22,540 runs, the same table as archived; about twenty minutes
	$(BIN)/confianza sweep experiments/which-parameters-matter/study.yaml --out out/which-parameters-matter
	$(BIN)/python experiments/which-parameters-matter/tables.py out/which-parameters-matter
	$(BIN)/python experiments/archived.py docs/which-parameters-matter out/which-parameters-matter/factors.csv

POINTS := docs/calibration
posteriors: env ## the shipped posteriors again, at the points of their waves: the same bytes on the same kind of processor; two hours
	$(BIN)/confianza calibrate national-average --points $(POINTS)/national-average.parquet --out out/posteriors/national
	$(BIN)/confianza calibrate states --out out/posteriors/national
	$(BIN)/confianza calibrate mexico-city-2016 --runs 9000 --points $(POINTS)/mexico-city-2016.parquet --out out/posteriors/mexico-city
	cmp out/posteriors/national/national-average.csv scenarios/posteriors/national-average.csv
	cmp out/posteriors/mexico-city/mexico-city-2016.csv scenarios/posteriors/mexico-city-2016.csv
	for state in scenarios/posteriors/states/*.csv; do cmp out/posteriors/national/states/$${state##*/} $$state || exit; done

web: env ## build the module of WebAssembly anew, which runs the city in a browser (needs wasm-ld: apt install lld)
	$(BIN)/python -m sim.web.building

docs: env ## build the documentation into out/site, without network
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict
	@echo "Open out/site/index.html"

clean: ## delete the environment, results and caches of this folder
	rm -rf $(VENV) out dist build .pytest_cache .ruff_cache .mypy_cache .hypothesis .coverage*
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
