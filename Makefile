# Thin wrappers: uv where it is present, else venv and pip. `make demo` and `make test` do all set-up themselves.
PYTHON ?= python3
VENV   ?= .venv
BIN    := $(VENV)/bin
TESTS_OF_EXTRAS := tests/pickers/test_runtime.py tests/pickers/test_seisbench.py tests/training
UV     := $(shell command -v uv 2>/dev/null)

.PHONY: demo test check lint tests types bench lock clean test-numpy1 test-extras test-instaseis portal portal-check

demo: $(VENV)/core.stamp
	$(BIN)/wadati demo --output demo

test: check tests

check: $(VENV)/dev.stamp
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

tests: $(VENV)/dev.stamp
	OMP_NUM_THREADS=1 $(BIN)/pytest -n 2 --dist worksteal

# The same tests of the core beside the oldest numpy that is supported.
test-numpy1:
	$(MAKE) VENV=.venv-numpy1 .venv-numpy1/dev.stamp
	$(if $(UV),$(UV) pip install --quiet --python .venv-numpy1/bin/python,.venv-numpy1/bin/pip install --quiet) "numpy==1.26.4" "pandas<3" "scipy<1.16" "pyarrow<22"
	OMP_NUM_THREADS=1 .venv-numpy1/bin/pytest -q -n 2 --dist worksteal tests --ignore tests/engine/services --ignore tests/portal --ignore tests/deploy --ignore tests/docs --ignore tests/engine/campaign/test_aws_batch.py

# The tests of what the extras bring: OpenVINO, and the models of SeisBench in torch. By pip alone, which a machine can
# be told (pip.conf) to take torch for the CPU only.
test-extras:
	$(MAKE) UV= VENV=.venv-extras .venv-extras/extras.stamp
	OMP_NUM_THREADS=1 SEISBENCH_CACHE_ROOT=.venv-extras/seisbench .venv-extras/bin/pytest -q $(TESTS_OF_EXTRAS)

# Databases of AxiSEM beside Instaseis (LGPL), in an environment of its own that our tests only run as a program.
test-instaseis: $(VENV)/dev.stamp
	test -x .venv-instaseis/bin/python || $(PYTHON) -m venv .venv-instaseis
	.venv-instaseis/bin/python -c "import instaseis" 2>/dev/null || .venv-instaseis/bin/python -m pip install --quiet --disable-pip-version-check "instaseis>=1.5,<2"
	$(BIN)/pytest -q tests/greens/test_axisem.py

# The portal's files in the package, built from portal/ (Node.js 20 or newer); whoever changes portal/ commits them too.
portal: portal/node_modules/.package-lock.json
	cd portal && npm run --silent build

# The same files come out again, and the portal's own tests pass.
portal-check: portal/node_modules/.package-lock.json
	cd portal && npm run --silent test
	cd portal && npm run --silent build -- --outDir ../build/portal --emptyOutDir --logLevel warn
	diff -r build/portal src/wadati/api/portal/built

portal/node_modules/.package-lock.json: portal/package-lock.json
	cd portal && npm ci --silent

bench: $(VENV)/dev.stamp
	$(BIN)/python -m benchmarks

$(VENV)/bin/python:
	$(if $(UV),$(UV) venv --quiet --python $(PYTHON) $(VENV),$(PYTHON) -m venv $(VENV))

$(VENV)/core.stamp: requirements.lock pyproject.toml | $(VENV)/bin/python
	$(if $(UV),$(UV) pip install --quiet --python $(BIN)/python,$(BIN)/python -m pip install --quiet --disable-pip-version-check) -r requirements.lock
	$(if $(UV),$(UV) pip install --quiet --python $(BIN)/python,$(BIN)/python -m pip install --quiet --disable-pip-version-check) --no-deps -e .
	touch $@

$(VENV)/dev.stamp: requirements-dev.lock $(VENV)/core.stamp
	$(if $(UV),$(UV) pip install --quiet --python $(BIN)/python,$(BIN)/python -m pip install --quiet --disable-pip-version-check) -r requirements-dev.lock
	touch $@

$(VENV)/extras.stamp: requirements-extras.lock $(VENV)/dev.stamp
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements-extras.lock
	touch $@

lock:
	uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --no-annotate --no-emit-index-url pyproject.toml -o requirements.lock
	uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --no-annotate --no-emit-index-url --group dev pyproject.toml -o requirements-dev.lock
	uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --no-annotate --no-emit-index-url -c requirements.lock --extra bucket --extra nats --extra openid --extra postgresql pyproject.toml -o deploy/image.lock
	echo 'hatchling>=1.25' | uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --no-annotate --no-emit-index-url - -o deploy/image-build.lock

clean:
	rm -rf .venv .venv-numpy1 .venv-extras demo build dist portal/node_modules
