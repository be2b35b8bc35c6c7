PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin

.PHONY: demo images docs test test-slow test-versions check mutation fuzz soak audit benchmark clean

# A table on which the library helps and one on which it does not, whose classifiers and
# generator are registered, and three rows of the generator: this leaves an MLflow store in
# this directory.
demo: $(VENV)/.installed-pipelines
	$(BIN)/python -m pipelines.vote
	$(BIN)/python -m pipelines.tabular
	$(BIN)/gan-augment sample models:/credit-data-generator@candidate --rows 3

# Over-samplers on real tables; FLAGS="--preset full" takes hours.
benchmark: $(VENV)/.installed-pipelines
	$(BIN)/python -m pipelines.benchmark $(FLAGS)

# Do synthetic images help? Some minutes; FLAGS="--data patches --seeds 3" for more.
images: $(VENV)/.installed-pipelines
	$(BIN)/python -m pipelines.images $(FLAGS)

# The documentation, in docs/_build/html; its examples run. A warning is an error.
docs: $(VENV)/.installed-docs
	rm -rf docs/api/generated
	$(BIN)/python -m sphinx -W --keep-going -q -j 2 docs docs/_build/html

# Damaged models, journals and requests; FLAGS="--mutations 100000" takes an hour.
fuzz: $(VENV)/.installed-test
	$(BIN)/python -m pipelines.fuzz $(FLAGS)

# Trainings while servers, disks and processes fail, and a scoring server under load:
# some minutes; FLAGS="--fits 200 --requests 100000" takes hours. Needs PostgreSQL.
soak: $(VENV)/.installed-soak
	$(BIN)/python -m pipelines.soak $(FLAGS)

# Known vulnerabilities of what is installed, and a bill of materials in bom.json.
audit: $(VENV)/.installed-audit
	$(BIN)/cyclonedx-py environment $(BIN)/python --output-file bom.json
	$(BIN)/pip-audit --requirement constraints.txt --no-deps --disable-pip --strict --progress-spinner off

# Two workers on two cores: a second thread would only wait for a core.
docs test test-slow test-versions check mutation fuzz soak: export OMP_NUM_THREADS = 1

test: $(VENV)/.installed-test
	$(BIN)/python -m pytest -n 2 --dist worksteal

# What takes minutes: contracts with the full training, verdicts of twenty seeds, and the
# pages of MLflow in a real browser, which needs chromium and chromium-driver.
test-slow: $(VENV)/.installed-test
	$(BIN)/python -m pytest -n 2 -m slow

check: $(VENV)/.installed-test
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/python -m pytest -n 2 --dist worksteal

# The quick tests with the oldest and the newest dependencies, on every Python from 3.11
# to 3.14 that is here. FLAGS="--python 3.12 --with lowest" for one.
test-versions:
	$(PYTHON) -m pipelines.versions $(FLAGS)

# Change the code in small ways; a change that no test notices is listed. Takes hours:
# FLAGS="gan_augment.over_sampling.copy_filter*" for one module, a minute.
mutation: $(VENV)/.installed-dev
	$(BIN)/mutmut run --max-children 2 $(FLAGS)
	$(BIN)/mutmut results

$(VENV)/.installed-%: pyproject.toml constraints.txt
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install -c constraints.txt -e ".[$*]"
	touch $@

clean:
	rm -rf $(VENV)
