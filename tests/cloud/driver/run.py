"""Runs a case of `tests/cloud/paths` against an emulator of AWS.

    run.py CASE --pipec PATH [--emulator NAME] [--keep]
    run.py --list                 each case with each emulator that can carry it, a line a pair
    run.py --available NAME       whether an emulator is installed

It ends with 0 when the case passed, 1 when it failed, 77 with a line that says why when the emulator is not there.
"""

import argparse
import sys
import time
import traceback
from contextlib import nullcontext, suppress
from pathlib import Path

import case as cases
import verdict
from deploy import DeployError, deploy
from doors import Doors
from effects import Watcher
from emulator import KINDS, EmulatorError, running
from hooks import ADDRESS, serving
from others import Others

PATHS = Path(__file__).resolve().parents[1] / "paths"
PASSED, FAILED, SKIPPED = 0, 1, 77


def main():
    options = _options()
    try:
        if options.list:
            return _list()
        if options.available:
            return _available(KINDS[options.available])
        case = cases.load(options.case)
        kind = KINDS[options.emulator or case.emulators[0]]
        if kind.name not in case.emulators:
            raise cases.CaseError(f"{case.name} is not for {kind.name}")
        if kind.missing():
            return _available(kind)
        return _run(case, kind, options)
    except (cases.CaseError, EmulatorError) as error:
        print(error)
        return FAILED


def _options():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("case", nargs="?", type=Path, metavar="CASE", help="the folder of the case")
    parser.add_argument("--pipec", type=Path, metavar="PATH", help="the compiler")
    parser.add_argument("--emulator", choices=KINDS, help="the first that the case names, without it")
    parser.add_argument("--keep", action="store_true", help="leave the emulator running until you press Enter")
    parser.add_argument("--list", action="store_true", help="print the cases")
    parser.add_argument("--available", choices=KINDS, metavar="NAME", help="look whether an emulator is installed")
    options = parser.parse_args()
    if not (options.list or options.available or (options.case and options.pipec)):
        parser.error("CASE and --pipec are needed")
    if options.pipec and not options.pipec.is_file():
        parser.error(f"there is no {options.pipec}")
    return options


def _list():
    for folder in sorted(path.parent for path in PATHS.glob("*/case.yaml")):
        for name in cases.load(folder).emulators:
            print(folder.name, name)
    return PASSED


def _available(kind):
    reason = kind.missing()
    if reason:
        print(f"skipped: {reason}")
    return SKIPPED if reason else PASSED


def _run(case, kind, options):
    begin = time.monotonic()
    with running(kind) as emulator:
        try:
            wrong = _play(case, emulator, options.pipec.resolve())
        except DeployError as error:
            wrong = str(error).splitlines()
        except Exception:
            wrong = traceback.format_exc().splitlines()
        if wrong:
            _report(case, emulator, wrong)
        else:
            print(f"passed {case.name} on {kind.name} in {time.monotonic() - begin:.1f} s")
        if options.keep:
            with suppress(EOFError, KeyboardInterrupt):
                input(f"{kind.name} runs at {emulator.url} with its files in {emulator.folder}; Enter ends it ")
    return FAILED if wrong else PASSED


def _play(case, emulator, pipec):
    """Deploys the project, sends the events and looks. Returns what is wrong, line by line."""
    with serving(case, emulator.certificate) if case.others.hooks else nullcontext() as hooks:
        watcher, others = Watcher(emulator, case, hooks), Others(emulator, case)
        watcher.prepare()
        others.prepare()
        stand_ins = others.stand_ins | ({ADDRESS: hooks.url} if hooks else {})
        doors = Doors(emulator, case, deploy(case, pipec, emulator, stand_ins), hooks)
        others.confirm()
        others.leave()
        events = case.on(emulator.kind)
        ids, wrong = _send(events, doors)
        wrong += others.missing() + others.replay()
        wrong = wrong or verdict.wait(events, ids, watcher, emulator.kind)
        return wrong or verdict.wrong_order(case.order, events, ids, watcher.look())


def _send(events, doors):
    """Sends the events; returns their names by their ids, and what is wrong with the answers, line by line."""
    ids, wrong = {}, []
    for event in events:
        if event.emitted:
            continue
        event_id, answer = doors.send(event)
        if answer and (said := verdict.wrong_answer(event, answer)):
            wrong.append(said)
        if event_id:
            ids[event_id] = event.name
    doors.store_together()
    return ids, wrong


def _report(case, emulator, wrong):
    print(f"FAILED {case.name} on {emulator.kind.name}: {case.about.strip()}")
    for line in wrong:
        print(f"  {line}")
    log = emulator.keep_log(case.name)
    print(f"the emulator's last words, all of which are in {log}:")
    for line in log.read_text(errors="replace").splitlines()[-30:]:
        print(f"  | {line}")


if __name__ == "__main__":
    sys.exit(main())
