#!/usr/bin/env python3
"""Writes stdlib/facts/replacement.yaml: which property of which resource type cannot change in place.

    replacement.py            writes the file
    replacement.py --check    exits 1 with a diff where the file, the schemas and the constructs do not agree

The source is the CloudFormation resource provider schemas of us-east-1 that the pinned cfn-lint carries
(`createOnlyProperties`, `conditionalCreateOnlyProperties`). DOCUMENTED adds what their pages say and they do not.
The types are those of stdlib/constructs and SOON. tests/tools/install.sh brings cfn-lint.
"""

import difflib
import json
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
FACTS = ROOT / "stdlib" / "facts" / "replacement.yaml"
CONSTRUCTS = ROOT / "stdlib" / "constructs"
SCHEMAS = "target/tools/venv/lib/python3*/site-packages/cfnlint/data/schemas"
REGION = "us-east-1"
REFERENCE = "https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/"

# Types of deployments and of constructs to come.
SOON = """
ApiGateway::Account ApiGateway::Authorizer ApiGateway::BasePathMapping ApiGateway::DomainName
Athena::NamedQuery Athena::WorkGroup
CertificateManager::Certificate
CloudFormation::Stack
CloudWatch::Alarm CloudWatch::CompositeAlarm CloudWatch::Dashboard
Cognito::UserPool Cognito::UserPoolClient Cognito::UserPoolDomain Cognito::UserPoolResourceServer
DynamoDB::GlobalTable DynamoDB::Table
Events::EventBus Events::Rule
Glue::Database Glue::Table
IAM::ManagedPolicy IAM::Policy
Kinesis::ResourcePolicy Kinesis::StreamConsumer
Lambda::Alias Lambda::EventInvokeConfig Lambda::LayerVersion Lambda::Permission Lambda::Version
Logs::MetricFilter Logs::ResourcePolicy Logs::SubscriptionFilter
Pipes::Pipe
Route53::RecordSet
Scheduler::Schedule
SecretsManager::Secret
SSM::Parameter
StepFunctions::StateMachine
WAFv2::WebACL WAFv2::WebACLAssociation
"""

# Where the documentation says more than the schema: type, key, paths, page, what the page says.
DOCUMENTED = [
    ("AWS::CertificateManager::Certificate", "create_only", ["ValidationMethod"],
     "aws-resource-certificatemanager-certificate.html", "update requires: replacement"),
    ("AWS::DynamoDB::Table", "conditional_create_only", ["AttributeDefinitions"],
     "aws-resource-dynamodb-table.html", "replacement if you edit an existing AttributeDefinition"),
    ("AWS::KMS::Key", "refused", ["KeySpec", "KeyUsage", "MultiRegion", "Origin"],
     "aws-resource-kms-key.html", "the update request fails, regardless of UpdateReplacePolicy"),
    ("AWS::Logs::LogGroup", "refused", ["LogGroupClass"],
     "aws-resource-logs-loggroup.html", "updates are not supported"),
    ("AWS::Route53::RecordSet", "create_only", ["Name"],
     "aws-resource-route53-recordset.html", "update requires: replacement"),
]

# Types whose own name is called `Name`, and not after the type (`QueueName`, `TopicName`).
NAMED_NAME = {"AWS::Kinesis::Stream", "AWS::Events::Rule", "AWS::Pipes::Pipe", "AWS::SecretsManager::Secret",
              "AWS::SSM::Parameter", "AWS::Events::EventBus", "AWS::Scheduler::Schedule"}

HEAD = """\
# Which change of a resource replaces it: a property path under the resource's type.
#   create_only              a change makes a new resource and deletes the old one
#   conditional_create_only  a change may do so
#   refused                  the service refuses a change, so the update fails and is rolled back
#   named                    the property that names the resource: one that keeps its name is never replaced
# A type with none of them is always updated in place. A type that is not here is not known.
# Written by tests/tools/replacement.py; do not edit.

# What the properties of the schemas mean:
# https://docs.aws.amazon.com/cloudformation-cli/latest/userguide/resource-type-schema.html
# https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/using-cfn-updating-stacks-update-behaviors.html
"""


def main():
    if sys.argv[1:] not in ([], ["--check"]):
        sys.exit(__doc__)
    wanted = render(constructed() | {f"AWS::{name}" for name in SOON.split()})
    if not sys.argv[1:]:
        FACTS.write_text(wanted, encoding="utf-8")
        return
    present = FACTS.read_text(encoding="utf-8") if FACTS.is_file() else ""
    if present != wanted:
        name = FACTS.relative_to(ROOT).as_posix()
        sys.stdout.writelines(difflib.unified_diff(
            present.splitlines(keepends=True), wanted.splitlines(keepends=True), name, "schemas and constructs"))
        sys.exit("replacement.py: run tests/tools/replacement.py and read what changed")


def constructed():
    """The resource types that constructs write."""
    types = set()
    for path in CONSTRUCTS.glob("**/construct.yaml"):
        types.update(re.findall(r"\bType: *[\"']?(AWS::\w+::\w+)", path.read_text(encoding="utf-8")))
    if not types:
        sys.exit(f"replacement.py: no resource type in {CONSTRUCTS}")
    return types


def render(types):
    schemas = read_schemas(types)
    unused = {entry[0] for entry in DOCUMENTED} - types
    if unused:
        sys.exit(f"replacement.py: DOCUMENTED names types that nothing uses: {', '.join(sorted(unused))}")
    return HEAD + "".join(block(name, schemas[name]) for name in sorted(types))


def schema_folder():
    found = sorted(ROOT.glob(SCHEMAS))
    if not found:
        sys.exit("replacement.py: cfn-lint is not installed; run tests/tools/install.sh")
    return found[-1]


def known_types():
    """The files' names by resource type."""
    return json.loads((schema_folder() / "providers" / f"{REGION}.json").read_text(encoding="utf-8"))


def read_schemas(types):
    files = known_types()
    unknown = sorted(types - files.keys())
    if unknown:
        sys.exit(f"replacement.py: cfn-lint has no schema of {', '.join(unknown)} in {REGION}")
    folder = schema_folder() / "resources"
    return {name: json.loads((folder / f"{files[name]}.json").read_text(encoding="utf-8")) for name in types}


def block(name, schema):
    keys = {
        "create_only": paths(schema, "createOnlyProperties"),
        "conditional_create_only": paths(schema, "conditionalCreateOnlyProperties"),
        "refused": set(),
    }
    notes = []
    for documented, key, more, page, says in DOCUMENTED:
        if documented == name:
            known = keys["create_only"] if key != "conditional_create_only" else keys[key]
            if known & set(more):
                sys.exit(f"replacement.py: the schema of {name} now says what DOCUMENTED adds; remove the entry")
            keys[key] |= set(more)
            notes.append(f"  # {', '.join(more)}: {says}. {REFERENCE}{page}\n")
    lines = [line for key in keys for line in listed(key, keys[key])]
    # "If you specify a name, you cannot perform updates that require replacement of this resource."
    # https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-properties-name.html
    names = keys["create_only"] & ({"Name"} if name in NAMED_NAME else {name.rsplit("::", 1)[1] + "Name"})
    lines += [f"  named: {own}\n" for own in names]
    return f"\n{name}:{'' if lines else ' {}'}\n" + "".join(notes + lines)


def paths(schema, key):
    return {path.removeprefix("/properties/").replace("/", ".") for path in schema.get(key, [])}


def listed(key, values):
    """`key: [A, B]`, or an item a line where that is longer than a line."""
    short = f"  {key}: [{', '.join(sorted(values))}]\n"
    if not values:
        return []
    return [short] if len(short) <= 121 else [f"  {key}:\n", *(f"    - {value}\n" for value in sorted(values))]


if __name__ == "__main__":
    main()
