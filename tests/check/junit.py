"""What the two usual schemas of JUnit's XML ask for, as far as both do.

Ant's (the one that most tools call "the JUnit schema") is strict about order and presence; Jenkins's
(junit-10) is lenient, but asks for a plain number as the time.  What passes here passes both.
"""

from __future__ import annotations

import re
from typing import NamedTuple
from xml.etree.ElementTree import Element

ANY = r".*"
NAME = r"\S(.*\S)?"
INT = r"\d+"
ZERO_TO_999 = r"\d{1,3}(\.\d+)?"
TIMESTAMP = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d"


class Shape(NamedTuple):
    """An element: its attributes (all required) and its children's tags as patterns; whether it has text."""

    attributes: dict[str, str]
    children: str
    text: bool = False


SHAPES = {
    "testsuites": Shape({}, r"(testsuite )*"),
    "testsuite": Shape(
        {
            "id": INT,
            "name": NAME,
            "package": NAME,
            "timestamp": TIMESTAMP,
            "hostname": NAME,
            "tests": INT,
            "failures": INT,
            "errors": INT,
            "time": ZERO_TO_999,
        },
        r"properties (testcase )*system-out system-err ",
    ),
    "properties": Shape({}, ""),
    "testcase": Shape({"name": NAME, "classname": NAME, "time": ZERO_TO_999}, r"((skipped|error|failure) )?"),
    "failure": Shape({"message": ANY, "type": ANY}, "", text=True),
    "error": Shape({"message": ANY, "type": ANY}, "", text=True),
    "system-out": Shape({}, "", text=True),
    "system-err": Shape({}, "", text=True),
}


def validate(element: Element) -> None:
    """Check an element and what is in it."""
    shape = SHAPES[element.tag]
    assert element.attrib.keys() == shape.attributes.keys()
    for name, pattern in shape.attributes.items():
        assert re.fullmatch(pattern, element.attrib[name], re.DOTALL), f"{element.tag} {name}"
    assert re.fullmatch(shape.children, "".join(f"{child.tag} " for child in element)), element.tag
    assert shape.text or not (element.text or "").strip()
    if element.tag == "testsuite":
        assert int(element.attrib["tests"]) == len(element.findall("testcase"))
        assert int(element.attrib["failures"]) == len(element.findall("testcase/failure"))
    for child in element:
        validate(child)
