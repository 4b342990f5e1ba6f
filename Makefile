# Everything a developer does with gopar. Start with: make help

SHELL       := bash
.SHELLFLAGS := -eu -o pipefail -c
GO          ?= go
STATICCHECK := honnef.co/go/tools/cmd/staticcheck@v0.8.2
# Race-enabled tests of the packages; those of test/, which drive the installed program, come after them, alone on the machine.
UNIT        := $$($(GO) list ./... | grep -v -e /test$$)

export LC_ALL := C.UTF-8

.PHONY: simulation help demo python lint cross test unit e2e chaos ipyparallel test-clusters check bench generate verify clean labextension panel attacks

help: ## list the targets
	@grep -hE '^[a-z0-9]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{ printf "  make %-10s %s\n", $$1, $$2 }'

demo: ## install, then run notebooks/overview.ipynb on 4 engines
	./install.sh --demo

python: ## make the Python environment that the tests and benchmarks need
	@test/python.sh

lint: ## gofmt, go vet, staticcheck, shellcheck
	@unformatted=$$(gofmt -l .); [ -z "$$unformatted" ] || { echo "gofmt would change:" $$unformatted; exit 1; }
	$(GO) vet ./...
	$(GO) run $(STATICCHECK) ./...
	"$$(dirname "$$(test/python.sh)")/shellcheck" install.sh .ci/run test/*.sh test/panel/*.sh test/ipyparallel/*.sh test/clusters/*.sh labextension/*.sh

cross: ## build and vet for macOS and Windows
	@for target in darwin/amd64 darwin/arm64 windows/amd64 windows/arm64; do \
	  echo "build and vet $$target"; \
	  export GOOS=$${target%/*} GOARCH=$${target#*/} CGO_ENABLED=0; \
	  $(GO) build ./...; $(GO) vet ./...; \
	done

test: lint unit e2e ## lint, tests of the packages with -race, tests of the whole program

unit: ## tests of the packages, with -race
	GOPAR_PYTHON=$$(test/python.sh) GOPAR_POSTGRES=$$(test/postgres.sh) $(GO) test -race -p 2 -timeout 15m $(UNIT)

e2e: ## tests of the whole program: gopar run, nbclient, jupyter console, jupyter_kernel_test, ipyparallel
	GOPAR_PYTHON=$$(test/python.sh) $(GO) test -race -count=1 -timeout 25m ./test

test-clusters: ## tests of launchers over real systems, which it installs and starts; needs root, on Debian or Ubuntu
	test/clusters/slurm.sh $(GO) test -tags clusters -race -count=1 -p 1 -timeout 20m -run Slurm ./internal/launch
	test/clusters/mpi.sh $(GO) test -tags clusters -race -count=1 -p 1 -timeout 20m -run MPI ./internal/launch
	GOPAR_PYTHON=$$(test/python.sh) test/clusters/mpi.sh $(GO) test -tags clusters -count=1 -timeout 20m -run MPI ./test
	test/clusters/ssh.sh $(GO) test -tags clusters -race -count=1 -p 1 -timeout 20m -run SSH ./internal/launch
	GOPAR_PYTHON=$$(test/python.sh) test/clusters/ssh.sh $(GO) test -tags clusters -count=1 -timeout 20m -run SSH ./test
	GOPAR_PYTHON=$$(test/python.sh) test/clusters/slurm.sh $(GO) test -tags clusters -count=1 -timeout 20m -run Slurm ./test

attacks: ## attack kernel, hub and engine for a minute each while a good peer is served
	GOPAR_PYTHON=$$(test/python.sh) $(GO) test -race -count=1 -timeout 15m -run 'TestAttacked|TestEngineSurvives' ./test -attack 1m

chaos: ## 100,000 tasks while hub, engines, clients and (as root) the network fail; CHAOS_SEED=N repeats a run
	seed=$${CHAOS_SEED:-$$RANDOM}; network=0; [ "$$(id -u)" != 0 ] || network=1; \
	GOPAR_CHAOS_TASKS=100000 GOPAR_CHAOS_SEED=$$seed GOPAR_CHAOS_NETWORK=$$network $(GO) test -v -count=1 -timeout 60m -run '^TestChaos$$' ./parallel

ipyparallel: ## ipyparallel's own tests with gopar hub: what passes with its own controller has to pass
	test/ipyparallel/run.sh

check: test panel cross verify test-clusters simulation attacks chaos ipyparallel ## test, the panel in a browser, other systems, real batch systems, the simulated scheduler, attacks, stale generated files, and every fuzz target for 20 s
	@for package in $$($(GO) list ./...); do \
	  for target in $$($(GO) test -list '^Fuzz' "$$package" | grep '^Fuzz' || true); do \
	    echo "fuzz $$package $$target"; \
	    $(GO) test -run '^$$' -fuzz "^$$target$$" -fuzztime 20s "$$package"; \
	  done; \
	done

simulation: ## run the scheduler with 10,000 engines that fail and 10^6 tasks, in simulated time
	$(GO) test -count=1 -v -timeout 15m -run TestSimulation ./internal/sched

bench: ## measure beside ipykernel and ipyparallel, and write bench/results.json
	GOPAR_PYTHON=$$(test/python.sh) $(GO) run ./bench -o bench/results.json

labextension: ## build the clusters panel that the binary embeds; needs npm
	labextension/build.sh

panel: ## test the clusters panel in a browser: JupyterLab, newest and oldest, Notebook 7, ipyparallel's panel
	test/panel/run.sh

generate: ## make generated files anew
	$(GO) generate ./...

verify: generate ## prove that generated files are up to date
	git diff --exit-code -- . ':!*.ipynb'

clean: ## remove the tests' Python environment
	rm -rf "$${XDG_CACHE_HOME:-$$HOME/.cache}/gopar-test"
