"""What is said of words and characters that setkey(8) of 2003 does not take."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ipsec_lo_trace.model.algorithms import LATER_AUTHENTICATORS, LATER_CIPHERS
from ipsec_lo_trace.setkey.hints import INSTEAD, algorithm_hint, nearest, service
from ipsec_lo_trace.setkey.words import (
    AALGS,
    CALGS,
    COMMANDS,
    EALGS,
    LATER_OPTIONS,
    OTHER_SERVICES,
    SERVICES,
)
from tests.setkey.support import ADD, DES_KEY, SPDADD, refused

FLAGS = ("random-pad", "seq-pad", "zero-pad", "nocyclic-seq")
LEVELS = ("default", "use", "require", "unique")
KINDS = ("discard", "none", "ipsec")
KNOWN = [COMMANDS, FLAGS, LEVELS, KINDS, ("in", "out"), ("transport", "tunnel", "any"), EALGS, AALGS, CALGS]
NEGATIONS = ["no", "no-", "non", "non-", "not", "un", "in", "de", "dis", "x"]
TABLES = [(known, word) for known in KNOWN for word in known]


@pytest.mark.parametrize(("known", "word"), TABLES)
@pytest.mark.parametrize("prefix", NEGATIONS)
def test_a_word_turned_round_is_not_suggested(known: tuple[str, ...], word: str, prefix: str) -> None:
    """A prefix may mean the opposite, so the word without it is no suggestion, and the reverse."""
    assert f"mean {word}?" not in nearest(prefix + word, known)
    if word.startswith(prefix):
        assert f"mean {word}?" not in nearest(word.removeprefix(prefix), known)


@pytest.mark.parametrize("word", INSTEAD)
def test_a_later_word_has_a_hint_of_its_own(word: str) -> None:
    """A word of later times, or of other systems, is never taken for a misspelt one."""
    for known in KNOWN:
        assert nearest(word, known) == INSTEAD[word]


ALL_SERVICES = {**OTHER_SERVICES, **SERVICES}


@pytest.mark.parametrize("name", ALL_SERVICES)
def test_no_service_is_taken_for_another(name: str) -> None:
    """A service that is not taken has its number in the message, in capitals too, and no other's name."""
    assert service(name, ALL_SERVICES, tuple(SERVICES)) == f"write its number, {ALL_SERVICES[name]}"
    if name not in SERVICES:
        error = refused(f"spdadd 10.0.0.0[{name}] 10.0.0.0 tcp -P out none;")
        assert (error.line, error.column, error.token) == (1, 17, name)
        assert error.hint == f"write its number, {ALL_SERVICES[name]}"


@given(st.sampled_from(sorted(ALL_SERVICES)), st.data())
def test_a_service_with_a_letter_more_or_less_is_not_taken_for_another(
    name: str, data: st.DataObject
) -> None:
    """At its ends a word differs as ftp and tftp do: nothing is suggested, but a number that is known."""
    letter = data.draw(st.sampled_from("abcdefghijklmnopqrstuvwxyz"))
    for word in (letter + name, name + letter, name[1:], name[:-1]):
        hint = service(word, ALL_SERVICES, tuple(SERVICES))
        assert f"mean {name}?" not in hint or (word[:1], word[-1:]) == (name[0], name[-1])


@pytest.mark.parametrize("row", [*LATER_CIPHERS, *LATER_AUTHENTICATORS])
def test_a_later_algorithm_is_dated(row: object) -> None:
    """An algorithm that came after 2003 is refused with its RFC, its year and what 2003 had."""
    name, rfc, since = row.name, row.rfc, row.since  # type: ignore[attr-defined]
    known, had = (EALGS, "rijndael-cbc") if row in LATER_CIPHERS else (AALGS, "hmac-sha2-256")
    hint = algorithm_hint(name, known)
    assert hint in (f"{rfc} is of {since}; 2003 had {had}", *(f"write {one}" for one in AALGS))


@pytest.mark.parametrize(
    ("word", "known", "hint"),
    [
        ("aes-cbc", EALGS, "write rijndael-cbc"),
        ("AES", EALGS, "write rijndael-cbc"),
        ("aes-256-cbc", EALGS, "write rijndael-cbc"),
        ("aes-gcm-8", EALGS, "RFC 4106 is of 2005; 2003 had rijndael-cbc"),
        ("hmac-sha256", AALGS, "write hmac-sha2-256"),
        ("hmac-sha384", AALGS, "write hmac-sha2-384"),
        ("hmac-sha2-256-128", AALGS, "did you mean hmac-sha2-256?"),
        ("hmac-md5-96", AALGS, "did you mean hmac-md5?"),
        ("3des", EALGS, "did you mean 3des-cbc?"),
        ("rijdael-cbc", EALGS, "did you mean rijndael-cbc?"),
        ("twofish-cbc", EALGS, f"there are {', '.join(EALGS)}"),
        ("rc5-cbc", EALGS, f"there are {', '.join(EALGS)}"),
        ("hmac-sha2-224", AALGS, f"there are {', '.join(AALGS)}"),
    ],
)
def test_no_algorithm_is_taken_for_another(word: str, known: tuple[str, ...], hint: str) -> None:
    """Only a name for the same algorithm is suggested; else all names are."""
    assert algorithm_hint(word, known) == hint


@pytest.mark.parametrize("option", LATER_OPTIONS)
def test_a_later_option_is_named(option: str) -> None:
    """An option that came after 2003 is refused at its dash, by what it is about."""
    reason = f"{option}, {LATER_OPTIONS[option]}, is not of setkey(8) in 2003"
    error = refused(f"{ADD} {option} 7 {DES_KEY};")
    assert (error.reason, error.hint, error.line, error.column) == (reason, "leave it out", 1, 36)
    error = refused(f"{SPDADD}\n  {option} 7 -P out none;")
    assert (error.reason, error.line, error.column) == (reason, 2, 3)


CHARACTERS = {
    "\\": "a backslash",
    "\u00a0": "a no-break space",
    "\u202f": "a no-break space",
    "\u201c": "a typographic quote",
    "\u201e": "a typographic quote",
    "\u2018": "a typographic quote",
    "\u00ab": "a typographic quote",
    "'": "a single quote",
    "\u2010": "a typographic dash",
    "\u2011": "a typographic dash",
    "\u2013": "a typographic dash",
    "\u2014": "a typographic dash",
    "\u2212": "a typographic dash",
    "\u2003": "white space of another kind",
    "\u3000": "white space of another kind",
    "\x0c": "white space of another kind",
    "\u200b": "an invisible character",
    "\ufeff": "a byte order mark",
    "\r": "a carriage return",
    "$": "a shell's variable",
    **{chr(0xDC00 + byte): f"byte 0x{byte:02x} is not UTF-8" for byte in (0xA0, 0x93, 0xE9)},
}
"""Characters that setkey(8) does not take, and what they are called."""
WORDS = ["add", "127.0.0.1", "127.0.0.1", "esp", "0x1000", "-m", "transport", *DES_KEY.split(), ";"]
POLICY = ["spdadd", "::1", "::1", "any", "-P", "out", "ipsec", "esp/transport//require", ";"]


@pytest.mark.parametrize("character", CHARACTERS, ids=lambda one: f"U+{ord(one):04X}")
@pytest.mark.parametrize("words", [WORDS, POLICY], ids=["SA", "policy"])
def test_a_character_is_named_wherever_it_stands(character: str, words: list[str]) -> None:
    """Between any two words the place is the character's own, and the message says what it is."""
    for place in range(len(words) + 1):
        before = " ".join(words[:place])
        lead = f"flush;\n{before} " if before else "flush;\n"
        error = refused(f"{lead}{character} {' '.join(words[place:])}")
        assert (error.line, error.column) == (2, len(lead) - len("flush;\n") + 1)
        assert error.reason.startswith(CHARACTERS[character])
        assert error.hint


@given(st.characters(exclude_characters='\n\t "#;/[]%:,.-', exclude_categories=["Nd", "Lu", "Ll"]))
def test_every_character_has_a_printable_message(character: str) -> None:
    """What begins no token is told in ASCII, whatever it is."""
    message = str(refused(f"flush;{character}"))
    assert message.isascii()
    assert message.isprintable()


def test_windows_letters_are_named_by_their_looks() -> None:
    """A byte that Windows shows as a dash, a quote or a no-break space has what to write instead."""
    assert (
        refused("\udc96E").hint == "in Latin-1 or Windows' own it is a typographic dash, '\\u2013': write -"
    )
    assert refused("\udca0E").hint == "in Latin-1 or Windows' own it is a no-break space: write a blank"


def test_a_binary_file_is_no_text() -> None:
    """Where noise has a NUL, that is told, with its place."""
    error = refused("flush;\n\x7fELF\x01\n\n \0")
    assert (error.reason, error.line, error.column) == ("a NUL byte: this is not a text", 4, 2)


def test_categories_are_those_of_this_unicode() -> None:
    """The dashes of the table are what Unicode calls dashes, but for the minus sign."""
    dashes = [one for one, what in CHARACTERS.items() if what == "a typographic dash"]
    assert {unicodedata.category(one) for one in dashes} == {"Pd", "Sm"}
