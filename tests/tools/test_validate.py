"""Tests of validate.py: what it finds, what it must not hide, and that a tool that did not run is a failure.

    python3 tests/tools/test_validate.py
"""

import json
import os
import pathlib
import subprocess
import sys
import tempfile
import unittest

SCRIPT = pathlib.Path(__file__).resolve().parent / "validate.py"

CLEAN = """\
AWSTemplateFormatVersion: "2010-09-09"
Parameters: {KeyArn: {Type: String}}
Resources:
  Topic: {Type: AWS::SNS::Topic, Properties: {KmsMasterKeyId: !Ref KeyArn}}
Outputs:
  TopicArn: {Value: !Ref Topic}
"""
# `!Sub` without a variable: W1020 of both tools, on line 4.
NEEDLESS_SUB = """\
AWSTemplateFormatVersion: "2010-09-09"
Resources:
  Topic: {Type: AWS::SNS::Topic,
    Properties: {DisplayName: !Sub "exits"}}
"""
HIDDEN = NEEDLESS_SUB.replace("Topic: {", "Topic: {Metadata: {cfn-lint: {config: {ignore_checks: [W1020]}}}, ")
ROOT = """\
AWSTemplateFormatVersion: "2010-09-09"
Parameters: {ArtifactBaseUrl: {Type: String}}
Resources:
  Child:
    Type: AWS::CloudFormation::Stack
    Properties:
      TemplateURL: !Sub "${ArtifactBaseUrl}/child.yaml"
      Parameters: {Key: a}
  Alias: {Type: AWS::SNS::Topic, Properties: {DisplayName: !GetAtt Child.Outputs.Arn}}
Outputs:
  Arn: {Value: !GetAtt Child.Outputs.Arn}
"""
ROOT_JSON = {
    "AWSTemplateFormatVersion": "2010-09-09",
    "Parameters": {"ArtifactBaseUrl": {"Type": "String"}},
    "Resources": {
        "Child": {
            "Type": "AWS::CloudFormation::Stack",
            "Properties": {
                "TemplateURL": {"Fn::Sub": "${ArtifactBaseUrl}/child.yaml"},
                "Parameters": {"KeyArn": "arn", "Wrong": "b"},
            },
        }
    },
}
SUPPRESSED_TOPIC = {"rule": "W1020", "file_glob": "build/topic.yaml", "resource": "Topic", "reason": "a test"}


class Validate(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        (self.folder / "build").mkdir()
        self.suppressions = []

    def write(self, name, content):
        path = self.folder / "build" / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(content if isinstance(content, str) else json.dumps(content, indent=2))

    def run_script(self, *options, environment=None):
        (self.folder / "suppressions.json").write_text(json.dumps(self.suppressions))
        command = [sys.executable, SCRIPT, "--suppressions", self.folder / "suppressions.json", *options, "build"]
        done = subprocess.run(command, cwd=self.folder, env=environment, capture_output=True, text=True, check=False)
        lines = [json.loads(line) for line in done.stdout.splitlines()]
        findings = sorted((f["file"], f["tool"], f["rule"], f["line"], f["resource"]) for f in lines[:-1])
        return done.returncode, findings, lines[-1]

    def test_clean_templates_and_other_files(self):
        self.write("clean.yaml", CLEAN)
        self.write("nested/clean.yml", CLEAN)
        self.write("manifest.json", {"app": "x"})
        self.write("openapi.yaml", "openapi: 3.0.0\ncomponents:\n  Resources: {}\n")
        status, findings, summary = self.run_script()
        self.assertEqual((status, findings), (0, []))
        self.assertEqual(summary["templates"], 2)
        self.assertEqual([tool.split()[0] for tool in summary["tools"]], ["cfn-lint", "cloudformation-validate"])
        self.assertEqual(summary["skipped"], ["build/manifest.json", "build/openapi.yaml"])

    def test_findings_of_both_tools_whatever_the_template_says(self):
        self.write("topic.yaml", NEEDLESS_SUB)
        self.write("hidden.yaml", HIDDEN)
        self.write("broken.json", "{")
        self.write("broken.yaml", "Resources: [")
        # Names with the signs of a pattern are names.
        self.write("a[b]*.yaml", NEEDLESS_SUB)
        status, findings, summary = self.run_script()
        self.assertEqual(status, 1)
        for name in ("topic.yaml", "hidden.yaml", "a[b]*.yaml"):
            for tool in ("cfn-lint", "cloudformation-validate"):
                self.assertIn((f"build/{name}", tool, "W1020", 4, "Topic"), findings)
        for name in ("broken.json", "broken.yaml"):
            self.assertEqual(
                [finding[1:3] for finding in findings if finding[0] == f"build/{name}"],
                [("cfn-lint", "E0000"), ("cloudformation-validate", "F1101")],
            )
        self.assertEqual(summary["findings"], len(findings))

    def test_nested_stacks_are_compared_with_their_templates(self):
        self.write("root.yaml", ROOT)
        self.write("root.json", ROOT_JSON)
        self.write("child.yaml", CLEAN)
        status, findings, _ = self.run_script()
        self.assertEqual(status, 1)
        self.assertEqual(
            findings,
            [
                ("build/root.json", "cfn-lint", "E3043", 17, "Child"),
                ("build/root.yaml", "cfn-lint", "E1010", 9, "Alias"),
                ("build/root.yaml", "cfn-lint", "E3043", 8, "Child"),
                ("build/root.yaml", "cfn-lint", "E3043", 8, "Child"),
                ("build/root.yaml", "cfn-lint", "E6101", 11, "Outputs/Arn"),
            ],
        )

    def test_a_suppression_takes_one_finding_of_one_tool(self):
        self.write("topic.yaml", NEEDLESS_SUB)
        self.write("other.yaml", NEEDLESS_SUB)
        self.suppressions = [{"tool": "cfn-lint", **SUPPRESSED_TOPIC}]
        status, findings, summary = self.run_script()
        self.assertEqual((status, summary["suppressed"]), (1, 1))
        self.assertNotIn(("build/topic.yaml", "cfn-lint", "W1020", 4, "Topic"), findings)
        self.assertEqual(len(findings), 3)

    def test_unused_suppressions_are_findings(self):
        self.write("clean.yaml", CLEAN)
        self.suppressions = [{"tool": "cfn-lint", **SUPPRESSED_TOPIC}]
        status, findings, _ = self.run_script()
        self.assertEqual((status, [finding[2] for finding in findings]), (1, ["unused-suppression"]))
        status, findings, _ = self.run_script("--partial")
        self.assertEqual((status, findings), (0, []))

    def test_suppressions_are_one_by_one_and_have_a_reason(self):
        self.write("clean.yaml", CLEAN)
        good = {"tool": "cfn-lint", **SUPPRESSED_TOPIC}
        for bad in ({**good, "resource": "*"}, {**good, "reason": " "}, {**good, "rule": "W"}, {"rule": "W1020"}):
            self.suppressions = [bad]
            status, _, summary = self.run_script()
            self.assertEqual(status, 2, bad)
            self.assertIn("entry 1", summary["failed"])

    def test_silence_of_a_tool_is_a_failure(self):
        self.write("clean.yaml", CLEAN)
        folder = self.folder / "bin"
        folder.mkdir()
        (folder / "node").write_text("#!/bin/sh\nexit 0\n")
        (folder / "node").chmod(0o755)
        status, _, summary = self.run_script(environment={**os.environ, "PATH": f"{folder}:{os.environ['PATH']}"})
        self.assertEqual((status, "failed" in summary), (2, True))
        status, _, summary = self.run_script("--region", "nowhere-1")
        self.assertEqual((status, "nowhere-1" in summary["failed"]), (2, True))

    def test_no_template_is_a_failure(self):
        self.write("manifest.json", {"app": "x"})
        status, _, summary = self.run_script()
        self.assertEqual((status, summary), (2, {"failed": "build holds no template"}))


if __name__ == "__main__":
    unittest.main()
