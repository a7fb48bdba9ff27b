"""The prove command: what it refuses, that its certificates are the same bytes, and that it checks them."""

from __future__ import annotations

import io
import signal
import subprocess
import sys
import textwrap
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest
from msgspec.structs import replace

from ipsec_lo_trace.model.errors import UserError
from ipsec_lo_trace.model.outside import MisreadError
from ipsec_lo_trace.model.proof import CLAIMS, SHORTEST, Came, Class, Head, Proof, read_proof
from ipsec_lo_trace.prove.check import doubt, uncounted
from ipsec_lo_trace.prove.proof import begun, go_on, prove
from ipsec_lo_trace.prove.run import pieces, run_piece
from ipsec_lo_trace.prove.scope import views_of
from tests.cli.support import COMMAND, Done, assert_refused, environment, invoke

NO_STALE = ("prove", "no-stale", "--scope", "first")
"""A proof of a second: the claim asks for one run a case."""
SAMPLE = "0"
"""How many cases are run again where counting is enough."""


@pytest.fixture(scope="module")
def proof() -> Proof:
    """Prove the smallest claim, once."""
    return prove(("no-stale",), scope="first")


@pytest.fixture(scope="module")
def file(proof: Proof, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Write its certificate."""
    path = tmp_path_factory.mktemp("proof") / "proof.jsonl"
    path.write_bytes(proof.encoded())
    return path


def check(path: Path, sample: str = SAMPLE) -> Done:
    """Check a certificate."""
    return invoke("prove", "--check", str(path), "--sample", sample)


def altered(proof: Proof, change: Callable[[list[Class]], list[Class]]) -> Proof:
    """Return a proof with other classes; its certificate has a digest that is right."""
    return Proof(replace(proof.head), [msgspec.json.encode(each) for each in change(list(proof.classes()))])


# --- what is refused ---


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("deamon",), "claim deamon: no such claim (did you mean daemon?)"),
        (
            ("x",),
            f"claim x: no such claim (one of {', '.join(CLAIMS)})",
        ),
        (("--scope", "all"), "--scope: all is not one of whole, quick, first"),
        (("--probe", "png"), "probe png: no such probe (did you mean ping?)"),
        (("--probe", "ping", "--all"), "--all has every probe already"),
        (("--shard", "0/2"), "--shard '0/2' is no share of a proof, such as 1/4, of 9999 at most"),
        (("--shard", "3/2"), "is no share of a proof"),
        (("--shard", "1/2", "--color", "never"), "--color has no say in a part, which is JSON Lines"),
        (("--json", "--color", "never"), "--color is for text, not for --format jsonl"),
        (("--merge",), "--merge wants the files that --shard wrote"),
        (("--merge", "-"), "--merge reads files, not standard input"),
        (("--merge", "x", "--scope", "first"), "--scope is said where the parts are made"),
        (("--merge", "x", "--probe", "ping"), "--probe is said where"),
        (("--merge", "x", "--all"), "--all is said where"),
        (("--merge", "x", "-j", "1"), "-j is said where"),
        (("--merge", "x", "--resume", "y"), "--resume is said where"),
        (("--merge", "x", "--shard", "1/2"), "--shard is said where"),
        (("--check", "x", "--scope", "whole"), "--scope is said where a certificate is made"),
        (("--check", "x", "-j", "2"), "-j is said where a certificate is made"),
        (("--check", "x", "--merge"), "--merge makes a certificate"),
        (("--check", "x", "daemon"), "daemon is one argument too many: --check reads what is claimed"),
        (("--check", "x", "--json"), "--json is for a report: --check says one line"),
        (("--sample", "3"), "--sample is for --check"),
        (("--check", "nowhere"), "cannot read nowhere: no such file"),
        (("--merge", "nowhere"), "cannot read nowhere: no such file"),
        (("--resume", "/dev/null"), "it is no regular file, and --resume replaces one"),
        (("--resume", "-"), "-: it is no regular file"),
        (("--resume", "."), "cannot read .: it is a directory"),
        (("--resume", "x" * 400), "File name too long"),
    ],
)
def test_what_cannot_be_is_refused(options: tuple[str, ...], words: str) -> None:
    """What there is not, and what has no say together, is told in one message, before anything runs."""
    assert_refused(invoke("prove", *options), words)


def test_a_file_is_no_claim(file: Path) -> None:
    """Who names a certificate and no option is told which options take files."""
    assert_refused(invoke("prove", str(file)), "is a file: --check reads a certificate, --merge parts of one")


def test_from_python_what_there_is_not_is_refused() -> None:
    """From Python, too, a name that there is not is an error, and no program at all."""
    with pytest.raises(UserError, match="claim x: no such claim"):
        prove(("x",))
    with pytest.raises(UserError, match="probe x: no such probe"):
        prove(programs=("x",))
    with pytest.raises(UserError, match="scope x: no such scope"):
        prove(scope="x")
    with pytest.raises(UserError, match="no program is named"):
        prove(programs=())


# --- the same bytes ---


@pytest.mark.slow
def test_json_is_the_certificate(proof: Proof, tmp_path: Path) -> None:
    """--json, and -o with it, give the bytes that Proof.encoded() has, with one process and with two."""
    for options in (("--json",), ("--format", "jsonl", "-j", "2")):
        done = invoke(*NO_STALE, "-q", *options)
        assert (done.code, done.err) == (0, "")
        assert done.out == proof.encoded()
    assert invoke(*NO_STALE, "-q", "--json", "-o", str(tmp_path / "x")).out == b""
    assert (tmp_path / "x").read_bytes() == proof.encoded()
    assert read_proof(proof.encoded()) == Proof(proof.head, sorted(proof.lines))


@pytest.fixture(scope="module")
def parts(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Prove it in two shares."""
    folder = tmp_path_factory.mktemp("parts")
    for number in (1, 2):
        done = invoke(*NO_STALE, "-q", "--shard", f"{number}/2", "-o", str(folder / f"{number}"))
        assert (done.code, done.out, done.err) == (0, b"", "")
    return folder


@pytest.mark.slow
@pytest.mark.parametrize("options", [(), ("--json",), ("--format", "md"), ("--color", "always")])
def test_merged_shares_are_the_whole(options: tuple[str, ...], parts: Path, proof: Proof) -> None:
    """Two shares, in any order, come to the same report and certificate."""
    done = invoke("prove", "--merge", str(parts / "2"), str(parts / "1"), *options)
    whole = invoke(*NO_STALE, "-q", *options)
    assert (done.code, done.out, done.err) == (0, whole.out, "")
    if options == ("--json",):
        assert done.out == proof.encoded()


@pytest.mark.slow
def test_shares_that_do_not_belong_together_are_refused(parts: Path, file: Path, tmp_path: Path) -> None:
    """A missing share, one twice, one of another proof, an unfinished one, an altered one: exit 2, why."""
    one, two = str(parts / "1"), str(parts / "2")
    other = tmp_path / "other"
    assert invoke("prove", "no-clear", "--scope", "first", "-q", "--shard", "2/2", "-o", str(other)).code == 0
    part = read_proof((parts / "2").read_bytes())
    changed = {
        "unfinished": Proof(replace(part.head, done=0), []),
        "short": Proof(part.head, part.lines[1:]),
        "old": Proof(replace(part.head, tool="ipsec-lo-trace 0.1.0"), part.lines),
        "lying": Proof(replace(part.head, shard=3), part.lines),
        "none": Proof(replace(part.head, shard=0, shards=0), part.lines),
        "odd": Proof(replace(part.head, row_limit=1), part.lines),
        "nobody": Proof(replace(part.head, programs=[]), part.lines),
        "strange": Proof(replace(part.head, programs=["x"]), part.lines),
        "foreign": altered(part, lambda classes: [replace(each, hosts={}) for each in classes]),
    }
    for name, bad in changed.items():
        (tmp_path / name).write_bytes(bad.encoded())
    for names, words in (
        ((one,), "part 2/2 is missing"),
        ((two, one, two), "part 2/2 stands there twice"),
        ((one, str(other)), "not of the same proof as "),
        ((one, str(tmp_path / "unfinished")), "0 of 1 pieces are done"),
        ((one, str(tmp_path / "short")), "no proof: ping, two-addresses strips first: no class has "),
        ((str(tmp_path / "old"), one), "no part of a proof: it was written by another version"),
        ((one, str(tmp_path / "lying")), "part 3/2: there is no such one"),
        ((one, str(tmp_path / "none")), "part 0/0: there is no such one"),
        ((one, str(tmp_path / "odd")), "it was altered: its head is not what this version writes"),
        ((one, str(tmp_path / "nobody")), "no program is named"),
        ((one, str(tmp_path / "strange")), "probe x: no such probe"),
        ((one, str(tmp_path / "foreign")), "a class has hosts of another kind"),
        ((str(file), one), "not of the same proof as "),
        ((one, "nowhere"), "cannot read nowhere"),
    ):
        assert_refused(invoke("prove", "--merge", *names), words)


@pytest.mark.slow
@pytest.mark.parametrize("done_before", [0, 1, 2, 3])
def test_a_proof_goes_on_where_it_was(done_before: int, proof: Proof, tmp_path: Path) -> None:
    """Of whatever pieces are done, --resume comes to the same bytes, and keeps them in its file."""
    every = list(pieces(["ping"], views_of("first"), ["no-stale"]))
    assert len(every) == proof.head.pieces == 3
    part = begun(("no-stale",), scope="first")
    for piece in every[:done_before]:
        part.lines += run_piece(piece)
        part.head.done += 1
    kept = tmp_path / "kept"
    kept.write_bytes(part.encoded())
    done = invoke(*NO_STALE, "-q", "--json", "--resume", str(kept))
    assert (done.code, done.err) == (0, "")
    assert done.out == kept.read_bytes() == proof.encoded()


SLOW_PIECE = """
import sys, time
from ipsec_lo_trace.prove import proof
real, ran = proof.run_piece, []

def run_piece(piece):
    if ran:
        print("ready", flush=True)
        time.sleep(60)
    ran.append(piece)
    return real(piece)

proof.run_piece = run_piece
from ipsec_lo_trace.cli.main import main
main(sys.argv[1:])
"""
"""The program, which says so before its second piece and waits there."""


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="POSIX signals")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_proof_is_resumed(number: signal.Signals, proof: Proof, tmp_path: Path) -> None:
    """Interrupted in its second piece it has kept the first; going on, it comes to the same bytes."""
    kept = tmp_path / "kept"
    command = [sys.executable, "-c", SLOW_PIECE, *NO_STALE, "--json", "--resume", str(kept)]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment()
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"ready\n"
        process.send_signal(number)
        out, err = process.communicate(timeout=50)
    assert out == b""
    assert b"Traceback" not in err
    assert process.returncode != 0
    assert read_proof(kept.read_bytes()).head.done == 1
    assert invoke(*NO_STALE, "-q", "--json", "--resume", str(kept)).out == proof.encoded()
    assert [path.name for path in tmp_path.iterdir()] == ["kept"]


@pytest.mark.slow
def test_another_proof_is_not_resumed(proof: Proof, parts: Path, tmp_path: Path) -> None:
    """A file of another claim, scope, probe, share or version, and what is none, is refused and left."""
    kept = tmp_path / "kept"
    heads = {
        "was written by another version": replace(proof.head, tool="x"),
        "is of other claims": replace(proof.head, claims=["daemon"]),
        "is of another scope": replace(proof.head, scope="quick"),
        "is for other probes": replace(proof.head, programs=["tcp-closed"]),
        "was altered": replace(proof.head, row_limit=7),
        "has 4 pieces done": replace(proof.head, done=4),
        "has -1 pieces done": replace(proof.head, done=-1),
    }
    for words, head in heads.items():
        kept.write_bytes(Proof(head, proof.lines).encoded())
        done = invoke(*NO_STALE, "--resume", str(kept))
        assert_refused(done, "the proof in it", words, "so it cannot be resumed")
        assert kept.read_bytes() == Proof(head, proof.lines).encoded()
    assert_refused(invoke(*NO_STALE, "--resume", str(parts / "1")), "is another share")
    assert_refused(invoke(*NO_STALE, "--shard", "1/2", "--resume", str(parts / "2")), "is another share")
    for data in (b"", b"\0" * 500, b"[" * 100_000, b"null\n{}\n", proof.encoded()[:-3]):
        kept.write_bytes(data)
        assert_refused(invoke(*NO_STALE, "--resume", str(kept)), "no proof to resume: ")


@pytest.mark.slow
def test_what_was_kept_must_add_up(proof: Proof, tmp_path: Path) -> None:
    """A file whose pieces are done but whose classes are not all there makes no report."""
    kept = tmp_path / "kept"
    kept.write_bytes(Proof(proof.head, proof.lines[1:]).encoded())
    assert_refused(invoke(*NO_STALE, "-q", "--resume", str(kept)), "no proof: ", "no class has ")


def test_it_does_not_replace_what_it_reads(file: Path) -> None:
    """-o may not name the certificate that is checked, nor the file that is resumed."""
    for options in (("--check", str(file)), ("--resume", str(file))):
        assert_refused(invoke("prove", *options, "-o", str(file)), "-o names a file that is read")


# --- check ---


@pytest.mark.slow
def test_a_certificate_holds(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One that was not altered holds, read from a file or from standard input, with the cases run again."""
    done = check(file, "30")
    classes = list(read_proof(file.read_bytes()).classes())
    count = f"{len(classes)} classes with {sum(len(each.came) for each in classes)} answers"
    assert (done.code, done.text) == (0, f"{file}: holds: {count}, and 30 cases run again\n")
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(file.read_bytes())))
    done = invoke("prove", "--check", "-", "--sample", "0")
    assert (done.code, done.text) == (0, f"standard input: holds: {count}, and 0 cases run again\n")


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\n",
        b"\0" * 5_000,
        b"\xff\xfe\n\xff\n",
        b"[" * 200_000,
        b"null\nnull\n",
        b"{}\n{}\n",
        b'"\\ud800"\n1\n',
    ],
)
def test_what_is_no_certificate(data: bytes, tmp_path: Path) -> None:
    """Whatever the bytes are, there is one message, with exit code 2."""
    (tmp_path / "x").write_bytes(data)
    assert_refused(check(tmp_path / "x"), "x: no certificate: ")


@pytest.mark.slow
def test_any_byte_that_changes_is_noticed(proof: Proof) -> None:
    """With a bit of any byte turned, the digest is wrong, or there is no certificate."""
    data = proof.encoded()
    for at in range(0, len(data), 97):
        with pytest.raises(MisreadError):
            read_proof(data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :])


def _emptied(at: int, which: int) -> Callable[[list[Class]], list[Class]]:
    """Say of an answer of a class that the claim holds, or where it does that it is broken."""

    def change(classes: list[Class]) -> list[Class]:
        each = classes[at]
        came = list(each.came)
        broken = {name: "" if kind else "stale-flag" for name, kind in came[which].broken.items()}
        came[which] = replace(came[which], broken=broken)
        return [*classes[:at], replace(each, came=came), *classes[at + 1 :]]

    return change


@pytest.mark.slow
def test_an_answer_that_was_altered_is_found(proof: Proof) -> None:
    """Whichever answer of a class says something else, twice as many cases as there are answers show it."""
    answers = [(at, which) for at, each in enumerate(proof.classes()) for which in range(len(each.came))]
    assert len(answers) > 5
    for at, which in answers:
        wrong = altered(proof, _emptied(at, which))
        assert uncounted(wrong) == ""
        assert "a case comes to no-stale " in doubt(read_proof(wrong.encoded()), 2 * len(answers))


def _other(each: Class, **fields: str) -> Class:
    return replace(each, came=[replace(each.came[0], **fields), *each.came[1:]])


def _halved(classes: list[Class]) -> list[Class]:
    """Leave a class alone in which the last answer says nothing, of those with more than one."""
    at = next(at for at, each in enumerate(classes) if len(each.came) > 1)
    *came, last = classes[at].came
    less = replace(classes[at], came=[*came, Came(last.strips, last.switch, {})])
    return [*classes[:at], less, *classes[at + 1 :]]


WRONG: dict[str, tuple[str, Callable[[list[Class]], list[Class]]]] = {
    "left out": ("no class has ", lambda classes: classes[1:]),
    "none": ("no class has 625 of its 625 hosts", lambda _classes: []),
    "doubled": ("two classes have one host", lambda classes: [*classes, classes[0]]),
    "one for another": ("two classes have one host", lambda classes: [classes[1], *classes[1:]]),
    "another program": (
        "a class is of another program or view",
        lambda classes: [replace(classes[0], program="tcp-closed"), *classes[1:]],
    ),
    "another view": (
        "a class is of another program or view",
        lambda classes: [replace(classes[0], view="x"), *classes[1:]],
    ),
    "other hosts": (
        "a class has hosts of another kind",
        lambda classes: [replace(classes[0], hosts={"x": "1"}), *classes[1:]],
    ),
    "hosts that there are not": (
        "a class has hosts that there are not",
        lambda classes: [
            replace(classes[0], hosts=dict.fromkeys(classes[0].hosts, "ffffffffffffffff")),
            *classes[1:],
        ],
    ),
    "a kernel left out": (
        "a class does not have every kernel",
        lambda classes: [replace(classes[0], came=classes[0].came[1:]), *classes[1:]],
    ),
    "a kernel twice": (
        "a class has one kernel twice",
        lambda classes: [replace(classes[0], came=[*classes[0].came, classes[0].came[0]]), *classes[1:]],
    ),
    "a kernel that there is not": (
        "a class has kernels that there are not",
        lambda classes: [_other(classes[0], switch="3"), *classes[1:]],
    ),
    "no answer": (
        "or about other claims",
        lambda classes: [
            replace(classes[0], came=[Came(one.strips, one.switch, {}) for one in classes[0].came]),
            *classes[1:],
        ],
    ),
    "half an answer": ("a class does not say what comes of each claim", _halved),
}
"""What a forger may do to the classes before the digest is made anew, and what is said of it."""


@pytest.mark.parametrize("wrong", WRONG)
def test_classes_that_do_not_add_up_are_found(wrong: str, proof: Proof, tmp_path: Path) -> None:
    """With a digest that is right, counting finds classes that are not every case once; exit code 1."""
    words, change = WRONG[wrong]
    (tmp_path / "x").write_bytes(altered(proof, change).encoded())
    done = check(tmp_path / "x")
    assert (done.code, done.err) == (1, "")
    assert done.text.startswith(f"{tmp_path / 'x'}: does not hold: ")
    assert words in done.text


HEADS: dict[str, tuple[str, Callable[[Head], Head]]] = {
    "version": ("another version wrote it, x 1, and this is ", lambda head: replace(head, tool="x 1")),
    "terminal": ("another version wrote it, \\x1b[2J, and", lambda head: replace(head, tool="\x1b[2J")),
    "share": ("it is share 1 of 2 only", lambda head: replace(head, shards=2)),
    "no share": ("it is share 0 of 0 only", lambda head: replace(head, shard=0, shards=0)),
    "not done": ("2 of 3 pieces are done", lambda head: replace(head, done=2)),
    "pieces": ("its head is not what this version writes", lambda head: replace(head, pieces=9, done=9)),
    "claim": ("claim x: no such claim", lambda head: replace(head, claims=["x"])),
    "no claims": ("its head is not what this version writes", lambda head: replace(head, claims=[])),
    "more claims": (
        "or about other claims",
        lambda head: replace(head, claims=["no-clear", "no-stale"]),
    ),
    "scope": ("scope x: no such scope", lambda head: replace(head, scope="x")),
    "program": ("probe x: no such probe", lambda head: replace(head, programs=["x"])),
    "no program": ("no program is named", lambda head: replace(head, programs=[])),
    "program twice": ("its head is not what this", lambda head: replace(head, programs=["ping", "ping"])),
    "hosts": ("its head is not what this version writes", lambda head: replace(head, hosts={})),
    "limit": ("its head is not what this version writes", lambda head: replace(head, row_limit=1)),
}


@pytest.mark.parametrize("wrong", HEADS)
def test_a_head_of_another_proof_is_found(wrong: str, proof: Proof, tmp_path: Path) -> None:
    """A head that this version would not write for the whole of a proof is told, with exit code 1."""
    words, change = HEADS[wrong]
    (tmp_path / "x").write_bytes(Proof(change(proof.head), proof.lines).encoded())
    done = check(tmp_path / "x")
    assert (done.code, done.err) == (1, "")
    assert words in done.text


def test_another_schema_is_no_certificate(proof: Proof, tmp_path: Path) -> None:
    """A certificate of another form is refused as input."""
    (tmp_path / "x").write_bytes(Proof(replace(proof.head, schema="x"), proof.lines).encoded())
    assert_refused(check(tmp_path / "x"), "no certificate: its schema is x, not ipsec-lo-trace-proof/2")


@pytest.mark.parametrize("kind", ["\x1b[31m", "A", "x" * 61, "\u202e", "a b"])
def test_a_kind_is_a_word(kind: str, proof: Proof, tmp_path: Path) -> None:
    """What a certificate calls a way to break a claim is a word, which no terminal obeys."""

    def change(classes: list[Class]) -> list[Class]:
        each = classes[0]
        came = [replace(one, broken=dict.fromkeys(one.broken, kind)) for one in each.came]
        return [replace(each, came=came), *classes[1:]]

    (tmp_path / "x").write_bytes(altered(proof, change).encoded())
    assert_refused(check(tmp_path / "x"), "no certificate: ")


# --- how it is shown ---


@pytest.mark.slow
@pytest.mark.parametrize("columns", [40, 80, 200])
def test_the_report_keeps_to_its_width(columns: int, parts: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is wider than the terminal but commands and what they read, which are to be copied."""
    monkeypatch.setenv("COLUMNS", str(columns))
    done = invoke("prove", "--merge", str(parts / "1"), str(parts / "2"))
    assert (done.code, done.err) == (0, "")
    wide = [line for line in done.lines if len(line) > columns]
    assert all(line.lstrip().startswith(("echo '", "add ", "spdadd ")) for line in wide), wide
    said = " ".join(" ".join(done.lines).split())
    assert "no-stale: no stale mark decides anything holds in 31,850 cases, is broken in 1,900" in said
    for words in ("how packet-filter-skipped, ping: 1,000 cases; the smallest strips nothing", "program fix"):
        assert words in said


@pytest.mark.slow
def test_the_report_is_the_same_wherever_it_was_made(parts: Path) -> None:
    """The commands of the text are those of the Markdown, and run."""
    merge = ("prove", "--merge", str(parts / "1"), str(parts / "2"))
    text, page = invoke(*merge), invoke(*merge, "--format", "md")
    commands = [block.strip() for block in page.text.split("```")[1::2]]
    assert len(commands) == 2
    for command in commands:
        script = command.removeprefix("sh\n")
        assert textwrap.indent(script, "  ") in text.text
        ran = subprocess.run(
            ["/bin/sh", "-c", script.replace("ipsec-lo-trace", " ".join(COMMAND))],
            env=environment(), capture_output=True, check=False,
        )  # fmt: skip
        assert (ran.returncode, ran.stderr) == (0, b"")
        assert b"stale" in ran.stdout


@pytest.mark.slow
def test_it_tells_how_much_is_done_unless_quiet(tmp_path: Path) -> None:
    """At the end standard error says how many pieces were done, in a sentence; -q says nothing."""
    out = ("-o", str(tmp_path / "x"))
    assert invoke(*NO_STALE, *out).err == "ipsec-lo-trace: 3 pieces done\n"
    assert invoke(*NO_STALE, *out, "--shard", "2/2").err == "ipsec-lo-trace: 1 piece done\n"
    assert invoke(*NO_STALE, *out, "-q").err == ""


def test_the_names_are_the_claims(proof: Proof) -> None:
    """Claims and probes are known in any case, and once named twice are proved once."""
    head = begun(("NO-STALE", "no-stale"), programs=("Ping", "ping"), scope="First").head
    assert replace(head, done=head.pieces) == proof.head
    assert begun(()).head.claims == list(CLAIMS)


def test_the_shortest_certificate(proof: Proof) -> None:
    """A proof of which nothing is done has a head and a sum, and can be read."""
    empty = begun(("no-stale",), scope="first")
    assert len(empty.encoded().splitlines()) == SHORTEST
    assert read_proof(empty.encoded()) == empty
    go_on(empty)
    assert empty.encoded() == proof.encoded()
