# Recipes for people. `cargo test` needs none of them.

# List the recipes.
default:
    @just --list

# The inner loop: all but deployments.
test:
    cargo test

# All tests, deployments to emulators among them.
test-all:
    cargo test --workspace --all-features

# Installs the emulators; with --localstack the second one too, for which there must be Python 3.13.
emulators *args:
    sh tests/tools/emulators.sh {{args}}

# What must pass before a change lands.
ci:
    bash .ci/run

# Cold builds of 10, 200, 1,000 and 10,000 events: wall time, phases, peak memory.
bench *args:
    cargo build --release
    python3 tests/bench/bench.py {{args}}

# Fuzzing of one target: parse, compile or verify.
fuzz target seconds="600":
    bash fuzz/run {{target}} {{seconds}}

# Licences and advisories of dependencies.
deny:
    cargo deny check
