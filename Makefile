# Signalbox. `make run` starts the demo, `make test` runs every test; both set up what they need.
# Needed on the machine: Go 1.26, Node 20 with npm, git, make, a C compiler.

GO       ?= go
BIN      := bin/signalbox
VERSION  ?= $(shell git describe --tags --always --dirty 2>/dev/null || echo dev)
LDFLAGS  := -s -w -X main.version=$(VERSION)
CHROMIUM ?= $(shell command -v chromium || command -v chromium-browser || command -v google-chrome)
# golang.org/x/telemetry of newer releases is not served by every module mirror.
STATICCHECK := honnef.co/go/tools/cmd/staticcheck@v0.8.0
GOVULNCHECK := golang.org/x/vuln/cmd/govulncheck@v1.8.0

export CGO_ENABLED ?= 1

.PHONY: run build test test-go test-ui test-browser lint bench soak ui deps-go deps-ui deps-browser deps-clients clean

run: build
	$(BIN) demo $(ARGS)

build: deps-go
	@mkdir -p bin
	$(GO) build -trimpath -ldflags '$(LDFLAGS)' -o $(BIN) ./cmd/signalbox

test: test-go test-ui test-browser

test-go: deps-go deps-clients
	$(GO) test -timeout 30m ./...
	$(GO) test -timeout 30m -race ./internal/kpi/... ./internal/evaluate/... ./internal/gate/... ./internal/access/... ./internal/ledger/... ./internal/statestore/... ./emit/...
	$(GO) test -timeout 30m -race -short ./internal/metricstore/... ./internal/govern/... ./internal/audit/... ./internal/receive/... ./internal/privacy/... ./internal/usage/... ./internal/export/...

test-ui: deps-ui
	cd ui && npm test
	cd ui && npm run build
	@git diff --stat --exit-code -- ui/dist || { echo "ui/dist is not what its source builds: run make ui and commit it"; exit 1; }

test-browser: build deps-ui deps-browser
	node scripts/browser-tests.mjs $(BIN)

lint: deps-go deps-ui
	@unformatted=$$(gofmt -l $$(git ls-files '*.go')); if [ -n "$$unformatted" ]; then echo "gofmt: $$unformatted"; exit 1; fi
	$(GO) vet ./...
	$(GO) run $(STATICCHECK) ./...
	cd bench && $(GO) vet ./...
	@sh scripts/vulncheck.sh '$(GO)' '$(GOVULNCHECK)'
	cd ui && npm run lint

bench: build
	cd bench && $(GO) run . -signalbox ../$(BIN) $(ARGS)

# Long loads: a hundred rounds of kill -9, SIGNALBOX_SOAK minutes (60) of 20,000 rows a second, and the slow suites. Every load is
# bounded and stops by itself.
soak: build deps-clients
	SIGNALBOX_SOAK=$${SIGNALBOX_SOAK:-60} $(GO) test -v -timeout 8h -run TestSoak ./test
	SIGNALBOX_KILL_ROUNDS=100 SIGNALBOX_LONG=1 $(GO) test -timeout 90m ./internal/metricstore/... ./internal/rowstore/... ./internal/gate/... ./internal/receive/... ./internal/alert/... ./internal/promapi/... ./internal/amapi/... ./test/...
	$(GO) test -race -short -timeout 60m ./internal/rowstore/...

# The page in the browser is built into ui/dist, which is committed so that `go install` works without Node.
ui: deps-ui
	cd ui && npm run build

deps-go:
	@command -v $(GO) >/dev/null || { echo "Go 1.26 or newer is needed: https://go.dev/dl/"; exit 1; }
	@command -v cc >/dev/null || command -v gcc >/dev/null || { echo "A C compiler is needed, for example gcc."; exit 1; }

deps-ui: ui/node_modules/.package-lock.json

ui/node_modules/.package-lock.json: ui/package-lock.json
	@command -v npm >/dev/null || { echo "Node 20 or newer with npm is needed: https://nodejs.org/"; exit 1; }
	cd ui && npm ci --no-audit --no-fund
	@touch $@

# Clients of others, which test/rows_clients_test.go runs: for Node and the browser, and for Python where pip can install them.
deps-clients: deps-ui test/clients/node/node_modules/.package-lock.json .build/python/ready

test/clients/node/node_modules/.package-lock.json: test/clients/node/package-lock.json
	cd test/clients/node && npm ci --no-audit --no-fund
	@touch $@

.build/python/ready: test/clients/python/requirements.txt
	@{ python3 -m venv .build/python && .build/python/bin/pip install --quiet --disable-pip-version-check -r $<; } || echo "OpenTelemetry for Python is not tested: pip cannot install it here"
	@mkdir -p $(@D) && touch $@

deps-browser:
	@sh scripts/chromium.sh

clean:
	rm -rf bin ui/node_modules test/clients/node/node_modules .build/python
