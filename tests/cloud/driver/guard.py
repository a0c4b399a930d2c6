"""Runs a command until standard input ends, then ends it and everything that it started, and removes this folder.

The kernel closes a pipe when the process that holds its other end ends, however it ends. So nothing that is started
through this outlives a test, also not one that was killed.
"""

import os
import shutil
import signal
import subprocess
import sys
import threading
from contextlib import suppress
from pathlib import Path


def main(command):
    process = subprocess.Popen(command, stdin=subprocess.DEVNULL)
    ending = threading.Event()
    threading.Thread(target=_end_with, args=(process, ending), daemon=True).start()
    sys.stdin.buffer.read()
    ending.set()
    _end(process)
    shutil.rmtree(Path.cwd(), ignore_errors=True)


def _end_with(process, ending):
    """Ends this process when the command does: whoever waits for it need not wait any longer."""
    code = process.wait()
    if not ending.is_set():
        os._exit(code or 1)


def _end(process):
    """Kills it at once: what it has is in a folder that goes with it, and localstack takes its time to end."""
    # Stopped, it starts nothing more while its descendants are looked for; dead, it is nobody's parent.
    process.send_signal(signal.SIGSTOP)
    for pid in [*_descendants(process.pid), process.pid]:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


def _descendants(root):
    """The processes below ROOT, whichever group or session they have put themselves in."""
    children = {}
    for pid, parent in _processes():
        children.setdefault(parent, []).append(pid)
    found = list(children.get(root, []))
    for pid in found:
        found.extend(children.get(pid, []))
    return found


def _processes():
    """All processes, each with its parent."""
    if not Path("/proc/self/stat").exists():
        lines = subprocess.run(["ps", "-A", "-o", "pid=,ppid="], capture_output=True, text=True, check=True).stdout
        return [tuple(map(int, line.split())) for line in lines.splitlines()]
    # `ps` is missing from small images of Linux.
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):  # it has ended
            # PID (NAME) STATE PARENT …, where the name may hold anything.
            found.append((int(stat.parent.name), int(stat.read_text().rpartition(")")[2].split()[1])))
    return found


if __name__ == "__main__":
    main(sys.argv[1:])
