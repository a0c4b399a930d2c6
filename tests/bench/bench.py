"""Cold builds of projects of several sizes: wall time, phase times, peak memory; medians of several runs.

    python3 tests/bench/bench.py [--runs 5] [--sizes 10,200,1000,10000] [--pipec target/release/pipec]

Prints a table and, as its last line, the same as JSON. It measures and judges nothing: machines differ, so compare
ratios, and compare two binaries in one sitting.
"""

import argparse
import json
import os
import pathlib
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

import project

PHASES = ["read", "syntax", "model", "graph", "handlers", "stacks", "verify", "artifacts", "write"]


def build(pipec, root):
    """One cold build: seconds, phases in seconds, peak memory in bytes."""
    shutil.rmtree(root / "build", ignore_errors=True)
    begun = time.perf_counter()
    child = subprocess.Popen(
        [pipec, "build", "--project", str(root), "--timings", "--error-format", "plain"],
        stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
    )
    errors = child.stderr.read()
    _, status, usage = os.wait4(child.pid, 0)
    wall = time.perf_counter() - begun
    child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode != 0:
        sys.exit(f"the build of {root} failed:\n{errors[-2000:]}")
    # The clock in the process sees neither its start nor its end, so the wall time is taken from outside.
    phases = json.loads(errors.strip().splitlines()[-1])
    return wall, phases, usage.ru_maxrss * 1024


def measure(pipec, count, runs, folder):
    root = folder / f"events_{count}"
    project.write(root, count)
    build(pipec, root)
    results = [build(pipec, root) for _ in range(runs)]
    shutil.rmtree(root)
    return {
        "events": count,
        "runs": runs,
        "wall_s": statistics.median(result[0] for result in results),
        "wall_min_s": min(result[0] for result in results),
        "wall_max_s": max(result[0] for result in results),
        "peak_mb": statistics.median(result[2] for result in results) / 1e6,
        "phases_s": {phase: statistics.median(result[1].get(phase, 0) for result in results) for phase in PHASES},
    }


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--sizes", default="10,200,1000,10000")
    parser.add_argument("--pipec", default="target/release/pipec")
    options = parser.parse_args()
    pipec = pathlib.Path(options.pipec).resolve()
    rows = []
    print(f"{'events':>7} {'wall ms':>9} {'min':>8} {'max':>8} {'peak MB':>8} {'x events':>9} {'x time':>7}  phases in ms")
    with tempfile.TemporaryDirectory() as folder:
        for count in (int(size) for size in options.sizes.split(",")):
            row = measure(pipec, count, options.runs, pathlib.Path(folder))
            before = rows[-1] if rows else row
            phases = " ".join(f"{phase} {seconds * 1000:.0f}" for phase, seconds in row["phases_s"].items())
            print(
                f"{count:>7} {row['wall_s'] * 1000:>9.1f} {row['wall_min_s'] * 1000:>8.1f} {row['wall_max_s'] * 1000:>8.1f} "
                f"{row['peak_mb']:>8.1f} {count / before['events']:>9.1f} {row['wall_s'] / before['wall_s']:>7.2f}  {phases}",
                flush=True,
            )
            rows.append(row)
    print(json.dumps(rows))


if __name__ == "__main__":
    main()
