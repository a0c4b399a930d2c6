#!/usr/bin/env python3
"""Writes stdlib/facts/resource_types.yaml: which properties resource types have, and what fits them.

    resource_types.py            writes the file
    resource_types.py --check    exits 1 with a diff where the file and the schemas do not agree

The source is the CloudFormation resource provider schemas that replacement.py reads, and the list of what Fn::GetAtt
reads that the pinned cfn-lint keeps beside them (`_getatts.py`), since schemas say it only of read-only properties.
The types are those of stdlib/facts/replacement.yaml, of the services WHOLE, and SINGLE.
"""

import ast
import collections
import difflib
import json
import re
import sys
import textwrap

import replacement

FACTS = replacement.ROOT / "stdlib" / "facts" / "resource_types.yaml"
GETATTS = "target/tools/venv/lib/python3*/site-packages/cfnlint/schema/_getatts.py"
WIDTH = 120
LONGEST_ENUM = 40

# Words that say what fits, and so name no shape.
WORDS = {"any", "boolean", "integer", "json", "list", "map", "number", "object", "required", "string"}

# Services whose types pipelines of events are made of.
WHOLE = """
ApiGateway Athena CertificateManager CloudWatch Cognito DynamoDB Events Kinesis KinesisFirehose KMS Logs Pipes Route53
S3 Scheduler SecretsManager SNS SQS StepFunctions WAFv2 XRay
"""

# Types of services that have many others.
SINGLE = """
CloudFormation::CustomResource
EC2::SecurityGroup EC2::SecurityGroupEgress EC2::SecurityGroupIngress EC2::VPCEndpoint
EventSchemas::Discoverer EventSchemas::Registry EventSchemas::Schema
Glue::Crawler Glue::Database Glue::Partition Glue::Registry Glue::Schema Glue::SchemaVersion Glue::Table
IAM::InstanceProfile IAM::ManagedPolicy IAM::OIDCProvider IAM::Policy IAM::Role IAM::RolePolicy IAM::ServiceLinkedRole
Lambda::Alias Lambda::CodeSigningConfig Lambda::EventInvokeConfig Lambda::EventSourceMapping Lambda::Function
Lambda::LayerVersion Lambda::LayerVersionPermission Lambda::Permission Lambda::Url Lambda::Version
SSM::Parameter
"""

HEAD = """\
# The properties of resource types, and what fits them.
#   types: by resource type
#     read_only   paths that a template reads with Fn::GetAtt and cannot set; `*` stands for any item of a list
#     readable    what Fn::GetAtt reads besides; `*` stands for any name
#     properties  what a template can set
#   shapes: objects that properties hold, by a name of this file; many are of more than one type
# What fits a property:
#   required …              must be there
#   string A | B            text; where values are named, one of them
#   integer 0..900          a number from 0 to 900; either end may be open
#   boolean, any            true or false; any value
#   object                  an object of any keys
#   json, json NAME         an object (of that shape) or its text
#   list of …, map of …     a list; an object of any keys with such values
#   NAME                    an object of that shape; its key `*` stands for any other key
# Patterns, lengths, and rules between properties are not here. A type that is not here is not known.
# Written by tests/tools/resource_types.py from CloudFormation's public resource schemas; do not edit.

# What the properties of the schemas mean:
# https://docs.aws.amazon.com/cloudformation-cli/latest/userguide/resource-type-schema.html
"""


def main():
    if sys.argv[1:] not in ([], ["--check"]):
        sys.exit(__doc__)
    wanted = render(replacement.read_schemas(wanted_types()))
    if not sys.argv[1:]:
        FACTS.write_text(wanted, encoding="utf-8")
        return
    present = FACTS.read_text(encoding="utf-8") if FACTS.is_file() else ""
    if present != wanted:
        name = FACTS.relative_to(replacement.ROOT).as_posix()
        sys.stdout.writelines(difflib.unified_diff(
            present.splitlines(keepends=True), wanted.splitlines(keepends=True), name, "schemas"))
        sys.exit("resource_types.py: run tests/tools/resource_types.py and read what changed")


def wanted_types():
    types = set(re.findall(r"(?m)^(AWS::\w+::\w+):", replacement.FACTS.read_text(encoding="utf-8")))
    types |= {f"AWS::{name}" for name in SINGLE.split()}
    services = set(WHOLE.split())
    of_services = {name for name in replacement.known_types() if name.split("::")[1] in services}
    missing = services - {name.split("::")[1] for name in of_services}
    if missing:
        sys.exit(f"resource_types.py: cfn-lint has no types of {', '.join(sorted(missing))}")
    return types | of_services


def render(schemas):
    readers = {name: Reader(name, schemas[name]) for name in sorted(schemas)}
    names = Names(readers)
    readable = readable_lists()
    types = "".join(type_block(reader, names, readable) for reader in readers.values())
    shapes = "".join(f"\n  {name}:{lines}" for name, lines in sorted(names.blocks()))
    return f"{HEAD}\ntypes:{types}\nshapes:{shapes}"


def type_block(reader, names, readable):
    more = readable_attributes(reader, readable) - reader.read_only
    lines = flow("read_only", reader.read_only) + flow("readable", more)
    properties = names.lines(reader, reader.objects[()], "      ")
    return f"\n  {reader.type}:\n{lines}    properties:{properties}"


def flow(key, values):
    text = f"{key}: [{', '.join(quoted(value) for value in sorted(values))}]"
    return folded(text, "    ") if values else ""


def folded(text, indent):
    """Text as lines, which YAML joins with spaces."""
    lines = textwrap.wrap(text, WIDTH, initial_indent=indent, subsequent_indent=indent + "  ",
                          break_long_words=False, break_on_hyphens=False)
    return "\n".join(lines) + "\n"


def quoted(text):
    """A name as YAML has it."""
    plain = re.fullmatch(r"[A-Za-z][\w.-]*", text) and text.lower() not in {"null", "true", "false"}
    return text if plain else json.dumps(text)


# What Fn::GetAtt reads of types that let more than their read-only properties be read.

def readable_lists():
    """Types of which every property is readable, and further properties by type."""
    path = sorted(replacement.ROOT.glob(GETATTS))[-1]
    assigned = {target.id: node.value for node in ast.parse(path.read_text(encoding="utf-8")).body
                if isinstance(node, ast.Assign) for target in node.targets if isinstance(target, ast.Name)}
    try:
        return ast.literal_eval(assigned["_all_property_types"]), ast.literal_eval(assigned["_exceptions"])
    except KeyError as missing:
        sys.exit(f"resource_types.py: cfn-lint's {path.name} no longer has {missing}")


def readable_attributes(reader, readable):
    every, further = readable
    if reader.type == "AWS::CloudFormation::Stack":
        # https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-cloudformation-stack.html
        return {"Outputs.*"}
    if reader.type == "AWS::CloudFormation::CustomResource":
        # https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-cloudformation-customresource.html
        return {"*"}
    names = set(further.get(reader.type, []))
    if reader.type in every:
        names.update(*(leaves(reader, name, node, ()) for name, node in reader.schema["properties"].items()))
    return names


def leaves(reader, path, node, seen):
    """Paths of values that are no objects; Fn::GetAtt does not go into a list of objects."""
    node = reader.resolved(node)
    if node.get("properties") and id(node) not in seen:
        inner = (leaves(reader, f"{path}.{name}", value, (*seen, id(node)))
                 for name, value in node["properties"].items())
        return set().union(*inner)
    if "items" in node and {"object", "array"} & types_of(reader.resolved(node["items"])):
        return set()
    return {path}


class Reader:
    """A schema as objects: by an id of this type, a list of (property, fit). A fit is a text or a tree of tuples."""

    def __init__(self, name, schema):
        self.type, self.schema = name, schema
        self.read_only = {path.removeprefix("/properties/").replace("/", ".")
                          for path in schema.get("readOnlyProperties", [])}
        self.objects, self.bases = {}, {}
        self.object((), schema, name)

    def resolved(self, node):
        while "$ref" in node:
            at = self.schema
            for part in node["$ref"].removeprefix("#/").split("/"):
                at = at[part]
            node = at
        return node

    def object(self, key, node, base):
        """Reads an object; the tuple that stands for it."""
        if key in self.objects:
            return ("object", key)
        self.objects[key], self.bases[key] = {}, base
        required = set(node.get("required", []))
        # `read_only` says what is read-only of a type; in a shape it depends on the type whether a property is.
        skipped = self.read_only if key == () else set()
        found = {name: (name in required, self.fit(value, (*key, name), name))
                 for name, value in node.get("properties", {}).items() if name not in skipped}
        rest = self.rest(node, key)
        if rest is not None:
            found["*"] = (False, rest)
        self.objects[key] = found
        return ("object", key)

    def rest(self, node, key):
        """What fits keys that are no properties."""
        values = list(node.get("patternProperties", {}).values())
        more = node.get("additionalProperties", False)
        if isinstance(more, dict):
            values.append(more)
        fits = [self.fit(value, (*key, "*"), self.bases.get(key, key[-1] if key else "")) for value in values]
        if more is True or any(fit != fits[0] for fit in fits):
            return "any"
        return fits[0] if fits else None

    def fit(self, node, key, base):
        if "$ref" in node:
            parts = node["$ref"].removeprefix("#/").split("/")
            return self.fit(self.resolved(node), ("#", *parts), parts[-1])
        node = self.merged(node)
        types = types_of(node)
        if types == {"object"} or types == {"object", "string"}:
            return self.object_fit(node, key, base, "string" in types)
        if len(types) != 1:
            return "any"
        only = next(iter(types))
        if only == "array":
            return ("list of", self.fit(node["items"], (*key, "[]"), base) if "items" in node else "any")
        return scalar(only, node)

    def object_fit(self, node, key, base, or_text):
        if node.get("properties"):
            known = self.object(key, node, base)
            return ("json", known) if or_text else known
        rest = self.rest(node, key)
        if rest not in (None, "any") and not or_text:
            return ("map of", rest)
        return "json" if or_text else "object"

    def merged(self, node):
        """A node with its alternatives merged: what fits any of them fits it."""
        for word in ("oneOf", "anyOf"):
            variants = [self.resolved(variant) for variant in node.get(word, [])]
            typed = [variant for variant in variants if types_of(variant)]
            if not typed:
                continue
            if word == "oneOf" and {"type": ["object", "string"], "format": "json"} in typed and len(typed) == 2:
                # Of a list or a free object, the list: pages of the documentation have no other.
                # https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-dynamodb-table.html
                return next(variant for variant in typed if variant.get("format") != "json")
            objects = all(types_of(variant) == {"object"} for variant in typed)
            if not objects or len(typed) != len(variants):
                kinds = set().union(*(types_of(variant) for variant in variants))
                return {"type": sorted(kinds | types_of(node))}
            return self.union(node, typed)
        return node

    @staticmethod
    def union(node, variants):
        properties = dict(node.get("properties", {}))
        for variant in variants:
            properties.update(variant.get("properties", {}))
        shared = set.intersection(*(set(variant.get("required", [])) for variant in variants))
        required = sorted(shared | set(node.get("required", [])))
        return {"type": "object", "properties": properties, "required": required}


def types_of(node):
    found = node.get("type", [])
    found = {found} if isinstance(found, str) else set(found)
    if not found and ("properties" in node or "patternProperties" in node):
        return {"object"}
    if not found and "items" in node:
        return {"array"}
    if not found and node.get("format") == "json":
        return {"object", "string"}
    return found


def scalar(kind, node):
    values = [node["const"]] if "const" in node else node.get("enum", [])
    texts = [str(value) for value in values]
    # A value with these signs could not be told apart.
    told_apart = all(text and text == text.strip() and not re.search(r"[|#\n]|: |:$", text) for text in texts)
    if kind in ("string", "integer") and texts and len(texts) <= LONGEST_ENUM and told_apart:
        return f"{kind} {' | '.join(sorted(set(texts), key=lambda text: (kind == 'integer' and int(text), text)))}"
    low, high = node.get("minimum"), node.get("maximum")
    if kind in ("integer", "number") and (low is not None or high is not None):
        return f"{kind} {'' if low is None else number(low)}..{'' if high is None else number(high)}"
    return kind


def number(value):
    return str(int(value)) if float(value).is_integer() else str(value)


class Names:
    """A name for every object that is not a type; objects that are the same have the same."""

    def __init__(self, readers):
        self.readers = readers
        ids = [(name, key) for name, reader in readers.items() for key in reader.objects if key]
        # Objects of the same base name are the same until something in them differs.
        group = {one: readers[one[0]].bases[one[1]] for one in ids}
        count = 0
        while len(set(group.values())) != count:
            count = len(set(group.values()))
            numbers = {}
            group = {one: numbers.setdefault(self.signature(one, group), len(numbers)) for one in ids}
        self.name_groups(group)

    def signature(self, one, group):
        reader = self.readers[one[0]]
        entries = sorted((name, required, written(fit, lambda key: group[one[0], key]))
                         for name, (required, fit) in reader.objects[one[1]].items())
        return reader.bases[one[1]], tuple(entries)

    def name_groups(self, group):
        members = collections.defaultdict(list)
        for one, number in group.items():
            members[number].append(one)
        by_base = collections.defaultdict(list)
        for ones in members.values():
            by_base[self.readers[ones[0][0]].bases[ones[0][1]]].append(sorted(ones))
        self.name, self.first = {}, {}
        for base in sorted(by_base):
            for index, ones in enumerate(sorted(by_base[base], key=lambda ones: (-len(ones), ones[0]))):
                self.take(base if index == 0 else None, base, ones)

    def take(self, name, base, ones):
        """Gives a name: the base, or where that is taken, the base with its type before it."""
        name = name or f"{'.'.join(ones[0][0].split('::')[1:])}.{base}"
        wanted, count = name, 1
        while wanted in self.first:
            count += 1
            wanted = f"{name}{count}"
        if not re.fullmatch(r"[\w.-]+", wanted) or wanted.lower() in WORDS:
            sys.exit(f"resource_types.py: `{wanted}` is no name of a shape, an object of {ones[0][0]}")
        self.first[wanted] = ones[0]
        self.name.update(dict.fromkeys(ones, wanted))

    def blocks(self):
        for name, (type_name, key) in self.first.items():
            reader = self.readers[type_name]
            yield quoted(name), self.lines(reader, reader.objects[key], "    ")

    def lines(self, reader, entries, indent):
        lines = []
        for name in sorted(entries):
            required, fit = entries[name]
            text = written(fit, lambda key: self.name[reader.type, key])
            lines.append(folded(f"{quoted(name)}: {'required ' if required else ''}{text}", indent))
        return "\n" + "".join(lines) if lines else " {}\n"


def written(fit, name):
    if isinstance(fit, str):
        return fit
    word, inner = fit
    return str(name(inner)) if word == "object" else f"{word} {written(inner, name)}"


if __name__ == "__main__":
    main()
