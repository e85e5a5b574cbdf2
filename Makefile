# What a developer does here, each by one word. CI runs the same words (.ci/run).

.PHONY: help run build page test tools check bench fuzz pictures clean

help: ## Say what can be done here
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "make %-8s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

run: build ## Build, then start a session and show it in the browser: make run ARGS='-- claude'
	./target/release/centerfire run --detached $(ARGS)
	./target/release/centerfire serve --open || ./target/release/centerfire token create --login --role manage

build: page ## Build the program as it is released
	cargo build --release --package centerfire
	ln -f target/release/centerfire target/release/orchestrator

page: web/dist/index.html ## Build the web page, which the program embeds

web/node_modules/.installed: web/package.json web/package-lock.json
	@command -v npm >/dev/null || { echo 'npm is missing: Node.js 20 or newer builds the web page' >&2; exit 1; }
	cd web && npm ci --no-audit --no-fund
	touch $@

# Everything in web/ but what was made there.
web/dist/index.html: web/node_modules/.installed $(shell find web -name node_modules -prune -o -name dist -prune -o -type f -print)
	cd web && npm run build

# Nextest runs each test in a process of its own, which suits terminals and signals; it has no doctests.
test: tools page ## Run all tests against the real programs
	@if cargo nextest --version >/dev/null 2>&1; \
	then set -x; cargo nextest run --workspace --no-fail-fast && cargo test --workspace --doc; \
	else set -x; cargo test --workspace --no-fail-fast; \
	fi

tools: ## Install the real programs that the tests drive
	./scripts/tools.sh

# The fast ones first, so that a slip is told at once.
check: tools page ## Look for slips: format, house rules, lints, docs
	cargo fmt --all --check
	cargo xtask tidy
	cd web && npm run check
	cargo clippy --workspace --all-targets -- -D warnings
	cargo clippy --package centerfire --features otel --all-targets -- -D warnings
	RUSTDOCFLAGS='-D warnings' cargo doc --workspace --no-deps --quiet

bench: build ## Measure, beside the programs that people compare us with
	./scripts/tools.sh bench
	cargo xtask bench

fuzz: ## Attack the decoders with random bytes
	cargo xtask fuzz

pictures: build tools ## Draw the pictures of the page anew
	node tests/page/pictures.mjs

clean: ## Remove all that was built; the tests' programs stay
	cargo clean
	rm -rf web/dist
