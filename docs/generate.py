"""Rewrite what the documentation takes from the code; with ``--check``, name the pages that differ and fail.

Between ``<!-- generated: NAME -->`` and ``<!-- end -->`` stands what ``blocks.BLOCKS`` gives under that name.
In a fenced ``console`` block every line that begins with ``$`` is run, in a copy of docs/examples/ that all
blocks of a page share, and what it prints is put below it.  The words that ``explain`` takes from stages and
probes are written first: blocks and commands read them.
"""
# ruff: noqa: INP001 -- a script beside the pages, not in a package

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

DOCS = Path(__file__).resolve().parent
ROOT = DOCS.parent
sys.path.insert(0, str(ROOT))  # what is documented is this tree, not what may be installed

from words import words_text  # noqa: E402

WORDS_FILE = ROOT / "ipsec_lo_trace" / "pages" / "generated.json"
SCHEMA_FILE = DOCS / "reference" / "trace.schema.json"
BLOCK = re.compile(r"(<!-- generated: ([\w ]+) -->\n)(.*?)(<!-- end -->)", re.DOTALL)
CONSOLE = re.compile(r"(```console\n)(.*?)(```)", re.DOTALL)


def pages() -> list[Path]:
    """List the documentation's pages."""
    return [ROOT / "README.md", *sorted(DOCS.rglob("*.md"))]


def regenerated(text: str) -> str:
    """Return a page with every generated part made anew."""
    from blocks import BLOCKS  # noqa: PLC0415 -- it reads the words when it is imported
    from console import console  # noqa: PLC0415 -- it runs commands that read them

    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch, "examples")
        shutil.copytree(DOCS / "examples", folder)

        def shown(block: re.Match[str]) -> str:
            commands = re.findall(r"^\$ (.*)$", block[2], re.MULTILINE)
            return block[1] + "".join(f"{line}\n" for line in console(commands, folder)) + block[3]

        text = BLOCK.sub(lambda block: f"{block[1]}{BLOCKS[block[2]](block[3])}\n{block[4]}", text)
        return CONSOLE.sub(shown, text)


def main(arguments: list[str]) -> int:
    """Rewrite the pages, or with --check name those that differ."""
    differing = write({WORDS_FILE: words_text()}, check="--check" in arguments)
    if differing and "--check" not in arguments:  # this process has read the old words, the next one will not
        return subprocess.run([sys.executable, __file__, *arguments], check=False).returncode  # noqa: S603
    import man  # noqa: PLC0415 -- with the words in place, as everything from here on
    from pictures import pictures  # noqa: PLC0415

    from ipsec_lo_trace.render.store import schema_text  # noqa: PLC0415

    texts = {page: regenerated(page.read_text(encoding="utf-8")) for page in pages()}
    texts |= {SCHEMA_FILE: schema_text(), **man.pages(), **pictures()}
    differing |= write(texts, check="--check" in arguments)
    return 1 if "--check" in arguments and differing else 0


def write(texts: dict[Path, str], *, check: bool) -> bool:
    """Name the files that differ from their texts, rewrite them unless ``check``; return whether any did."""
    differing = [
        page for page, text in texts.items() if not page.exists() or page.read_text(encoding="utf-8") != text
    ]
    for page in differing:
        sys.stdout.write(f"{page.relative_to(ROOT)}\n")
        if not check:
            page.write_text(texts[page], encoding="utf-8")
    return bool(differing)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
