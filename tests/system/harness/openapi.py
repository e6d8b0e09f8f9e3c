# SPDX-License-Identifier: BSD-2-Clause
"""Checks answers against an OpenAPI 3.0 document: as much of it as we use, and an error for the rest."""

import re

from .config import Failure

# What may stand in a schema; a keyword that is not known here would otherwise never be checked.
KEYWORDS = {
    "type", "properties", "required", "additionalProperties", "items", "enum", "nullable", "format", "minimum",
    "maximum", "minLength", "maxLength", "minItems", "maxItems", "pattern", "description", "example", "default",
    "title", "oneOf", "allOf", "anyOf", "readOnly", "writeOnly", "deprecated", "$ref", "const",
}
TYPES = {
    "object": lambda value: isinstance(value, dict),
    "array": lambda value: isinstance(value, list),
    "string": lambda value: isinstance(value, str),
    "integer": lambda value: isinstance(value, int) and not isinstance(value, bool),
    "number": lambda value: isinstance(value, (int, float)) and not isinstance(value, bool),
    "boolean": lambda value: isinstance(value, bool),
}
FORMATS = {"date-time": r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)"}


class Document:
    def __init__(self, document):
        self.document = document
        version = document.get("openapi", "")
        if not re.match(r"3\.[01]\.\d+$", version):
            raise Failure(f"openapi: {version!r}")
        for member in ("info", "paths"):
            if member not in document:
                raise Failure(f"the document has no {member}")

    def resolve(self, node):
        while isinstance(node, dict) and "$ref" in node:
            reference = node["$ref"]
            node = self.document
            if not reference.startswith("#/"):
                raise Failure(f"foreign reference {reference}")
            for part in reference[2:].split("/"):
                try:
                    node = node[part.replace("~1", "/").replace("~0", "~")]
                except (KeyError, TypeError):
                    raise Failure(f"dangling reference {reference}") from None
        return node

    def check_references(self):
        """Every reference leads somewhere."""
        rest = [self.document]
        while rest:
            node = rest.pop()
            if isinstance(node, dict):
                self.resolve(node)
                rest += node.values()
            elif isinstance(node, list):
                rest += node

    def operations(self):
        """(path template, METHOD, operation) of everything described."""
        for path, item in self.document["paths"].items():
            for method in ("get", "put", "post", "delete", "patch", "head", "options"):
                if method in item:
                    yield path, method.upper(), item[method]

    def find(self, method, path):
        """The operation that `path` belongs to; literal templates win."""
        path = path.split("?")[0]
        best = None
        for template, verb, operation in self.operations():
            pattern = re.sub(r"\\\{[^/]+?\\\}", "[^/]+", re.escape(template))
            if verb == method and re.fullmatch(pattern, path):
                if best is None or template.count("{") < best[0].count("{"):
                    best = (template, operation)
        return best

    def check_answer(self, method, path, answer):
        """The status is described, and the body is what its description says."""
        found = self.find(method, path)
        if not found:
            raise Failure(f"{method} {path} is not described")
        template, operation = found
        responses = operation.get("responses", {})
        status = str(answer.status)
        response = responses.get(status, responses.get(f"{status[0]}XX", responses.get("default")))
        if response is None:
            raise Failure(f"{method} {template}: status {status} is not described")
        content = self.resolve(response).get("content")
        if method == "HEAD" or not answer.body:
            return
        if not content:
            raise Failure(f"{method} {template} {status}: a body, but none is described")
        kind = (answer.header("content-type") or "").split(";")[0].strip()
        if kind not in content:
            raise Failure(f"{method} {template} {status}: {kind} is not described, only {sorted(content)}")
        schema = content[kind].get("schema")
        if schema and (kind.endswith("json")):
            self.check(answer.json(), schema, f"{method} {template} {status}")

    def check(self, value, schema, where):
        schema = self.resolve(schema)
        unknown = set(schema) - KEYWORDS
        if unknown:
            raise Failure(f"{where}: the schema says {sorted(unknown)}, which nobody checks")
        if value is None:
            if schema.get("nullable") or "null" in _types(schema):
                return
            if not (schema.get("oneOf") or schema.get("anyOf")):
                raise Failure(f"{where} is null")
        for part in schema.get("allOf", []):
            self.check(value, part, where)
        for word in ("oneOf", "anyOf"):
            if word in schema:
                self._check_choice(value, schema[word], where, exactly_one=word == "oneOf")
        types = [name for name in _types(schema) if name != "null"]
        if types and not any(TYPES[name](value) for name in types):
            raise Failure(f"{where} is {value!r:.80}, not {'/'.join(types)}")
        if "enum" in schema and value not in schema["enum"]:
            raise Failure(f"{where} is {value!r}, not one of {schema['enum']}")
        if isinstance(value, dict):
            self._check_object(value, schema, where)
        elif isinstance(value, list):
            _check_size(len(value), schema, "minItems", "maxItems", where)
            for number, item in enumerate(value):
                self.check(item, schema.get("items", {}), f"{where}[{number}]")
        elif isinstance(value, str):
            _check_size(len(value), schema, "minLength", "maxLength", where)
            for pattern in (schema.get("pattern"), FORMATS.get(schema.get("format"))):
                if pattern and not re.search(pattern, value):
                    raise Failure(f"{where} is {value!r:.80}, which does not match {pattern}")
        elif not isinstance(value, bool) and value is not None:
            _check_size(value, schema, "minimum", "maximum", where)

    def _check_choice(self, value, schemas, where, exactly_one):
        matches = 0
        for schema in schemas:
            try:
                self.check(value, schema, where)
                matches += 1
            except Failure:
                continue
        if not matches or (exactly_one and matches > 1):
            raise Failure(f"{where} fits {matches} of the alternatives")

    def _check_object(self, value, schema, where):
        properties = schema.get("properties", {})
        for name in schema.get("required", []):
            if name not in value:
                raise Failure(f"{where} has no {name}")
        for name, item in value.items():
            if name in properties:
                self.check(item, properties[name], f"{where}.{name}")
            elif isinstance(schema.get("additionalProperties"), dict):
                self.check(item, schema["additionalProperties"], f"{where}.{name}")
            elif properties and schema.get("additionalProperties") is not True:
                # Stricter than OpenAPI's default on purpose: what is answered is described.
                raise Failure(f"{where}.{name} is not described")


def _types(schema):
    types = schema.get("type", [])
    return [types] if isinstance(types, str) else types


def _check_size(size, schema, low, high, where):
    if low in schema and size < schema[low]:
        raise Failure(f"{where}: {size} is below {low} {schema[low]}")
    if high in schema and size > schema[high]:
        raise Failure(f"{where}: {size} is above {high} {schema[high]}")
