# Every command, for people and for CI. Each does its own set-up; nothing is kept outside the clone but what apt,
# rustup and the package managers keep.

SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DELETE_ON_ERROR:
.DEFAULT_GOAL := help

ROOT := $(CURDIR)
CACHE := $(ROOT)/.cache
VENV := $(CACHE)/venv
VENV_MCP1 := $(CACHE)/venv-mcp1
VENV_BENCH := $(CACHE)/venv-bench
PYTHON := $(VENV)/bin/python
RAW_WASM := target/wasm32-unknown-unknown/release/toolgate_wasm.wasm

export TOOLGATE_SANDBOX := $(ROOT)/target/debug/toolgate-sandbox
export TOOLGATE_NODE_MODULES := $(ROOT)/tests/e2e/ts/node_modules
export TOOLGATE_WHEELS := $(CACHE)/wheels
export TOOLGATE_SUITE := $(CACHE)/suite

# better-sqlite3 is compiled where no binary of it can be fetched; the headers that came with Node spare fetching them.
NODE_PREFIX := $(shell node -p 'path.dirname(path.dirname(fs.realpathSync(process.execPath)))' 2>/dev/null)
ifneq ($(wildcard $(NODE_PREFIX)/include/node/node.h),)
export npm_config_nodedir ?= $(NODE_PREFIX)
endif

CORE_SOURCES := $(shell find core/src -type f) core/Cargo.toml Cargo.toml Cargo.lock
NPM_SOURCES := $(shell find npm/src npm/scripts -type f -not -path '*/generated/*') npm/tsconfig.json npm/package.json

.PHONY: help
help: ## list the commands
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## (.*)/  make \1\t\2/' | expand -t 20

# ---- set-up -------------------------------------------------------------------------------------------------------

$(CACHE)/rust:
	tests/setup/system.sh build
	rustup target add wasm32-unknown-unknown
	rustup component add rust-src
	mkdir -p $(CACHE) && touch $@

$(CACHE)/browser:
	tests/setup/system.sh browser
	mkdir -p $(CACHE) && touch $@

$(CACHE)/postgres:
	tests/setup/system.sh postgres
	mkdir -p $(CACHE) && touch $@

%/node_modules/.package-lock.json: %/package-lock.json %/package.json | $(CACHE)/rust
	cd $* && npm ci --no-audit --no-fund
	touch $@

$(VENV)/installed: python/requirements-dev.txt | $(CACHE)/rust
$(VENV_MCP1)/installed: python/requirements-mcp1.txt | $(CACHE)/rust
$(VENV_BENCH)/installed: tests/bench/python/requirements.txt | $(CACHE)/rust
$(VENV)/installed $(VENV_MCP1)/installed $(VENV_BENCH)/installed:
	python3 -m venv $(@D)
	$(@D)/bin/python -m pip install --quiet --disable-pip-version-check -r $<
	touch $@

$(CACHE)/suite: tests/setup/suite.sh | $(VENV)/installed
	PYTHON=$(PYTHON) tests/setup/suite.sh $@

# ---- builds -------------------------------------------------------------------------------------------------------

.PHONY: build sandbox npm wheel
build: npm wheel sandbox ## build the npm package, the wheel and the sandbox

sandbox: | $(CACHE)/rust
	cargo build --quiet --package toolgate-sandbox

npm: npm/dist/toolgate.wasm

npm/dist/toolgate.wasm: $(CORE_SOURCES) $(NPM_SOURCES) wasm/Cargo.toml $(shell find wasm/src -type f) npm/node_modules/.package-lock.json | $(CACHE)/rust
	cd npm && npm run --silent build

wheel: $(CACHE)/wheel

$(CACHE)/wheel: $(CORE_SOURCES) $(shell find python/src python/toolgate -name '*.rs' -o -name '*.json' -o -name '*.py*' -not -name '*.pyc') python/Cargo.toml python/pyproject.toml $(VENV)/installed $(VENV_MCP1)/installed
	rm -rf $(CACHE)/wheels
	RUSTFLAGS='--remap-path-prefix=$(HOME)=~ --remap-path-prefix=$(ROOT)=toolgate' \
	  $(VENV)/bin/maturin build --quiet --manifest-path python/Cargo.toml --profile wheel --out $(CACHE)/wheels
	for venv in $(VENV) $(VENV_MCP1); do \
	  $$venv/bin/python -m pip install --quiet --disable-pip-version-check --force-reinstall --no-deps $(CACHE)/wheels/*.whl; \
	done
	touch $@

# ---- the story ----------------------------------------------------------------------------------------------------

.PHONY: demo demo-typescript demo-python
demo: demo-typescript demo-python ## tell the story in both languages; INTERACTIVE=1 asks you instead

demo-typescript: npm sandbox tests/demo/typescript/node_modules/.package-lock.json
	npm/node_modules/.bin/tsc --project tests/demo/typescript
	INTERACTIVE=$(INTERACTIVE) node tests/demo/typescript/.out/agent.js

demo-python: wheel sandbox
	INTERACTIVE=$(INTERACTIVE) $(PYTHON) tests/demo/python/agent.py

# ---- checks -------------------------------------------------------------------------------------------------------

.PHONY: test lint lint-rust lint-npm lint-python test-rust test-model test-npm test-wasm test-python test-e2e test-packaging size
test: lint test-rust test-npm test-wasm test-python test-e2e test-packaging size ## everything that must hold
	@echo "everything holds"

lint: lint-rust lint-npm lint-python ## formats, lints and types

lint-rust: | $(CACHE)/rust
	cargo fmt --all --check
	cargo clippy --quiet --workspace --all-targets --all-features -- -D warnings

lint-npm: npm
	cd npm && npm run --silent check

lint-python: wheel
	$(VENV)/bin/ruff check python tests/e2e/python tests/demo/python tests/bench/python
	$(VENV)/bin/ruff format --check python tests/e2e/python tests/demo/python tests/bench/python
	cd python && $(VENV)/bin/mypy && $(VENV)/bin/pyright --pythonpath $(PYTHON)
	cd $(CACHE) && $(VENV)/bin/stubtest toolgate._native

test-rust: $(CACHE)/suite | $(CACHE)/rust ## the core, the vectors, JSON Schema's own test suite, the sandbox
	cargo test --quiet --workspace
	$(MAKE) --no-print-directory test-model

# Optimised, since its states are many; with the gates that can be broken, none of which is shipped.
test-model: | $(CACHE)/rust ## the core in every order of two processes, and with each gate broken
	cargo test --quiet --package toolgate-core --features mutants --test model \
	  --config 'profile.dev.package.toolgate-core.opt-level=3' -- --nocapture --test-threads=1

test-npm: npm $(CACHE)/suite ## the npm package's own tests, the vectors and JSON Schema's test suite in TypeScript
	cd npm && npm test --silent
	TOOLGATE_RAW_WASM=$(RAW_WASM) node --test core/tests/wasm_imports.mjs

test-wasm: npm $(CACHE)/browser ## the wasm crate, natively, in Node and in Chromium
	cd npm && npm run --silent test:wasm

test-python: wheel $(CACHE)/suite ## the Python package's own tests, the vectors and JSON Schema's test suite in Python
	$(VENV)/bin/pytest -q python/tests
	$(VENV_MCP1)/bin/pytest -q python/tests

test-e2e: test-e2e-typescript test-e2e-python ## official clients against the sandbox and real servers

.PHONY: test-e2e-typescript test-e2e-python
test-e2e-typescript: npm sandbox tests/e2e/ts/node_modules/.package-lock.json $(CACHE)/postgres
	cd tests/e2e/ts && npm test --silent

# Processes of both languages race for one approval.
test-e2e-python: wheel npm sandbox tests/e2e/ts/node_modules/.package-lock.json $(CACHE)/postgres
	cd tests/e2e/ts && npm run --silent build
	CI=1 $(VENV)/bin/pytest -q tests/e2e/python
	# What ledgers, files and terminals do has nothing to do with the SDK, and rounds are not in its protocol.
	CI=1 $(VENV_MCP1)/bin/pytest -q tests/e2e/python $(foreach suite,approver files ledgers once rounds terminal,--ignore=tests/e2e/python/test_$(suite).py)

test-packaging: npm sandbox tests/packaging/node_modules/.package-lock.json $(CACHE)/browser $(CACHE)/suite ## the packed npm package in its users' hands, Chromium included
	cd tests/packaging && npm test --silent

size: npm ## the WebAssembly's size against its budget
	cd npm && npm run --silent size

# ---- and more -----------------------------------------------------------------------------------------------------

.PHONY: bench fuzz mutants vectors format clean
.PHONY: bench-typescript bench-python
BENCH := $(CACHE)/bench

bench: ## what validating, the guard and its ledgers cost, beside their peers; writes tests/bench/results.md and its plot
	$(MAKE) --no-print-directory --jobs=1 bench-typescript bench-python
	node tests/bench/report.mjs $(BENCH)

$(BENCH)/documents.json: tests/bench/documents.mjs
	node $< $@

bench-typescript: npm sandbox tests/bench/ts/node_modules/.package-lock.json $(BENCH)/documents.json $(CACHE)/postgres
	node --expose-gc tests/bench/ts/schema.mjs $(BENCH)/documents.json $(BENCH)/node.json
	node --expose-gc tests/bench/ts/guard.mjs $(BENCH)/guard-typescript.md
	node --expose-gc tests/bench/ts/decision.mjs $(BENCH)/decision-typescript.md
	node tests/bench/ts/trips.mjs $(BENCH)/trips-typescript.md
	node tests/bench/ts/ledger.mjs $(BENCH)/ledger-typescript.md
	node tests/bench/ts/bounds.mjs $(BENCH)/bounds-typescript.md

bench-python: wheel $(VENV_BENCH)/installed $(BENCH)/documents.json $(CACHE)/postgres
	$(VENV_BENCH)/bin/python -m pip install --quiet --disable-pip-version-check --force-reinstall --no-deps $(TOOLGATE_WHEELS)/*.whl
	$(VENV_BENCH)/bin/python tests/bench/python/schema.py $(BENCH)/documents.json $(BENCH)/python.json
	$(VENV_BENCH)/bin/python tests/bench/python/guard.py $(BENCH)/guard-python.md
	$(VENV_BENCH)/bin/python tests/bench/python/decision.py $(BENCH)/decision-python.md
	$(VENV_BENCH)/bin/python tests/bench/python/ledger.py $(BENCH)/ledger-python.md
	$(VENV_BENCH)/bin/python tests/bench/python/bounds.py $(BENCH)/bounds-python.md

format: npm wheel ## put everything into its format
	cargo fmt --all
	cd npm && npm run --silent format
	$(VENV)/bin/ruff format python tests/e2e/python tests/demo/python tests/bench/python

FUZZ_SECONDS ?= 60

$(CACHE)/cargo-fuzz: | $(CACHE)/rust
	rustup toolchain install nightly --profile minimal
	cargo install --quiet --locked --root $@ cargo-fuzz

# Without a sanitizer: nothing here is unsafe, and it finds more in the same time.
fuzz: | $(CACHE)/cargo-fuzz ## look for inputs that break the schema engine, FUZZ_SECONDS for each of three targets
	for target in tape compiler validator; do \
	  mkdir -p core/fuzz/corpus/$$target; \
	  (cd core && PATH=$(CACHE)/cargo-fuzz/bin:$$PATH cargo +nightly fuzz run --sanitizer none $$target \
	    fuzz/corpus/$$target fuzz/seeds/$$target -- \
	    -max_total_time=$(FUZZ_SECONDS) -timeout=10 -max_len=4096 -dict=fuzz/schema.dict); \
	done

MUTANTS_SHARD ?= 0/1

$(CACHE)/cargo-mutants: | $(CACHE)/rust
	cargo install --quiet --locked --root $@ cargo-mutants

# A whole run takes hours.
mutants: | $(CACHE)/cargo-mutants ## change the core line by line and see that its tests notice; MUTANTS_SHARD=3/20 for a part
	PATH=$(CACHE)/cargo-mutants/bin:$$PATH core/tests/mutants.sh $(CACHE)/mutants $(MUTANTS_SHARD)

vectors: | $(CACHE)/rust ## write what the core says into the vectors; read the difference
	UPDATE_VECTORS=1 cargo test --quiet --package toolgate-core --test vectors

clean: ## remove what was built and installed in the clone
	cargo clean
	rm -rf $(CACHE) npm/dist npm/src/generated
	find . -name node_modules -prune -exec rm -rf {} +
