"""What a service can be asked, as WADL, which clients read before they ask."""

from __future__ import annotations

from collections.abc import Sequence
from xml.sax.saxutils import quoteattr

from wadati.api.parameters import Parameter

_TYPES = {
    "time": "xs:dateTime",
    "number": "xs:double",
    "integer": "xs:int",
    "text": "xs:string",
    "boolean": "xs:boolean",
}


_PLAIN = "\n".join(
    f"""    <resource path="{name}">
      <method name="GET" id="{name}">
        <response>
          <representation mediaType="{kind}"/>
        </response>
      </method>
    </resource>"""
    for name, kind in (("version", "text/plain"), ("application.wadl", "application/xml"))
)


def wadl(base: str, parameters: Sequence[Parameter], *, lists: bool) -> str:
    """The document of one service below a base address; `lists` where it takes POST."""
    lines = "\n".join(line for one in parameters for line in _lines(one))
    post = (
        """
      <method name="POST" id="postQuery">
        <request>
          <representation mediaType="text/plain"/>
        </request>
      </method>"""
        if lists
        else ""
    )
    return f"""<?xml version="1.0" encoding="UTF-8"?>
<application xmlns="http://wadl.dev.java.net/2009/02" xmlns:xs="http://www.w3.org/2001/XMLSchema">
  <resources base={quoteattr(base)}>
    <resource path="query">
      <method name="GET" id="query">
        <request>
{lines}
        </request>
        <response status="200"/>
        <response status="204"/>
        <response status="400 404 413 414 500 503">
          <representation mediaType="text/plain"/>
        </response>
      </method>{post}
    </resource>
{_PLAIN}
  </resources>
</application>
"""


def _lines(one: Parameter) -> list[str]:
    usual = "" if one.usual is None else f" default={quoteattr(str(one.usual).lower())}"
    found = []
    for name in filter(None, (one.name, one.short)):
        head = f'          <param name={quoteattr(name)} style="query" type="{_TYPES[one.kind]}"{usual}'
        if one.choices:
            found.append(head + ">")
            found += [f"            <option value={quoteattr(choice)}/>" for choice in one.choices]
            found.append("          </param>")
        else:
            found.append(head + "/>")
    return found
