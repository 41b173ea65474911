# What there is to do here. CI runs .ci/run, which is lint, test and test-system; only Go is needed for the first two.

GO        ?= go
TOOL      := $(GO) tool -modfile=.ci/tools/go.mod
# Named by path, because ./... passes over them: the example, with a second opinion on its verdicts, and what counts in CI.
PACKAGES  := ./... ./testdata/example/... ./.ci/tally
# Modules of their own, tested when they are there: DuckDB reads the outputs, and needs cgo.
ORACLES   := $(wildcard testdata/duckdb)
VERSION   := $(shell git describe --tags --always --dirty 2>/dev/null)
# Passed to every go test, such as TESTFLAGS=-v.
TESTFLAGS ?=
# How long a benchmark runs; 1x only sees that it still does.
BENCHTIME ?= 1x
# How long each fuzz target runs, in fuzz and in soak.
FUZZTIME  ?= 5s
SOAKTIME  ?= 5m

.PHONY: build demo test lint test-system race oracles system cloud needs bench fuzz soak clean

# The binary ./cpm: static, and the same bytes on every machine for the same commit.
build:
	CGO_ENABLED=0 $(GO) build -trimpath -buildvcs=false -ldflags '$(if $(VERSION),-X main.version=$(VERSION))' -o cpm ./cmd/cpm

# The example's audience for a promotion by SMS: the counts by reason, and the first rows that are kept.
demo: build
	@mkdir -p .demo
	./cpm filter testdata/example/segment.csv --config testdata/example/cpm.yaml \
		--channel sms --purpose promotion --as-of 2026-11-01T00:00:00+08:00 \
		-o .demo/segment.permitted.csv --rejected .demo/segment.rejected.csv --overwrite
	@echo
	head -n 6 .demo/segment.permitted.csv

# With Go alone, on any machine.
test:
	$(GO) vet $(PACKAGES)
	$(GO) test -timeout 15m $(TESTFLAGS) $(PACKAGES)
	$(GO) test -short -run '^$$' -bench . -benchtime 1x ./...

# The first run builds golangci-lint from source, which takes minutes; Go keeps the binary.
lint:
	$(GO) mod tidy -diff
	for module in $(ORACLES); do (cd $$module && $(GO) mod tidy -diff) || exit; done
	$(TOOL) golangci-lint config verify
	$(TOOL) golangci-lint run $(PACKAGES)

# What needs more than Go: cgo for the race detector and for DuckDB, strace, a terminal, root for a disk that fills up.
test-system: race oracles system cloud

race: needs
	CPM_WORLDS=300 CGO_ENABLED=1 $(GO) test -race -short -timeout 40m $(TESTFLAGS) $(PACKAGES)

oracles: needs
	for module in $(ORACLES); do (cd $$module && CGO_ENABLED=1 $(GO) test $(TESTFLAGS) ./...) || exit; done

# Never taken from the cache, because what these test is the machine too.
system: needs
	$(GO) test -tags system -run System -count 1 -timeout 20m $(TESTFLAGS) ./...

# The build for object stores, against a server of S3 and one of Google's, which are built from their modules. One of
# Azure is no program of Go: the tests run against it when CPM_AZURITE names the azurite-blob of its npm package.
cloud: needs
	$(GO) build -modfile=.ci/stores/go.mod -o .bin/ github.com/versity/versitygw/cmd/versitygw github.com/fsouza/fake-gcs-server
	$(GO) test -tags cloud,system -run Cloud -count 1 $(TESTFLAGS) ./formats/cloud ./cmd/cpm

needs:
	.ci/install-system

# To compare two versions: run it on each with BENCHTIME=1s TESTFLAGS='-count 10', then
# go tool -modfile=.ci/tools/go.mod benchstat OLD NEW.
bench:
	$(GO) test -run '^$$' -bench . -benchmem -benchtime $(BENCHTIME) $(TESTFLAGS) ./...

fuzz:
	.ci/fuzz $(FUZZTIME)

# Long runs, for a night: the fuzz targets for minutes each, and the whole against the oracle in many invented worlds.
soak:
	.ci/fuzz $(SOAKTIME)
	CPM_WORLDS=500000 $(GO) test -count 1 -timeout 0 $(PACKAGES)

clean:
	rm -rf cpm .bin .demo *.test *.prof
	find cmd filter consentload formats testdata \( -name '*.test' -o -name '*.prof' \) -delete
