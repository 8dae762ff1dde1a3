"""Makes matplotlib's SVG part of a page: colours are the page's variables, names are unique, nothing leaks out."""

from __future__ import annotations

import re
from collections.abc import Mapping
from xml.etree import ElementTree

from markupsafe import escape

SVG, XLINK = "{http://www.w3.org/2000/svg}", "{http://www.w3.org/1999/xlink}"
COLOUR = re.compile(r"#[0-9a-f]{6}")
FONT = re.compile(r"font-family:[^;]*;\s*")
REFERENCE = re.compile(r"url\(#([^)]+)\)")


def inlined(svg: str, name: str, label: str, colours: Mapping[str, str]) -> str:
    """The drawing as an element of HTML; `colours` names the variable that stands in for each colour drawn with."""
    root = ElementTree.fromstring(svg)
    _leave_out(root)
    _close_up(root)
    for element in root.iter():
        element.tag = element.tag.removeprefix(SVG)
        element.attrib = {key.removeprefix(XLINK): value for key, value in element.attrib.items()}
        for key, value in element.attrib.items():
            element.attrib[key] = _mended(key, value, name, colours)
    _forget_names(root)
    root.attrib = {"viewBox": root.attrib["viewBox"], "role": "img", "aria-label": label}
    drawn = "".join(ElementTree.tostring(child, encoding="unicode").strip() for child in root)
    head = " ".join(f'{key}="{escape(value)}"' for key, value in root.attrib.items())
    return f"<svg {head}><title>{escape(label)}</title>{drawn}</svg>"


def _leave_out(root: ElementTree.Element) -> None:
    # The style is meant for a file of its own; in a page it would reach every element.
    for parent in list(root.iter()):
        for child in list(parent):
            if child.tag in (f"{SVG}metadata", f"{SVG}style"):
                parent.remove(child)


def _close_up(root: ElementTree.Element) -> None:
    """Drop line breaks and groups without content."""
    for element in root.iter():
        element.tail = None
        element.text = (element.text or "").strip() or None
    for parent in reversed(list(root.iter())):
        for child in list(parent):
            if child.tag in (f"{SVG}g", f"{SVG}defs") and not len(child):
                parent.remove(child)


def _mended(key: str, value: str, name: str, colours: Mapping[str, str]) -> str:
    if key == "id":
        return f"{name}-{value}"
    if key == "href":
        return f"#{name}-{value.removeprefix('#')}"
    value = REFERENCE.sub(rf"url(#{name}-\1)", value)
    value = FONT.sub("", value)
    return COLOUR.sub(lambda found: f"var(--{colours[found[0]]})" if found[0] in colours else found[0], value)


def _forget_names(root: ElementTree.Element) -> None:
    """Drop ids that nothing refers to: matplotlib names every group."""
    used = set()
    for element in root.iter():
        for key, value in element.attrib.items():
            used.update(re.findall(r"#([^)\"]+)", value) if key != "id" else ())
    for element in root.iter():
        if element.get("id") not in used:
            element.attrib.pop("id", None)
