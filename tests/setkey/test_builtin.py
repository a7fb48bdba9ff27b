from __future__ import annotations

from ipaddress import IPv4Address
from itertools import product

import pytest

from ipsec_lo_trace.kernel.netipsec.xform_ah import known_auths
from ipsec_lo_trace.kernel.netipsec.xform_esp import known_ciphers
from ipsec_lo_trace.model.errors import UserError
from ipsec_lo_trace.model.policy import Direction
from ipsec_lo_trace.model.sa import Mode
from ipsec_lo_trace.model.setup import CHOICES
from ipsec_lo_trace.setkey.builtin import builtin_text
from ipsec_lo_trace.setkey.load import load
from ipsec_lo_trace.setkey.write import write
from tests.setkey.support import plain

LOCAL = IPv4Address("127.0.0.1")
AUTHS = f"there are {', '.join(known_auths())}"
CIPHERS = f"there are {', '.join(known_ciphers())}"


def test_the_default_is_one_esp_sa_that_both_directions_require() -> None:
    """Without options the text is 3des-cbc and hmac-md5 on SPI 0x1000, required in and out."""
    assert builtin_text(local=LOCAL) == (
        "# built in: one SA for both directions, keys made up\n"
        "add 127.0.0.1 127.0.0.1 esp 0x1000 -E 3des-cbc "
        '"123456789012345678901234" -A hmac-md5 "0123456789abcdef" ;\n'
        "spdadd 127.0.0.1/32 127.0.0.1/32 any -P out ipsec esp/transport//require ;\n"
        "spdadd 127.0.0.1/32 127.0.0.1/32 any -P in ipsec esp/transport//require ;\n"
    )


def test_a_unique_tunnel_bundle_elsewhere_is_spelt_out() -> None:
    """Protocol, mode, level and address show in SAs and rules alike; AH goes around the tunnel."""
    text = builtin_text(proto="esp+ah", mode="tunnel", level="unique", local=IPv4Address("10.9.9.1"))
    assert text == (
        "# built in: one SA for both directions, keys made up\n"
        "add 10.9.9.1 10.9.9.1 esp 0x1000 -m tunnel -u 10 -E 3des-cbc "
        '"123456789012345678901234" -A hmac-md5 "0123456789abcdef" ;\n'
        "add 10.9.9.1 10.9.9.1 ah 0x1001 -u 11 -A hmac-sha1 "
        '"01234567890123456789" ;\n'
        "spdadd 10.9.9.1/32 10.9.9.1/32 any -P out ipsec "
        "esp/tunnel/10.9.9.1-10.9.9.1/unique:10 ah/transport//unique:11 ;\n"
        "spdadd 10.9.9.1/32 10.9.9.1/32 any -P in ipsec "
        "esp/tunnel/10.9.9.1-10.9.9.1/unique:10 ah/transport//unique:11 ;\n"
    )


@pytest.mark.parametrize(
    ("proto", "mode", "level"), list(product(CHOICES["proto"], CHOICES["mode"], CHOICES["level"]))
)
def test_every_variant_loads_without_a_note(proto: str, mode: str, level: str) -> None:
    """All protocols, modes and levels make a configuration with as many SAs and rules as protocols."""
    configuration = load(builtin_text(proto=proto, mode=mode, level=level, local=LOCAL), "built in")
    count = len(proto.split("+"))
    assert configuration.notes == []
    assert [len(head.savs) for head in configuration.db.sahtree] == [1] * count
    assert [len(policies[0].requests) for policies in configuration.db.sptree.values()] == [count] * 2
    assert plain(load(write(configuration.db), "again").db) == plain(configuration.db)


@pytest.mark.parametrize(("enc", "auth"), list(product(known_ciphers(), [*known_auths(), "none"])))
def test_every_pair_of_algorithms_loads(enc: str, auth: str) -> None:
    """Each modelled cipher goes with each authenticator, and with none."""
    (head,) = load(builtin_text(enc=enc, auth=auth, local=LOCAL), "built in").db.sahtree
    assert (head.savs[0].cipher, head.savs[0].auth) == (enc, "" if auth == "none" else auth)


@pytest.mark.parametrize("auth", [*known_auths(), "none"])
def test_in_a_bundle_the_authenticator_is_that_of_esp(auth: str) -> None:
    """AH keeps hmac-sha1 beside ESP, and takes the authenticator where it is alone."""
    ah, esp = load(builtin_text(proto="esp+ah", auth=auth, local=LOCAL), "built in").db.sahtree
    assert (esp.savs[0].auth, ah.savs[0].auth) == ("" if auth == "none" else auth, "hmac-sha1")


@pytest.mark.parametrize("auth", known_auths())
def test_ah_alone_takes_the_authenticator(auth: str) -> None:
    """Without ESP the authenticator is AH's."""
    (ah,) = load(builtin_text(proto="ah", auth=auth, local=LOCAL), "built in").db.sahtree
    assert ah.savs[0].auth == auth


@pytest.mark.parametrize("auth", [*known_auths(), "none"])
def test_beside_ipcomp_the_authenticator_is_that_of_esp(auth: str) -> None:
    """IPComp comes first, with the mode; ESP goes around it with cipher and authenticator."""
    text = builtin_text(proto="ipcomp+esp", mode="tunnel", auth=auth, local=LOCAL)
    esp, ipcomp = load(text, "built in").db.sahtree
    assert (esp.savs[0].auth, ipcomp.savs[0].auth) == ("" if auth == "none" else auth, "")
    assert (esp.index.mode, ipcomp.index.mode) == (Mode.ANY, Mode.TUNNEL)
    assert "ipcomp/tunnel/127.0.0.1-127.0.0.1/require esp/transport//require" in text


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"proto": "gre"}, "proto gre: not one of esp, ah, esp+ah, ipcomp, ipcomp+esp"),
        (
            {"proto": "ipcomp", "enc": "des-cbc"},
            "enc des-cbc: IPComp neither encrypts nor authenticates (ipcomp+esp does)",
        ),
        (
            {"proto": "ipcomp", "auth": "hmac-md5"},
            "auth hmac-md5: IPComp neither encrypts nor authenticates (ipcomp+esp does)",
        ),
        ({"mode": "any"}, "mode any: not one of transport, tunnel"),
        ({"level": "must"}, "level must: not one of default, use, require, unique"),
        ({"enc": "aes-cbc"}, "enc aes-cbc: no cipher that an SA of 2003 can have (write rijndael-cbc)"),
        ({"enc": "3des"}, "enc 3des: no cipher that an SA of 2003 can have (did you mean 3des-cbc?)"),
        (
            {"enc": "null"},
            f"enc null: no cipher that an SA of 2003 can have ({CIPHERS})",
        ),
        (
            {"auth": "keyed-md5"},
            f"auth keyed-md5: no authenticator that an SA of 2003 can have ({AUTHS})",
        ),
        (
            {"proto": "ah", "auth": "none"},
            f"auth none: AH without an authenticator does nothing ({AUTHS})",
        ),
        (
            {"proto": "ah", "enc": "des-cbc"},
            "enc des-cbc: AH does not encrypt (esp or esp+ah does)",
        ),
    ],
)
def test_what_cannot_be_configured_is_told(options: dict[str, str], message: str) -> None:
    """A choice that no SA of 2003 can have is refused before there is a text."""
    with pytest.raises(UserError) as raised:
        builtin_text(**options, local=LOCAL)
    assert str(raised.value) == message


def test_both_directions_have_the_same_rules() -> None:
    """What is sent is what is required of what comes in."""
    sptree = load(builtin_text(proto="esp+ah", local=LOCAL), "built in").db.sptree
    assert [str(policy) for policy in sptree[Direction.IN]] == [str(p) for p in sptree[Direction.OUT]]
