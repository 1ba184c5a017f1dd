"""Shows the OpenAPI document as one page: no script, nothing from elsewhere, good on a phone."""

import base64
import hashlib
import json
from collections.abc import Iterator
from html import escape
from typing import Any

Json = dict[str, Any]

_STYLE = """
:root{color-scheme:light dark;--line:#8885;--soft:#8882;--ink:#1a1a1a;--paper:#fff;--link:#0b57d0}
@media(prefers-color-scheme:dark){:root{--ink:#e8e8e8;--paper:#16181c;--link:#8ab4f8}}
*{box-sizing:border-box}
body{margin:0 auto;max-width:54rem;padding:1rem;font:1rem/1.5 system-ui,sans-serif;
color:var(--ink);background:var(--paper)}
h1,h2{line-height:1.2}h2{margin-top:2.5rem;border-bottom:2px solid var(--line)}
h3{margin:0 0 .5rem;font-size:1.05rem;overflow-wrap:anywhere}h4{margin:1rem 0 .25rem}
a{color:var(--link)}
article{margin:1rem 0;padding:1rem;border:1px solid var(--line);border-radius:.5rem}
code,pre{font:.875rem/1.5 ui-monospace,monospace}
pre{margin:.25rem 0;padding:.75rem;overflow-x:auto;background:var(--soft);border-radius:.375rem}
b.method{margin-right:.5rem;padding:.1rem .4rem;background:var(--soft);border-radius:.25rem}
dl{margin:.25rem 0}dt{font-weight:600;overflow-wrap:anywhere}dd{margin:0 0 .5rem 1rem}
nav ul{padding-left:1.25rem}p{margin:.25rem 0}
"""
_STYLE_HASH = base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()

PAGE_POLICY = (
    f"default-src 'none'; style-src 'sha256-{_STYLE_HASH}'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
"""What the page may load: its own style. Nothing runs in it."""

_WHO = {
    "none": "Anybody may call this.",
    "optional": "A token may be sent.",
    "required": "A token must be sent.",
}
_REF = "#/components/schemas/"


def write_page(document: Json) -> str:
    """Return the page. Every text of the document is escaped."""
    return "".join(_page(document))


def _page(document: Json) -> Iterator[str]:
    title = escape(f"{document['info']['title']} {document['info']['version']}")
    yield '<!doctype html><html lang="en"><head><meta charset="utf-8">'
    yield '<meta name="viewport" content="width=device-width, initial-scale=1">'
    yield f"<title>{title}: API</title><style>{_STYLE}</style></head><body>"
    yield f"<header><h1>{title}</h1>"
    yield '<p>Made from the operations that this server serves. <a href="openapi.json">'
    yield "As OpenAPI</a>.</p><p>The examples use two variables of the shell: the address of "
    yield "this server, and a token where one is needed.</p>"
    yield f"<pre>BASE={escape(_base(document))}\nTOKEN=...</pre></header><nav><ul>"
    for tag in document["tags"]:
        name = escape(tag["name"], quote=True)
        yield f'<li><a href="#{name}">{escape(tag["description"])}</a></li>'
    yield "</ul></nav><main>"
    for tag in document["tags"]:
        yield from _section(document, tag)
    yield "</main></body></html>\n"


def _section(document: Json, tag: Json) -> Iterator[str]:
    name = escape(tag["name"], quote=True)
    yield f'<section id="{name}"><h2>{escape(tag["description"])}</h2>'
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            if tag["name"] in operation["tags"]:
                yield from _operation(document, path, method.upper(), operation)
    yield "</section>"


def _operation(document: Json, path: str, method: str, operation: Json) -> Iterator[str]:
    anchor = escape(operation["operationId"], quote=True)
    yield f'<article id="{anchor}"><h3><b class="method">{escape(method)}</b>'
    yield f"<code>{escape(path)}</code></h3><p>{escape(operation['summary'])}</p>"
    if description := operation.get("description"):
        yield f"<p>{escape(description)}</p>"
    yield f"<p>{_WHO[_credential(operation)]}</p>"
    if parameters := operation.get("parameters"):
        yield "<h4>Parameters</h4><dl>"
        for one in parameters:
            kind = f"{one['in']}, {_kind(one['schema'])}"
            yield _entry(one["name"], kind, one["description"], is_required=one["required"])
        yield "</dl>"
    if body := operation.get("requestBody"):
        yield "<h4>Request</h4>"
        # A form may come in two types, and says the same in both.
        content = next(iter(body["content"].values()))
        yield from _either(document, content["schema"])
    yield "<h4>Example</h4>"
    yield f"<pre>{escape(_curl(document, path, method, operation))}</pre><h4>Answers</h4>"
    for status, answer in operation["responses"].items():
        yield from _answer(document, status, answer)
    yield "</article>"


def _answer(document: Json, status: str, answer: Json) -> Iterator[str]:
    yield f"<p><b>{escape(status)}</b> {escape(answer['description'])}</p>"
    # The shape of what is fine is worth its place; errors of one dialect are all alike.
    if status.startswith("2"):
        for content in answer.get("content", {}).values():
            yield from _either(document, content["schema"])


def _either(document: Json, schema: Json) -> Iterator[str]:
    """Show a shape, or each of those that may come."""
    shapes = schema.get("anyOf", [schema])
    for shape in shapes:
        if len(shapes) > 1:
            yield f"<p><code>{escape(_kind(shape))}</code>:</p>"
        yield from _fields(document, shape)


def _fields(document: Json, schema: Json, above: tuple[str, ...] = ()) -> Iterator[str]:
    """Show the members of a shape, and of the shapes in it; `above` stops one within itself."""
    shape, shape_name = _resolve(document, schema), _kind(schema)
    members = shape.get("properties", {})
    if not members or shape_name in above:
        return
    required = set(shape.get("required", ()))
    yield "<dl>"
    for name, member in members.items():
        described = str(member.get("description", ""))
        yield _entry(name, _kind(member), described, is_required=name in required)
    yield "</dl>"
    for member in members.values():
        inner = member.get("items", member)
        if "$ref" in inner:
            yield f"<p><code>{escape(_kind(inner))}</code>:</p>"
            yield from _fields(document, inner, (*above, shape_name))


def _entry(name: str, kind: str, description: str, *, is_required: bool) -> str:
    asked = "required" if is_required else "optional"
    about = ". ".join(part for part in (f"{kind}, {asked}", description) if part)
    return f"<dt><code>{escape(name)}</code></dt><dd>{escape(about)}</dd>"


def _kind(schema: Json) -> str:
    """Return the type of a member in a word or two."""
    if "$ref" in schema:
        return str(schema["$ref"]).removeprefix(_REF)
    if "anyOf" in schema:
        return " or ".join(_kind(one) for one in schema["anyOf"])
    if "enum" in schema or "const" in schema:
        values = schema.get("enum", [schema.get("const")])
        return " or ".join(json.dumps(value) for value in values)
    if schema.get("type") == "array":
        return f"array of {_kind(schema.get('items', {}))}"
    return str(schema.get("type", "anything"))


def _resolve(document: Json, schema: Json) -> Json:
    if "$ref" not in schema:
        return schema
    found: Json = document["components"]["schemas"][_kind(schema)]
    return found


def _credential(operation: Json) -> str:
    ways = operation.get("security", [])
    if not ways:
        return "none"
    return "optional" if {} in ways else "required"


def _curl(document: Json, path: str, method: str, operation: Json) -> str:
    words = ["curl"]
    if method != "GET":
        words.append(f"-X {method}")
    if _credential(operation) != "none":
        takes_token = any("bearer" in way for way in operation["security"])
        credential = "Authorization: Bearer $TOKEN" if takes_token else "X-Authorization: $API_KEY"
        words.append(f'-H "{credential}"')
    if body := operation.get("requestBody"):
        words.extend(_sent(document, body["content"]))
    words.append(f'"$BASE{path}"')
    return " ".join(words)


def _sent(document: Json, contents: Json) -> Iterator[str]:
    """Return how curl sends an example of a body."""
    kind, content = next(iter(contents.items()))
    example = content.get("example") or _sample(document, content["schema"])
    if kind == "application/json":
        yield f"-H 'Content-Type: {kind}'"
        yield f"-d {_quoted(json.dumps(example))}"
        return
    assert isinstance(example, dict)
    for name, value in example.items():
        yield f"--data-urlencode {_quoted(f'{name}={value}')}"


def _sample(document: Json, schema: Json) -> object:
    """Return something of this shape, with what is required only."""
    shape = _resolve(document, schema)
    if "properties" not in shape:
        return {"boolean": True, "integer": 1, "number": 1.5}.get(str(shape.get("type")), "...")
    required = shape.get("required", ())
    return {name: _sample(document, shape["properties"][name]) for name in required}


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "'\\''") + "'"


def _base(document: Json) -> str:
    url = str(document["servers"][0]["url"])
    return url.rstrip("/") or "http://127.0.0.1:9261"
