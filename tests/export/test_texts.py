"""export --to mermaid, dot, svg and md: well formed, complete, the same every time."""

from __future__ import annotations

import json
import re
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

from tests.cli.support import assert_refused, invoke
from tests.export.support import BINARIES, TEXTS, export, stored

SVG = "{http://www.w3.org/2000/svg}"
RUNS = {
    "leak": (),
    "clean": ("--patched",),
    "fragments": ("-s", "40000", "-c", "2", "-l", "2", "--proto", "ah"),
}
MARKUP = ("svg", "mermaid", "md")
"""The forms in which an element would be one; in others text is text, whatever is in it."""
HOSTILE = '"]; <script>x</script> | `*_\\"\n\x1b[2J --> %%{init}%% \x9b\uffff'


@pytest.mark.slow
@pytest.mark.parametrize("to", [*TEXTS, *BINARIES])
@pytest.mark.parametrize("run", RUNS.values(), ids=RUNS)
def test_twice_the_same(to: str, run: tuple[str, ...], tmp_path: Path) -> None:
    """Two exports are the same to the byte, and a stored trace's is that of the run on the spot."""
    path = stored(tmp_path, *run)
    first = export(path, "--to", to)
    assert first == export(path, "--to", to)
    fix, chosen = (
        ("@patched", "--patched") if run == RUNS["clean"] else ("@unpatched", "the default: unpatched")
    )
    spot = export(fix, *[option for option in run if option != "--patched"], "--to", to)
    assert spot == first.replace(f"({chosen})".encode(), f"({fix})".encode(), 1)


def test_mermaid_is_a_flowchart() -> None:
    """Every line declares a node, joins declared nodes, or styles; the stale edges are thick and red."""
    lines = export("@unpatched", "--to", "mermaid").decode("ascii").splitlines()
    assert lines[0] == "flowchart TD"
    nodes = {match[1] for line in lines if (match := re.fullmatch(r"  (n\d+)[(\[].*[)\]](:::\w+)?", line))}
    edges = [match for line in lines if (match := re.fullmatch(r'  (n\d+) (\S+)\|"(.*)"\| (n\d+)', line))]
    assert len(nodes) + len(edges) + 5 == len(lines)
    assert {edge[1] for edge in edges} | {edge[4] for edge in edges} == nodes
    stale = [number for number, edge in enumerate(edges) if " !" in edge[3]]
    assert [number for number, edge in enumerate(edges) if edge[2] == "==>"] == stale
    assert f"  linkStyle {','.join(map(str, stale))} stroke:#c2410c,stroke-width:3px" in lines
    assert any("CAUSE (row 16)" in line and "icmp_reflect" in line for line in lines)


def test_edges_name_every_row(tmp_path: Path) -> None:
    """Every row is on one edge to its stage; of many only the first are named, and the rest counted."""
    lines = export("@patched", "--to", "dot").decode("ascii").splitlines()
    labels = [match[1] for line in lines if (match := re.search(r'-> n\d+ \[label="P\d: row ([^"]*)"', line))]
    rows = sorted(int(number) for label in labels for number in re.findall(r"\d+", label))
    assert rows == sorted([*range(1, 33), 32])  # the last row's packet also goes on to ping
    many = export(stored(tmp_path, "-c", "9"), "--to", "mermaid").decode("ascii")
    assert "P1: row 1, 23, 45, 67 and 5 more" in many


def drawn(*arguments: str) -> ET.Element:
    """Export as SVG and parse it."""
    root = ET.fromstring(export(*arguments, "--to", "svg"))  # noqa: S314 -- our own
    assert root.tag == f"{SVG}svg"
    return root


def texts(root: ET.Element) -> list[str]:
    """Return the texts of a picture, tspans joined."""
    return ["".join(text.itertext()) for text in root.iter(f"{SVG}text")]


def test_svg_shows_every_row() -> None:
    """The picture has each row's number, stage and packet, and names itself for who cannot see it."""
    root = drawn("@unpatched")
    said = texts(root)
    assert [text for text in said if text.isdigit()] == [str(row) for row in range(1, 23)]
    assert {"rip_output", "icmp_reflect", "P2 ICMP 84"} <= set(said)
    assert any(text.startswith("CAUSE:the reply") for text in said)
    assert root.get("role") == "img"
    assert "LEAK (stale-out-done)" in (root.findtext(f"{SVG}desc") or "")


def test_svg_draws_stale_marks() -> None:
    """A mark's line is of another kind on the rows where it is stale: seven rows of three marks each."""
    root = drawn("@unpatched")
    classes = [path.get("class") for path in root.iter(f"{SVG}path")]
    assert classes.count("stale") == 3 * 7 + 1  # and one in the legend
    assert drawn("@patched").findall(f".//{SVG}g/{SVG}path[@class='stale']") != []  # M_DECRYPTED stays


def test_svg_stays_inside() -> None:
    """Nothing is placed outside of the picture."""
    root = drawn("@unpatched", "--proto", "esp+ah", "--mode", "tunnel", "-c", "2")
    width, height = int(root.get("width") or 0), int(root.get("height") or 0)
    upright = root.findall(f".//{SVG}text[@class='name']")
    assert all(7 * len(text.text or "") < 164 - 50 for text in upright)
    for text in root.iter(f"{SVG}text"):
        if text in upright:
            continue
        x, y = float(text.get("x") or 0), float(text.get("y") or 0)
        words = "".join(text.itertext())
        assert 0 < y < height
        if text.get("class") != "title":
            assert x + (7.3 * len(words) if text.get("text-anchor") is None else 0) <= width


def test_svg_names_its_lanes() -> None:
    """Each lane has its mark's name above it, upright, and a mark made anew takes the lane of its name."""
    names = [text.text for text in drawn("@patched").findall(f".//{SVG}text[@class='name']")]
    assert names == ["OUT_DONE", "M_DECRYPTED", "IN_DONE"]


def test_svg_has_two_traces_side_by_side() -> None:
    """Two traces are two pictures in one, each with its own title, and one legend."""
    one, other, both = (drawn(*names) for names in (["@unpatched"], ["@patched"], ["@unpatched", "@patched"]))
    size = [[int(root.get(name) or 0) for name in ("width", "height")] for root in (one, other, both)]
    assert size[2] == [size[0][0] + size[1][0], max(size[0][1], size[1][1])]
    titles = [text.text for text in both.findall(f".//{SVG}text[@class='title']")]
    assert [title.rpartition("fix ")[2] for title in titles if title] == ["none", "netbsd-2003-08"]
    assert len([text for text in texts(both) if text.isdigit()]) == 22 + 32


@pytest.mark.slow
def test_svg_of_too_many_rows_is_refused(tmp_path: Path) -> None:
    """A picture that no viewer shows well is not drawn; the message says how many rows there may be."""
    path = stored(tmp_path, "-c", "100")
    assert_refused(invoke("export", path, "--to", "svg"), "more than 2000 rows", "-c")


def test_edges_name_stale_marks_once() -> None:
    """Which stale marks a packet bears stands on its first edge; the others have the sign alone."""
    labels = re.findall(r'label="(P2: [^"]*)"', export("@unpatched", "--to", "dot").decode("ascii"))
    assert labels[0] == "P2: row 16 ! IN_DONE, M_DECRYPTED, OUT_DONE"
    assert [label for label in labels[1:] if not re.fullmatch(r"P2: row \d+ !", label)] == []


def test_md_is_tables(tmp_path: Path) -> None:
    """Each step has a heading and a table, in which every row of the trace has one line of six cells."""
    path = stored(tmp_path, "-c", "2")
    lines = export(path, "--to", "md").decode("ascii").splitlines()
    rows = [line for line in lines if re.match(r"\| \d+ \|", line)]
    assert [int(line.split("|")[1]) for line in rows] == list(range(1, 45))
    assert {len(re.findall(r"(?<!\\)\|", line)) for line in rows} == {7}
    assert next(line for line in lines if line.startswith("## ")).endswith("(echo 1)")
    assert any("**CAUSE**" in line for line in rows)


def hostile(path: Path) -> None:
    """Put markup into every name and text of a trace."""
    changed = []
    for line in path.read_text(encoding="ascii").splitlines():
        record = json.loads(line)
        for name in ("stage", "text", "decision", "config", "chosen", "fix", "outcome", "code", "program"):
            if record.get(name):
                record[name] += HOSTILE
        changed.append(json.dumps(record) + "\n")
    path.write_text("".join(changed), encoding="ascii")


@pytest.mark.parametrize("to", [*TEXTS, *BINARIES])
def test_hostile_names(to: str, tmp_path: Path) -> None:
    """Markup in a trace is text in an export: forms stay well formed, no control character comes out."""
    path = Path(stored(tmp_path))
    hostile(path)
    made = export(str(path), "--to", to)
    if to in BINARIES:
        return
    text = made.decode()
    assert "\x1b" not in text
    assert to not in MARKUP or "<script>" not in text
    if to == "svg":
        ET.fromstring(made)  # noqa: S314 -- well formed is the claim
    if to == "mermaid":
        assert all(
            re.match(r"(flowchart TD$|  (n\d+|linkStyle|classDef|%%) ?)", line) for line in text.splitlines()
        )
        assert "%%{" not in text


def test_unknown_question(tmp_path: Path) -> None:
    """A trace of a later version, with questions of its own, is exported all the same."""
    path = Path(stored(tmp_path))
    text = path.read_text(encoding="ascii")
    path.write_text(text.replace("loop-detection", "new-one"), encoding="ascii")
    for to in (*TEXTS, *BINARIES):
        export(str(path), "--to", to)


def test_bytes_that_are_missing(tmp_path: Path) -> None:
    """A row whose bytes the trace lacks is refused: no capture is made up."""
    path = Path(stored(tmp_path))
    lines = path.read_text(encoding="ascii").splitlines(keepends=True)
    for row, given in ((1, "null"), (4, '"4500"')):
        broken = [*lines]
        broken[row] = re.sub(r'"bytes":("[0-9a-f]*"|null)', f'"bytes":{given}', lines[row])
        bad = tmp_path / "bad.jsonl"
        bad.write_text("".join(broken), encoding="ascii")
        done = invoke("export", str(bad), "--to", "pcapng", "--no-keys")
        assert_refused(done, f"row {row}: the packet's bytes are missing, or do not fit its length")


def test_numbers_out_of_range(tmp_path: Path) -> None:
    """Row and echo numbers that no run has are written as well as the form can hold them."""
    path = Path(stored(tmp_path))
    text = path.read_text(encoding="ascii")
    for number in ("-5", "18446744073709551615"):
        strange = re.sub(r'"row":18,"echo":1,', f'"row":{number},"echo":{number},', text)
        path.write_text(strange, encoding="ascii")
        for to in (*TEXTS, *BINARIES):
            assert export(str(path), "--to", to)
