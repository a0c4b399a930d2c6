"""Validates against the subset of JSON Schema draft 4 that the compiler writes."""

from copy import deepcopy

from .errors import PackageError, Rejected
from .formats import FORMATS
from .patterns import compile_pattern

_ANNOTATIONS = {"$schema", "title", "description", "definitions"}
_KEYWORDS = {
    "$ref", "type", "enum", "default", "properties", "required", "additionalProperties", "items", "minItems",
    "maxItems", "pattern", "format", "minLength", "maxLength", "minimum", "maximum",
}  # fmt: skip


def _is_number(value):
    return isinstance(value, (int, float)) and not isinstance(value, bool)


_TYPES = {
    "boolean": lambda value: isinstance(value, bool),
    # 1.0 counts as an integer: JavaScript cannot tell it from 1.
    "integer": lambda value: _is_number(value) and (isinstance(value, int) or value.is_integer()),
    "number": _is_number,
    "string": lambda value: isinstance(value, str),
    "array": lambda value: isinstance(value, list),
    "object": lambda value: isinstance(value, dict),
}


class Schema:
    def __init__(self, document):
        self._document = document
        self._patterns = {}
        self._defaults = []
        self._definitions = document.get("definitions", {}) if isinstance(document, dict) else {}
        for name, schema in self._definitions.items():
            self._load(schema, f"/definitions/{name}")
        self._load(document, "")
        for schema, at in self._defaults:
            self._load_default(schema, at)

    def accept(self, value, at=""):
        """Raises `Rejected` at the first place that does not fit. Properties left out get their default."""
        self._accept(self._document, value, at)

    def _load(self, schema, at):
        if not isinstance(schema, dict):
            raise PackageError(f"schema{at}: expected an object")
        for keyword in schema.keys() - _ANNOTATIONS - _KEYWORDS:
            raise PackageError(f"schema{at}: unknown keyword `{keyword}`")
        if "$ref" in schema:
            self._load_ref(schema, at)
        if str(schema.get("type", "object")) not in _TYPES:
            raise PackageError(f"schema{at}: unknown type `{schema['type']}`")
        # Python and JavaScript agree on equality for these two only.
        if "enum" in schema and schema.get("type") not in ("string", "integer"):
            raise PackageError(f"schema{at}: `enum` needs the type string or integer")
        if schema.get("format", "date") not in FORMATS:
            raise PackageError(f"schema{at}: unknown format `{schema['format']}`")
        if "pattern" in schema:
            self._patterns[schema["pattern"]] = compile_pattern(schema["pattern"], at)
        if "default" in schema:
            self._defaults.append((schema, at))
        for name, child in _children_of(schema):
            self._load(child, f"{at}/{name}")

    def _load_ref(self, schema, at):
        if self._target_of(schema) is None:
            raise PackageError(f"schema{at}: `{schema['$ref']}` is not a definition")
        # Draft 4 ignores what stands beside a $ref, so a check there would never run.
        if schema.keys() - _ANNOTATIONS != {"$ref"}:
            raise PackageError(f"schema{at}: a check or a default beside `$ref`")

    def _load_default(self, schema, at):
        try:
            # Also fills the properties that the default itself leaves out.
            self._accept(schema, schema["default"], "")
        except Rejected as error:
            raise PackageError(f"schema{at}: the default does not fit: {error}") from None

    def _target_of(self, schema):
        start, _, name = str(schema["$ref"]).rpartition("/")
        return self._definitions.get(name) if start == "#/definitions" else None

    def _resolve(self, schema):
        return self._resolve(self._target_of(schema)) if "$ref" in schema else schema

    def _accept(self, schema, value, at):
        schema = self._resolve(schema)
        if "type" in schema and not _TYPES[schema["type"]](value):
            raise Rejected(f"expected {schema['type']}", at)
        if "enum" in schema and value not in schema["enum"]:
            raise Rejected("not one of the allowed values", at)
        if isinstance(value, str):
            self._check_text(schema, value, at)
        elif _is_number(value):
            _check_number(schema, value, at)
        elif isinstance(value, list):
            self._accept_list(schema, value, at)
        elif isinstance(value, dict):
            self._accept_object(schema, value, at)

    def _check_text(self, schema, value, at):
        # The length first: it bounds what the pattern has to read.
        if len(value) < schema.get("minLength", 0):
            raise Rejected(f"shorter than {schema['minLength']}", at)
        if len(value) > schema.get("maxLength", len(value)):
            raise Rejected(f"longer than {schema['maxLength']}", at)
        if "format" in schema and not FORMATS[schema["format"]](value):
            raise Rejected(f"not a {schema['format']}", at)
        if "pattern" in schema and not self._patterns[schema["pattern"]].search(value):
            raise Rejected("does not match the pattern", at)

    def _accept_list(self, schema, value, at):
        if len(value) < schema.get("minItems", 0):
            raise Rejected(f"fewer items than {schema['minItems']}", at)
        if len(value) > schema.get("maxItems", len(value)):
            raise Rejected(f"more items than {schema['maxItems']}", at)
        for index, one in enumerate(value if "items" in schema else ()):
            self._accept(schema["items"], one, f"{at}/{index}")

    def _accept_object(self, schema, value, at):
        for name in schema.get("required", ()):
            if name not in value:
                raise Rejected("missing", _join(at, name))
        properties, rest = schema.get("properties", {}), schema.get("additionalProperties", True)
        for name, one in value.items():
            child = properties.get(name, rest)
            if child is False:
                raise Rejected("unknown property", _join(at, name))
            if child is not True:
                self._accept(child, one, _join(at, name))
        for name, child in properties.items():
            child = self._resolve(child)
            if name not in value and "default" in child:
                value[name] = deepcopy(child["default"])


def _children_of(schema):
    for name, child in schema.get("properties", {}).items():
        yield f"properties/{name}", child
    if "items" in schema:
        yield "items", schema["items"]
    if not isinstance(schema.get("additionalProperties", True), bool):
        yield "additionalProperties", schema["additionalProperties"]


def _check_number(schema, value, at):
    if value < schema.get("minimum", value):
        raise Rejected(f"less than {schema['minimum']}", at)
    if value > schema.get("maximum", value):
        raise Rejected(f"greater than {schema['maximum']}", at)


def _join(at, name):
    # A hostile key must not blow up the log.
    return f"{at}/{name[:64].replace('~', '~0').replace('/', '~1')}"
