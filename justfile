# Recipes for people. `cargo test` needs none of them.

# List the recipes.
default:
    @just --list

# All tests.
test:
    cargo test

# What must pass before a change lands.
ci:
    bash .ci/run

# Cold builds of 10, 200, 1,000 and 10,000 events: wall time, phases, peak memory.
bench *args:
    cargo build --release
    python3 tests/bench/bench.py {{args}}

# Ten minutes of fuzzing of one target: parse or compile.
fuzz target:
    cd fuzz && RUSTC_BOOTSTRAP=1 cargo fuzz run {{target}} -- -max_total_time=600

# Licences and advisories of dependencies.
deny:
    cargo deny check
