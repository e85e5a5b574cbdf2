# What a developer does here, each by one word. CI runs the same words (.ci/run).

.PHONY: help run build test tools check bench fuzz clean

help: ## Say what can be done here
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "make %-6s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

run: build ## Build, then run a CLI in Centerfire: make run ARGS='-- claude'
	./target/release/centerfire run $(ARGS)

build: ## Build the program as it is released
	cargo build --release --package centerfire
	ln -f target/release/centerfire target/release/orchestrator

# Nextest runs each test in a process of its own, which suits terminals and signals; it has no doctests.
test: tools ## Run all tests against the real programs
	@if cargo nextest --version >/dev/null 2>&1; \
	then set -x; cargo nextest run --workspace --no-fail-fast && cargo test --workspace --doc; \
	else set -x; cargo test --workspace --no-fail-fast; \
	fi

tools: ## Install the real programs that the tests drive
	./scripts/tools.sh

# The fast ones first, so that a slip is told at once.
check: ## Look for slips: format, house rules, lints, docs
	cargo fmt --all --check
	cargo xtask tidy
	cargo clippy --workspace --all-targets -- -D warnings
	RUSTDOCFLAGS='-D warnings' cargo doc --workspace --no-deps --quiet

bench: tools ## Measure
	cargo xtask bench

fuzz: ## Attack the decoders with random bytes
	cargo xtask fuzz

clean: ## Remove all that was built; the tests' programs stay
	cargo clean
