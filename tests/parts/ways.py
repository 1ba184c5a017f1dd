"""Ways in which a page can have its browser ask, as JavaScript that takes a URL.

Each is done when the browser is, whatever came of it: of another origin a page sees no answer.
"""

_FRAME = """
  const frame = document.createElement('iframe');
  frame.name = `frame${Math.random()}`;
  document.body.append(frame);
"""
_FORM = """
  const form = document.createElement('form');
  Object.assign(form, {method: 'post', action: url, enctype: kind, target: frame.name});
  form.innerHTML = '<input name="download" value="false">';
  document.body.append(form);
"""
_ELEMENT = """url => new Promise(done => {
  const it = document.createElement('KIND');
  it.onload = it.onerror = done;
  it.src = url;
  document.body.append(it);
})"""


def _form(kind: str) -> str:
    asking = "frame.onload = done; form.submit();"
    return f"url => new Promise(done => {{ const kind = '{kind}'; {_FRAME} {_FORM} {asking} }})"


def _fetch(how: str) -> str:
    return (
        f"url => fetch(url, {{mode: 'no-cors', credentials: 'include', {how}}})"
        ".then(answer => answer.arrayBuffer()).catch(() => 0)"
    )


GETS = {
    "fetch": _fetch("method: 'GET'"),
    "picture": _ELEMENT.replace("KIND", "img"),
    "script": _ELEMENT.replace("KIND", "script"),
    "frame": _ELEMENT.replace("KIND", "iframe"),
}
POSTS = {
    "fetch of nothing": _fetch("method: 'POST'"),
    "fetch of a form": _fetch("method: 'POST', body: new URLSearchParams('download=false')"),
    "fetch of text": _fetch("method: 'POST', body: 'download=false'"),
    "form": _form("application/x-www-form-urlencoded"),
    "form in parts": _form("multipart/form-data"),
    "form as text": _form("text/plain"),
}

LINK = "url => { location.href = url }"

WHOLE_FORM = """([url, members]) => {
  const form = document.createElement('form');
  Object.assign(form, {method: 'post', action: url});
  for (const [name, value] of Object.entries(members)) {
    const input = document.createElement('input');
    Object.assign(input, {name, value});
    form.append(input);
  }
  document.body.append(form);
  form.submit();
}"""
"""A form whose answer takes the place of the page."""

ASK = """([method, url, headers, members]) => fetch(url, {method, headers, credentials: 'include',
  body: members && new URLSearchParams(members)}).then(answer => answer.json())"""
"""Ask as a page does that wants to read the answer."""
