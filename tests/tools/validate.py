#!/usr/bin/env python3
"""Runs cfn-lint and @aws/cloudformation-validate over every CloudFormation template of build directories.

    validate.py [--region REGION] [--level warning|info] [--suppressions FILE] [--partial] DIR...

Standard output has one JSON object a finding and line: tool, rule, level, file, line, resource, message. The last line
is a summary: {"templates": N, "tools": [...], "findings": N, "suppressed": N, "skipped": [...]}.

Exit status: 0 no findings, 1 findings, 2 a tool failed, or there was no template to check.

A template is a YAML or JSON file with a top-level `Resources` or `AWSTemplateFormatVersion`, and any JSON file that does
not parse. Other files are listed as skipped.

A nested stack's `TemplateURL` points to the network, so neither tool looks behind it. Where the file that the URL ends
with lies in the same directory, cfn-lint also gets a copy of the parent with the local name, and so compares the parameters
and outputs on both sides.

A wrong finding is suppressed one by one in `suppressions.json`, with its reason. `cfn-lint` metadata inside a template
has no effect. An entry that suppresses nothing is itself a finding; with --partial, only if its files were in this run.
"""

import argparse
import fnmatch
import importlib.metadata
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import traceback

HERE = pathlib.Path(__file__).resolve().parent
TOOLS = HERE.parent.parent / "target" / "tools"
VENV = TOOLS / "venv"
CFN_LINT = "cfn-lint"
CFN_VALIDATE = "cloudformation-validate"
TIMEOUT_SECONDS = 900
# cfn-lint's status is the sum of these bits: 2 errors, 4 warnings, 8 informational findings.
CFN_LINT_STATUS = set(range(0, 16, 2))
# Rules that compare a nested stack's parameters and outputs with its template.
NESTED_RULES = ["E1010", "E1019", "E3043", "E6101"]
LEVELS = {"Error": "error", "Warning": "warning", "Informational": "info"}
SEVERITIES = {"FATAL": "error", "ERROR": "error", "WARN": "warning", "INFO": "info", "DEBUG": "info"}
# A template with known mistakes goes through each run of each tool: a run that does not name them checked nothing.
CANARY = """\
AWSTemplateFormatVersion: "2010-09-09"
Parameters: {Unused: {Type: String}}
Resources: {Topic: {Type: AWS::SNS::Topic, Properties: {TopicNam: x}}}
"""
CANARY_RULES = {CFN_LINT: {"E3002", "W2001"}, CFN_VALIDATE: {"F3002", "W2001"}}


running = []


class ToolFailure(Exception):
    """A tool did not do its work, so its silence means nothing."""


def main():
    arguments = parse_arguments()
    try:
        templates, skipped = find_templates(arguments.directories)
        suppressions = read_suppressions(arguments.suppressions)
        with tempfile.TemporaryDirectory(prefix="pipec-validate-") as work:
            try:
                findings, tools = run_tools(templates, pathlib.Path(work), arguments)
            finally:
                stop_all()
    except ToolFailure as failure:
        print(f"validate.py: {failure}", file=sys.stderr)
        print(json.dumps({"failed": str(failure)}))
        return 2
    findings, suppressed = apply_suppressions(findings, suppressions)
    findings += unused_suppressions(suppressions, templates, arguments)
    for finding in findings:
        print(json.dumps(finding))
    print(
        json.dumps(
            {
                "templates": len(templates),
                "tools": tools,
                "findings": len(findings),
                "suppressed": suppressed,
                "skipped": [str(path) for path in skipped],
            }
        )
    )
    return 1 if findings else 0


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("directories", nargs="+", metavar="DIR", type=pathlib.Path)
    parser.add_argument("--region", help="the region whose resource types, names and sizes apply")
    parser.add_argument("--level", choices=["warning", "info"], default="warning", help="the lowest level to report")
    parser.add_argument("--suppressions", type=pathlib.Path, default=HERE / "suppressions.json")
    parser.add_argument("--partial", action="store_true", help="accept suppressions whose files are not in this run")
    return parser.parse_args()


# Templates


def find_templates(directories):
    templates, skipped = [], []
    for directory in directories:
        if not directory.is_dir():
            raise ToolFailure(f"{directory} is not a directory")
        found = []
        for path in sorted(directory.rglob("*")):
            if path.suffix in (".yaml", ".yml", ".json") and path.is_file():
                (found if is_template(path) else skipped).append(path)
        if not found:
            raise ToolFailure(f"{directory} holds no template")
        templates += found
    return templates, skipped


def is_template(path):
    text = path.read_text(encoding="utf-8", errors="replace")
    if path.suffix == ".json":
        try:
            value = json.loads(text)
        except ValueError:
            return True
        return isinstance(value, dict) and not value.keys().isdisjoint(("Resources", "AWSTemplateFormatVersion"))
    # A YAML template in flow style, `{Resources: …}`, starts with a brace.
    return bool(re.search(r"""^\{|^["']?(Resources|AWSTemplateFormatVersion)["']?\s*:""", text, re.MULTILINE))


# Tools


def run_tools(templates, work, arguments):
    """Starts every process, then collects them: the tools do not wait for one another."""
    # Copies under plain names: cfn-lint takes names as patterns, and reads `.cfnlintrc` files beside them and at home.
    copies = {}
    for number, path in enumerate(templates):
        copy = work / f"{number:05}{path.suffix}"
        copy.write_bytes(path.read_bytes())
        copies[str(copy)] = path
    canary = work / "canary.yaml"
    canary.write_text(CANARY)

    nested = write_nested(templates, work / "nested")

    validate = start_cfn_validate([*copies, str(canary)], work, arguments)
    lints = [start_cfn_lint([*shard, str(canary)], work, arguments) for shard in shards([*copies, *nested])]

    findings = []
    for lint in lints:
        findings += collect_cfn_lint(lint, canary, copies, nested)
    found, version = collect_cfn_validate(validate, canary, copies)
    findings = sorted(
        unique(findings + found), key=lambda f: (f["file"], f["line"], f["tool"], f["rule"], f["message"])
    )
    return findings, [f"{CFN_LINT} {importlib.metadata.version(CFN_LINT)}", f"{CFN_VALIDATE} {version}"]


def shards(paths):
    """Splits the work over the processors; a process takes about a second to start and a quarter for a template."""
    count = max(1, min(os.cpu_count() or 1, len(paths) // 4))
    return [paths[start::count] for start in range(count)]


def unique(findings):
    """Drops what the copy of a parent with local names repeats."""
    return list({json.dumps(finding, sort_keys=True): finding for finding in findings}.values())


def start(command, work, stdin=None):
    environment = {**os.environ, "HOME": str(work)}
    # Files, not pipes: a process never waits for this one to read.
    output, errors = tempfile.TemporaryFile(dir=work), tempfile.TemporaryFile(dir=work)
    source = tempfile.TemporaryFile(dir=work)
    source.write((stdin or "").encode())
    source.seek(0)
    try:
        process = subprocess.Popen(command, cwd=work, env=environment, stdin=source, stdout=output, stderr=errors)
    except OSError as error:
        raise ToolFailure(f"{command[0]} did not start: {error}; run tests/tools/install.sh") from error
    running.append(process)
    return process, output, errors


def stop_all():
    """Ends what still runs after another tool failed."""
    for process in running:
        if process.poll() is None:
            process.kill()
            process.wait()


def collect(started, name):
    process, output, errors = started
    try:
        status = process.wait(timeout=TIMEOUT_SECONDS)
    except subprocess.TimeoutExpired as error:
        process.kill()
        raise ToolFailure(f"{name} took more than {TIMEOUT_SECONDS} seconds") from error
    texts = []
    for file in (output, errors):
        file.seek(0)
        texts.append(file.read().decode("utf-8", "replace"))
    return status, *texts


# cfn-lint


def start_cfn_lint(paths, work, arguments):
    command = [str(VENV / "bin" / CFN_LINT), "--format", "json"]
    if arguments.region:
        command += ["--regions", arguments.region]
    # Mandatory: a template's own metadata cannot switch a rule off.
    command += ["--mandatory-checks", "E", "W"]
    if arguments.level == "info":
        command += ["I", "--include-checks", "I"]
    return start([*command, "--", *paths], work)


def collect_cfn_lint(started, canary, copies, nested):
    status, output, errors = collect(started, CFN_LINT)
    if status not in CFN_LINT_STATUS:
        raise ToolFailure(f"{CFN_LINT} ended with status {status}: {errors.strip()[-2000:]}")
    try:
        matches = json.loads(output)
    except ValueError as error:
        raise ToolFailure(f"{CFN_LINT} wrote no JSON: {errors.strip()[-2000:]}") from error
    reported = {match["Rule"]["Id"] for match in matches if match["Filename"] == str(canary)}
    expected = CANARY_RULES[CFN_LINT]
    if not expected <= reported:
        raise ToolFailure(f"{CFN_LINT} missed {sorted(expected - reported)} in a template that has them: {errors}")
    findings = []
    for match in matches:
        name, rule, location = match["Filename"], match["Rule"]["Id"], match["Location"]
        if name == str(canary) or (name in nested and rule not in NESTED_RULES):
            continue
        if name not in copies and name not in nested:
            raise ToolFailure(f"{CFN_LINT} reported on {name}, which it was not given")
        findings.append(
            {
                "tool": CFN_LINT,
                "rule": rule,
                "level": LEVELS[match["Level"]],
                "file": str(copies[name] if name in copies else nested[name]),
                "line": location["Start"]["LineNumber"],
                "resource": resource_of_path(location.get("Path") or []),
                "message": match["Message"],
            }
        )
    return findings


def resource_of_path(path):
    """The logical id of a resource, `Section/Name` elsewhere, nothing for the template as a whole."""
    if len(path) < 2:
        return ""
    return str(path[1]) if path[0] == "Resources" else f"{path[0]}/{path[1]}"


# @aws/cloudformation-validate


def start_cfn_validate(paths, work, arguments):
    request = {
        "tools": str(TOOLS),
        "region": arguments.region,
        "level": "INFO" if arguments.level == "info" else "WARN",
        "templates": paths,
    }
    return start(["node", str(HERE / "cloudformation_validate.mjs")], work, json.dumps(request))


def collect_cfn_validate(started, canary, names):
    status, output, errors = collect(started, CFN_VALIDATE)
    if status != 0:
        raise ToolFailure(f"{CFN_VALIDATE} ended with status {status}: {errors.strip()[-2000:]}")
    try:
        answer = json.loads(output)
    except ValueError as error:
        raise ToolFailure(f"{CFN_VALIDATE} wrote no JSON: {errors.strip()[-2000:]}") from error
    reports = {report["path"]: report for report in answer["reports"]}
    if reports.keys() != {*names, str(canary)}:
        raise ToolFailure(f"{CFN_VALIDATE} did not report on every template")
    reported = {diagnostic["rule"] for diagnostic in reports.pop(str(canary))["diagnostics"]}
    expected = CANARY_RULES[CFN_VALIDATE]
    if not expected <= reported:
        raise ToolFailure(f"{CFN_VALIDATE} missed {sorted(expected - reported)} in a template that has them")
    findings = []
    for copy, report in reports.items():
        if report["status"] != "OK" and not report["diagnostics"]:
            raise ToolFailure(f"{CFN_VALIDATE} could not analyse {names[copy]}: {report['status']}")
        if report["status"] == "ANALYSIS_INCOMPLETE":
            report["diagnostics"].append(
                {
                    "rule": "incomplete",
                    "severity": "ERROR",
                    "message": "the analysis is incomplete and may have missed findings",
                    "entity": None,
                    "path": None,
                    "line": 1,
                }
            )
        for diagnostic in report["diagnostics"]:
            findings.append(
                {
                    "tool": CFN_VALIDATE,
                    "rule": diagnostic["rule"],
                    "level": SEVERITIES[diagnostic["severity"]],
                    "file": str(names[copy]),
                    "line": diagnostic["line"],
                    "resource": resource_of_entity(diagnostic["entity"]),
                    "message": message_with_path(diagnostic),
                }
            )
    return findings, answer["version"]


def resource_of_entity(entity):
    if not entity:
        return ""
    if entity["entityType"] == "Resource":
        return entity["logicalId"]
    return f"{entity['entityType']}s/{entity['logicalId']}"


def message_with_path(diagnostic):
    path, message = diagnostic["path"], diagnostic["message"]
    return message if not path or path in message else f"{message} (at {path})"


# Nested stacks

# `TemplateURL: !Sub "${Anything}/name.yaml"`, in each way to write it.
YAML_URL = re.compile(
    r"""(TemplateURL["']?:\s*)(?:!Sub\s+|["']?Fn::Sub["']?:\s+|\{\s*["']?Fn::Sub["']?:\s*)(["']?)\$\{[\w:]+\}/([\w.-]+)\2(\s*\})?"""
)
JSON_URL = re.compile(r'("TemplateURL"\s*:\s*)\{(\s*)"Fn::Sub"\s*:\s*"\$\{[\w:]+\}/([\w.-]+)"(\s*)\}')


def write_nested(templates, target):
    """Copies each directory that has a parent of local nested stacks; returns copies of the parents by name."""
    parents = {}
    by_directory = {}
    for path in templates:
        by_directory.setdefault(path.parent, []).append(path)
    for number, (directory, paths) in enumerate(by_directory.items()):
        siblings = {path.name for path in paths}
        for index, path in enumerate(paths):
            text = path.read_text(encoding="utf-8", errors="replace")
            local = with_local_urls(text, path.suffix, siblings)
            if local is None:
                continue
            folder = target / f"{number:05}"
            if not folder.is_dir():
                folder.mkdir(parents=True)
                for sibling in paths:
                    (folder / sibling.name).write_bytes(sibling.read_bytes())
            copy = folder / f"parent-{index:05}{path.suffix}"
            copy.write_text(local, encoding="utf-8")
            parents[str(copy)] = path
    return parents


def with_local_urls(text, suffix, siblings):
    """The template with file names for the URLs of files beside it; None if it has no such URL. Lines stay in place."""
    replaced = 0

    def local(match):
        nonlocal replaced
        if suffix == ".json":
            before, space_before, name, space_after = match.groups()
            result = f'{before}{space_before}"{name}"{space_after}'
        else:
            before, _, name, _ = match.groups()
            result = f"{before}{name}"
        if name not in siblings:
            return match.group(0)
        replaced += 1
        return result

    text = (JSON_URL if suffix == ".json" else YAML_URL).sub(local, text)
    return text if replaced else None


# Suppressions


def read_suppressions(path):
    keys = ("tool", "rule", "file_glob", "resource", "reason")
    try:
        entries = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise ToolFailure(f"{path} does not exist") from None
    except ValueError as error:
        raise ToolFailure(f"{path} is not JSON: {error}") from error
    if not isinstance(entries, list):
        raise ToolFailure(f"{path} is not a list")
    for number, entry in enumerate(entries, start=1):
        name = f"{path}: entry {number}"
        if not isinstance(entry, dict) or sorted(entry) != sorted(keys):
            raise ToolFailure(f"{name} must have exactly the keys {', '.join(keys)}")
        if not all(isinstance(entry[key], str) and entry[key].strip() for key in keys if key != "resource"):
            raise ToolFailure(f"{name}: tool, rule, file_glob and reason must be text")
        if not isinstance(entry["resource"], str) or entry["resource"].startswith("*"):
            # One by one: an entry never covers a rule everywhere.
            raise ToolFailure(f"{name}: `resource` must name a resource, or be empty for the template as a whole")
        if entry["tool"] not in (CFN_LINT, CFN_VALIDATE) or not re.fullmatch(r"[A-Z]\d{4}", entry["rule"]):
            raise ToolFailure(f"{name}: `tool` is {CFN_LINT} or {CFN_VALIDATE}, and `rule` is one rule, such as W1020")
        entry["used"] = False
    return entries


def apply_suppressions(findings, entries):
    kept = []
    for finding in findings:
        entry = next((entry for entry in entries if suppresses(entry, finding)), None)
        if entry:
            entry["used"] = True
        else:
            kept.append(finding)
    return kept, len(findings) - len(kept)


def suppresses(entry, finding):
    return (
        entry["tool"] == finding["tool"]
        and entry["rule"] == finding["rule"]
        and pathlib.PurePath(finding["file"]).match(entry["file_glob"])
        and fnmatch.fnmatchcase(finding["resource"], entry["resource"])
    )


def unused_suppressions(entries, templates, arguments):
    findings = []
    for number, entry in enumerate(entries, start=1):
        in_run = any(path.match(entry["file_glob"]) for path in templates)
        if entry["used"] or (arguments.partial and not in_run):
            continue
        findings.append(
            {
                "tool": "validate",
                "rule": "unused-suppression",
                "level": "error",
                "file": str(arguments.suppressions),
                "line": 1,
                "resource": entry["resource"],
                "message": f"entry {number} ({entry['tool']} {entry['rule']} in {entry['file_glob']}) suppresses nothing",
            }
        )
    return findings


def in_tools_environment():
    return os.path.samefile(sys.prefix, VENV)


if __name__ == "__main__":
    if not (VENV / "bin" / "python").exists():
        print("validate.py: the tools are not installed; run tests/tools/install.sh", file=sys.stderr)
        print(json.dumps({"failed": "the tools are not installed"}))
        sys.exit(2)
    if not in_tools_environment():
        # The tools' own environment has the Python that cfn-lint was installed for, and knows its version.
        python = str(VENV / "bin" / "python")
        os.execv(python, [python, __file__, *sys.argv[1:]])
    try:
        status = main()
    except Exception as error:
        # Python's own status for an exception is 1, which would read as findings.
        traceback.print_exc()
        print(json.dumps({"failed": repr(error)}))
        status = 2
    sys.exit(status)
