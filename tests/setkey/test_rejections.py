from __future__ import annotations

import re

import pytest

from ipsec_lo_trace.kernel.netipsec.xform_ah import known_auths
from ipsec_lo_trace.kernel.netipsec.xform_esp import known_ciphers
from ipsec_lo_trace.model.errors import UserError
from ipsec_lo_trace.setkey.load import load
from tests.setkey.support import ADD, DES_KEY, SPDADD, plain, refused

NO_NAMES = "names are not resolved, so that a run is the same on every machine"
IPV4_ONLY = "the 2003 port is IPv4 only"
AUTHS = f"there are {', '.join(known_auths())}"
CIPHERS = f"there are {', '.join(known_ciphers())}"
PROTOS = "esp, ah, ipcomp, esp-old or ah-old"
ALGORITHMS = "-E for esp, -A for ah or in addition to -E, -C for ipcomp"
COMPRESSIONS = "there are oui, deflate, lzs"
END = "every command ends with one"
GOOD = f"add 10.8.8.8 10.8.8.8 esp 0x2000 {DES_KEY} ;\n"
GOOD_TOO = "\nspdadd 10.8.8.8/32 10.8.8.8/32 any -P out none ;"
NULL_TRAP = "the 2003 kernel wants one even for the null cipher"


# Each row: a text, and the one message that it ends in.
SYNTAX = {
    "unknown command": (
        "ad 1 ;",
        "f:1:1: ad where a command should be (did you mean add?)",
    ),
    "no idea what it is": (
        "frobnicate ;",
        "f:1:1: frobnicate where a command should be",
    ),
    "number as command": (
        "12 ;",
        "f:1:1: 12 where a command should be",
    ),
    "no semicolon at the end": (
        f"{ADD} {DES_KEY}",
        f"f:1:57: the end where ; should be ({END})",
    ),
    "no semicolon before the next": (
        "flush\nadd 1",
        f"f:2:1: add where {PROTOS} should be (is the ; of the command before it missing?)",
    ),
    "no semicolon behind a policy": (
        f"{SPDADD} -P out none\nspdadd;",
        "f:2:1: spdadd where a rule should be (is the ; of the command before it missing?)",
    ),
    "the end instead of an address": (
        "add 127.0.0.1\n",
        "f:2:1: the end where an address should be (such as 127.0.0.1)",
    ),
    "number as address": (
        "add 10 20",
        "f:1:5: 10 where an address should be (such as 127.0.0.1)",
    ),
    "bad address": (
        "add 127.0.0.256",
        "f:1:5: 127.0.0.256 is not an IPv4 address (four numbers from 0 to 255)",
    ),
    "bad IPv6 address": (
        "add ::1 ::g esp 1",
        "f:1:9: ::g is not an IPv6 address",
    ),
    "-6 with IPv4": (
        "add -6 127.0.0.1",
        "f:1:8: 127.0.0.1 is not an IPv6 address (-6 asks for one)",
    ),
    "-4 with IPv6": (
        "spdadd -64 ::1",
        "f:1:12: ::1 is not an IPv4 address (-4 asks for one)",
    ),
    "ends of two families": (
        "delete 127.0.0.1 ::1 esp 1000;",
        "f:1:18: 127.0.0.1 and ::1 are not of one family (both IPv4, or both IPv6)",
    ),
    "ranges of two families": (
        "spdadd ::/0 0.0.0.0/0 any -P in none;",
        "f:1:13: :: and 0.0.0.0 are not of one family (both IPv4, or both IPv6)",
    ),
    "a tunnel between two families": (
        f"{SPDADD} -P in ipsec esp/tunnel/10.0.0.1-::1/require;",
        "f:1:70: 10.0.0.1 and ::1 are not of one family (both IPv4, or both IPv6)",
    ),
    "IPv6 prefix too long": (
        "spdadd ::/129",
        "f:1:11: 129 is too big for a prefix length (at most 128)",
    ),
    "host name": (
        "deleteall a.org",
        f"f:1:11: a.org: {NO_NAMES} (write the address)",
    ),
    "host name with -n": (
        "add -n4 localhost",
        "f:1:9: localhost is not an address (here only numbers are taken)",
    ),
    "unknown protocol": (
        "add 127.0.0.1 127.0.0.1 esp-ol 1",
        f"f:1:25: esp-ol where {PROTOS} should be (did you mean esp-old?)",
    ),
    "no SPI": (
        "add 127.0.0.1 127.0.0.1 esp -m any",
        "f:1:29: -m where an SPI should be (a number, such as 0x1000)",
    ),
    "SPI too big": (
        "add 127.0.0.1 127.0.0.1 esp 0x100000000 ",
        "f:1:29: 0x100000000 is too big for an SPI (at most 4294967295)",
    ),
    "unknown mode": (
        f"{ADD} -m tunel",
        "f:1:39: tunel where transport, tunnel or any should be (did you mean tunnel?)",
    ),
    "reqid not decimal": (
        f"{ADD} -u 0x10",
        "f:1:39: 0x10 where a reqid should be (a decimal number)",
    ),
    "reqid too big": (
        f"{ADD} -u 4294967296",
        "f:1:39: 4294967296 is too big for a reqid (at most 4294967295)",
    ),
    "replay window with esp-old": (
        f"add 127.0.0.1 127.0.0.1 esp-old 1000 -r 4 {DES_KEY} ;",
        "f:1:38: -r does not go with esp-old or ah-old (they have no sequence number)",
    ),
    "unknown flag": (
        f"{ADD} -f zeropad",
        "f:1:39: zeropad where a flag should be (did you mean zero-pad?)",
    ),
    "no algorithm": (
        f"{ADD} ;",
        f"f:1:36: ; where an algorithm should be ({ALGORITHMS})",
    ),
    "aes-cbc": (
        f'{ADD} -E aes-cbc "0123456789abcdef" ;',
        "f:1:39: aes-cbc is not an encryption algorithm of setkey(8) in 2003 (write rijndael-cbc)",
    ),
    "misspelt cipher": (
        f"{ADD} -E 3des-ccb 0x00",
        "f:1:39: 3des-ccb is not an encryption algorithm of setkey(8) in 2003 (did you mean 3des-cbc?)",
    ),
    "misspelt authenticator": (
        f"{ADD} {DES_KEY} -A hmac-sha256 0x00",
        "f:1:61: hmac-sha256 is not an authentication algorithm of setkey(8) in 2003 (write hmac-sha2-256)",
    ),
    "no key": (
        f"{ADD} -E des-cbc ;",
        "f:1:47: des-cbc needs a key (in quotes, or as digits behind 0x)",
    ),
    "decimal key": (
        f"{ADD} -E des-cbc 12345678 ;",
        "f:1:47: des-cbc needs a key (in quotes, or as digits behind 0x)",
    ),
    "key for null": (
        f'{ADD} -E null "x" ;',
        "f:1:44: null takes no key",
    ),
    "-A before -E": (
        f'{ADD} -A hmac-md5 "0123456789abcdef" {DES_KEY} ;',
        "f:1:67: -E cannot come behind an algorithm (the order is: -m -u -r -lh -ls -f, then -E, then -A)",
    ),
    "des-deriv with esp-old": (
        "add 127.0.0.1 127.0.0.1 esp-old 1000 -E des-deriv 0x0123456789abcdef ;",
        "f:1:41: des-deriv does not go with esp-old",
    ),
    "des-32iv without esp-old": (
        f"{ADD} -E des-32iv 0x0123456789abcdef ;",
        "f:1:39: des-32iv goes with esp-old alone",
    ),
    "unterminated quote": (
        f'# a comment\n{ADD} -E des-cbc "0123\n4567 ;\n',
        'f:2:47: this quoted key is never closed (put a " behind its last character)',
    ),
    "carriage returns": (
        "flush ;\r\n",
        "f:1:8: a carriage return (save the file with Unix line ends)",
    ),
    "byte order mark": (
        "\ufeffflush ;",
        "f:1:1: a byte order mark (save the file as UTF-8 without one)",
    ),
    "unknown option": (
        f"{ADD} -x ;",
        "f:1:36: a - that begins no option (see setkey(8) for the options)",
    ),
    "stray character": (
        "flush ;\n  flush é ;",
        "f:2:9: a stray '\\xe9'",
    ),
    "prefix too long": (
        "spdadd 10.0.0.0/33",
        "f:1:17: 33 is too big for a prefix length (at most 32)",
    ),
    "prefix as mask": (
        "spdadd 10.0.0.0/255.0.0.0",
        "f:1:17: 255.0.0.0 where a prefix length should be (a decimal number)",
    ),
    "port too big": (
        "spdadd 10.0.0.0[65536]",
        "f:1:17: 65536 is too big for a port (at most 65535)",
    ),
    "unknown service": (
        "spdadd 10.0.0.0[htp]",
        "f:1:17: htp is not a port, any, or one of the services that are built in (did you mean http?)",
    ),
    "bracket not closed": (
        "spdadd 10.0.0.0[7 10.0.0.0",
        "f:1:19: 10.0.0.0 where ] should be",
    ),
    "unknown upper protocol": (
        "spdadd 10.0.0.0 10.0.0.0 icpm",
        "f:1:26: icpm where a protocol should be (did you mean icmp?)",
    ),
    "upper protocol too big": (
        "spdadd 10.0.0.0 10.0.0.0 256",
        "f:1:26: 256 is too big for a protocol (at most 255)",
    ),
    "esp as upper protocol": (
        "spdadd 10.0.0.0 10.0.0.0 esp",
        "f:1:26: esp is a word of setkey(8)'s own, so it cannot name a protocol here (write 50)",
    ),
    "a type of another protocol": (
        "spdadd 10.0.0.0 10.0.0.0 icmp 8,0 -P in none;",
        "f:1:31: 8,0 behind icmp, where -P should be (a type and a code go with icmp6 alone)",
    ),
    "a type that is none": (
        "spdadd ::1 ::1 icmp6 135,0,0 -P in none;",
        "f:1:22: 135,0,0 where a type and a code should be (such as 135,0)",
    ),
    "a type too big": (
        "spdadd ::1 ::1 icmp6 256 -P in none;",
        "f:1:22: 256 where a type and a code should be (such as 135,0)",
    ),
    "no policy": (
        f"{SPDADD} ;",
        "f:1:38: ; where -P should be (such as -P out ipsec esp/transport//require)",
    ),
    "-P with nothing": (
        f"{SPDADD} -P;",
        "f:1:40: -P without a policy (such as -P out ipsec esp/transport//require)",
    ),
    "-P with white space": (
        f"{SPDADD} -P ;",
        "f:1:41: the end where in or out should be",
    ),
    "no direction": (
        f"{SPDADD} -P ipsec esp/transport//require;",
        "f:1:41: ipsec where in or out should be",
    ),
    "unknown policy type": (
        f"{SPDADD} -P in discrad ;",
        "f:1:44: discrad where discard, none or ipsec should be (did you mean discard?)",
    ),
    "unknown rule": (
        f"{SPDADD} -P in ipsec\n esb/transport//use;",
        "f:2:2: esb where a rule should be (did you mean esp?)",
    ),
    "rule without mode": (
        f"{SPDADD} -P in ipsec esp ;",
        "f:1:54: the end where / should be (such as esp/transport//require)",
    ),
    "rule in mode any": (
        f"{SPDADD} -P in ipsec esp/any//use ;",
        "f:1:54: any where transport or tunnel should be",
    ),
    "no level behind two slashes": (
        f"{SPDADD} -P in ipsec esp/transport// ah/transport//use;",
        "f:1:66: ah where a level should be",
    ),
    "unknown level": (
        f"{SPDADD} -P in ipsec esp/transport//required;",
        "f:1:65: required where a level should be (did you mean require?)",
    ),
    "tunnel without ends": (
        f"{SPDADD} -P in ipsec esp/tunnel//require;",
        "f:1:54: a tunnel without ends (esp/tunnel/10.0.0.1-10.0.0.2/require)",
    ),
    "tunnel with any-me": (
        f"{SPDADD} -P in ipsec esp/tunnel/any-me/require;",
        "f:1:54: a tunnel without ends (esp/tunnel/10.0.0.1-10.0.0.2/require)",
    ),
    "tunnel with one end": (
        f"{SPDADD} -P in ipsec esp/tunnel/10.0.0.1/require;",
        "f:1:69: / where - should be (two ends, such as 10.0.0.1-10.0.0.2)",
    ),
    "tunnel between names": (
        f"{SPDADD} -P in ipsec esp/tunnel/localhost-localhost/require;",
        "f:1:61: localhost is not an address (here only numbers are taken)",
    ),
    "me-any inbound": (
        f"{SPDADD} -P in ipsec esp/transport/me-any/use;",
        "f:1:64: me-any goes with out, and any-me with in (write any-me)",
    ),
    "any-me outbound": (
        f"{SPDADD} -P out ipsec esp/transport/any-me/use;",
        "f:1:65: me-any goes with out, and any-me with in (write me-any)",
    ),
    "stray character in a policy": (
        f"{SPDADD} -P out ipsec %esp;",
        "f:1:51: a stray % in a policy",
    ),
    "bracket in a policy": (
        f"{SPDADD} -P out ipsec esp/tunnel/10.0.0.1[500];",
        "f:1:70: a port in a rule is of a later setkey(8) (leave it out)",
    ),
    "comment inside a policy": (
        f"{SPDADD} -P out ipsec # that is:\n esp/transport//use;",
        "f:1:61: a comment inside a policy, which setkey(8) takes for the policy's end (put it behind the ;)",
    ),
    "compression that setkey does not know": (
        "add 127.0.0.1 127.0.0.1 ipcomp 4096 -C gzip ;",
        f"f:1:40: gzip is not a compression algorithm of setkey(8) in 2003 ({COMPRESSIONS})",
    ),
    "compression with a key": (
        'add 127.0.0.1 127.0.0.1 ipcomp 4096 -C deflate "key" ;',
        "f:1:48: deflate takes no key",
    ),
    "-R before -C": (
        "add 127.0.0.1 127.0.0.1 ipcomp 4096 -R -C deflate ;",
        f"f:1:37: -R where an algorithm should be ({ALGORITHMS})",
    ),
    "-A behind -C": (
        'add 127.0.0.1 127.0.0.1 ipcomp 4096 -C deflate -A hmac-md5 "0123456789abcdef" ;',
        "f:1:48: -A where ; should be (every command ends with one)",
    ),
    "NUL byte": (
        "flush;\n\0",
        "f:2:1: a NUL byte: this is not a text",
    ),
}

KERNEL = {
    "IPv6 SA": (
        f"add ::1 ::1 esp 0x1000 {DES_KEY} ;",
        f"f:1:5: ::1 is an IPv6 address, and {IPV4_ONLY}",
    ),
    "IPv6 SA to delete": (
        "delete -6n ::1 ::1 esp 0x1000;",
        f"f:1:12: ::1 is an IPv6 address, and {IPV4_ONLY}",
    ),
    "IPv6 SAs to delete": (
        "deleteall fe80::1%lo0 fe80::1%lo0 esp;",
        f"f:1:11: fe80::1%lo0 is an IPv6 address, and {IPV4_ONLY}",
    ),
    "localhost with -6": (
        f"add -6 localhost localhost esp 0x1000 {DES_KEY} ;",
        f"f:1:8: localhost is an IPv6 address, and {IPV4_ONLY}",
    ),
    "IPv6 policy": (
        "spdadd -6 ::1 ::1 any -P out none;",
        f"f:1:11: ::1 is an IPv6 address, and {IPV4_ONLY}",
    ),
    "IPv6 policy to delete": (
        "spddelete ::/0 ::/0 icmp6 135,0 -P in;",
        f"f:1:11: :: is an IPv6 address, and {IPV4_ONLY}",
    ),
    "IPv6 tunnel": (
        f"{SPDADD} -P in ipsec esp/tunnel/::1-::1/require;",
        f"f:1:61: ::1 is an IPv6 address, and {IPV4_ONLY}",
    ),
    "icmp6 as upper protocol": (
        "spdadd 10.0.0.0 10.0.0.0 icmp6 -P in none;",
        f"f:1:26: icmp6 goes with IPv6, and {IPV4_ONLY}",
    ),
    "tcp-md5": (
        'add 127.0.0.1 127.0.0.1 tcp 0x1000 -A tcp-md5 "a secret" ;',
        "f:1:25: an SA of TCP signatures (RFC 2385), which protect no IP packet",
    ),
    "both paddings": (
        f"{ADD} -f zero-pad -f random-pad {DES_KEY} ;",
        "f:1:51: with random-pad and zero-pad the 2003 kernel leaves the padding to chance (take one)",
    ),
    "tagged": (
        'spdadd tagged "x" -P out none ;',
        "f:1:8: FAST_IPSEC of 2003 refuses the PF_KEY extension that carries a tag (go by addresses)",
    ),
    "no protocol in add": (
        f"add 127.0.0.1 127.0.0.1 0x1000 {DES_KEY} ;",
        "f:1:25: EINVAL: an SA must have a protocol (write esp, ah or ipcomp before the SPI)",
    ),
    "no protocol in delete": (
        "delete 127.0.0.1 127.0.0.1 0x1000;",
        "f:1:1: EINVAL: a message about an SA must name the SA's protocol (write esp, ah or ipcomp)",
    ),
    "no protocol in deleteall": (
        "deleteall 127.0.0.1 127.0.0.1;",
        "f:1:1: EINVAL: a message about an SA must name the SA's protocol (write esp, ah or ipcomp)",
    ),
    "reserved SPI": (
        f"add 127.0.0.1 127.0.0.1 esp 255 {DES_KEY} ;",
        "f:1:29: EINVAL: SPIs 0 to 255 are reserved (take one from 256 up)",
    ),
    "duplicate SA": (
        f"{ADD} {DES_KEY} ;\n{ADD} {DES_KEY} ;",
        "f:2:29: EEXIST: SA esp 0x00001000 to 127.0.0.1 exists already",
    ),
    "duplicate SA in another mode": (
        f"{ADD} {DES_KEY} ;\n{ADD} -m tunnel {DES_KEY} ;",
        "f:2:29: EEXIST: SA esp 0x00001000 to 127.0.0.1 exists already",
    ),
    "key too short": (
        f'{ADD} -E 3des-cbc "12345678901234567890123" ;',
        "f:1:48: EINVAL: this key has 23 bytes (a 3des-cbc key has 24)",
    ),
    "hex key too long": (
        f"{ADD} -E des-cbc 0x0123456789abcdef0 ;",
        "f:1:47: EINVAL: this key has 9 bytes (a des-cbc key has 8)",
    ),
    "AES key of no AES length": (
        f'{ADD} -E rijndael-cbc "12345678901234567890" ;',
        "f:1:52: EINVAL: this key has 20 bytes (a rijndael-cbc key has 16 or 24 or 32)",
    ),
    "blowfish key too short": (
        f'{ADD} -E blowfish-cbc "1234" ;',
        "f:1:52: EINVAL: this key has 4 bytes (a blowfish-cbc key has 5 to 56)",
    ),
    "authentication key of wrong length": (
        f'{ADD} {DES_KEY} -A hmac-md5 "0123456789abcde" ;',
        "f:1:70: EINVAL: this key has 15 bytes (a hmac-md5 key has 16)",
    ),
    "empty key": (
        f'{ADD} -E des-cbc "" ;',
        "f:1:47: EINVAL: no encryption key for des-cbc",
    ),
    "null cipher": (
        f'{ADD} -E null -A hmac-md5 "0123456789abcdef" ;',
        f"f:1:39: EINVAL: no encryption key for null ({NULL_TRAP})",
    ),
    "simple": (
        f"{ADD} -E simple ;",
        f"f:1:39: EINVAL: no encryption key for null ({NULL_TRAP})",
    ),
    "null authenticator in ESP": (
        f"{ADD} {DES_KEY} -A null ;",
        f"f:1:61: EINVAL: the 2003 kernel does not find null: its number is above AH_ALG_MAX ({AUTHS})",
    ),
    "null authenticator in AH": (
        "add 127.0.0.1 127.0.0.1 ah 0x1000 -A null ;",
        "f:1:38: EINVAL: no authentication key for null",
    ),
    "keyed-md5": (
        'add 127.0.0.1 127.0.0.1 ah 0x1000 -A keyed-md5 "0123456789abcdef" ;',
        f"f:1:38: EINVAL: the 2003 kernel does not find keyed-md5: its number is above AH_ALG_MAX ({AUTHS})",
    ),
    "aes-xcbc-mac": (
        'add 127.0.0.1 127.0.0.1 ah 0x1000 -A aes-xcbc-mac "0123456789abcdef" ;',
        f"f:1:38: EINVAL: the 2003 kernel has no aes-xcbc-mac ({AUTHS})",
    ),
    "hmac-sha2-512": (
        'add 127.0.0.1 127.0.0.1 ah 0x1000 -A hmac-sha2-512 "0123456789abcdef" ;',
        "f:1:52: EINVAL: this key has 16 bytes (a hmac-sha2-512 key has 64)",
    ),
    "aes-ctr": (
        f'{ADD} -E aes-ctr "0123456789abcdef" ;',
        f"f:1:39: EINVAL: the 2003 kernel has no aes-ctr ({CIPHERS})",
    ),
    "ESP without a cipher": (
        f'{ADD} -A hmac-md5 "0123456789abcdef" ;',
        "f:1:1: EINVAL: an ESP SA needs an encryption key",
    ),
    "AH without an authenticator": (
        f"add 127.0.0.1 127.0.0.1 ah 0x1000 {DES_KEY} ;",
        "f:1:1: EINVAL: an AH SA needs an authentication key",
    ),
    "AH with a cipher": (
        f'add 127.0.0.1 127.0.0.1 ah 0x1000 {DES_KEY} -A hmac-md5 "0123456789abcdef" ;',
        "f:1:38: EINVAL: AH does not encrypt (leave out -E)",
    ),
    "IPComp with a key": (
        f"add 127.0.0.1 127.0.0.1 ipcomp 0x1000 {DES_KEY} ;",
        "f:1:50: EINVAL: IPComp takes no key (write -C deflate)",
    ),
    "IPComp with the null cipher": (
        "add 127.0.0.1 127.0.0.1 ipcomp 0x1000 -E null ;",
        "f:1:42: EINVAL: the 2003 kernel has no null for IPComp (there is deflate)",
    ),
    "IPComp with an authenticator": (
        'add 127.0.0.1 127.0.0.1 ipcomp 0x1000 -A hmac-md5 "0123456789abcdef" ;',
        "f:1:42: EINVAL: IPComp does not authenticate (leave out -A)",
    ),
    "IPComp with oui": (
        "add 127.0.0.1 127.0.0.1 ipcomp 0x1000 -C oui ;",
        "f:1:42: EINVAL: the 2003 kernel has no oui for IPComp (there is deflate)",
    ),
    "IPComp with lzs": (
        "add 127.0.0.1 127.0.0.1 ipcomp 0x1000 -C lzs -R ;",
        "f:1:42: EINVAL: the 2003 kernel has no lzs for IPComp (there is deflate)",
    ),
    "CPI beyond 16 bits": (
        "add 127.0.0.1 127.0.0.1 ipcomp 0x10000 -C deflate ;",
        "f:1:32: EINVAL: a CPI has 16 bits (at most 65535)",
    ),
    "ESP with -C": (
        "add 127.0.0.1 127.0.0.1 esp 0x1000 -C deflate ;",
        "f:1:39: EINVAL: no encryption key for deflate",
    ),
    "AH with -C": (
        "add 127.0.0.1 127.0.0.1 ah 0x1000 -C deflate ;",
        "f:1:1: EINVAL: an AH SA needs an authentication key",
    ),
    "one lifetime alone": (
        f"{ADD} -lh 60 {DES_KEY} ;",
        "f:1:36: EINVAL: -lh and -ls go together (give both or none)",
    ),
    "delete of nothing": (
        "delete 127.0.0.1 127.0.0.1 esp 0x1000 ;",
        "f:1:32: ENOENT: there is no such SA as 0x00001000 127.0.0.1 to 127.0.0.1",
    ),
    "duplicate policy": (
        f"{SPDADD} -P out none;\n{SPDADD} -P out discard;",
        "f:2:1: EEXIST: a policy with the same selector and direction exists already",
    ),
    "spddelete of nothing": (
        f"{SPDADD} -P out none;\nspddelete 127.0.0.1/32 127.0.0.1/32 any -P in;",
        "f:2:1: EINVAL: there is no policy with this selector and direction",
    ),
    "bypass in the SPD": (
        f"{SPDADD} -P out bypass;",
        "f:1:45: EINVAL: bypass is for sockets, not for the SPD (the SPD takes discard, none and ipsec)",
    ),
    "entrust in the SPD": (
        f"{SPDADD} -P in entrust;",
        "f:1:44: EINVAL: entrust is for sockets, not for the SPD (the SPD takes discard, none and ipsec)",
    ),
    "ipsec without rules": (
        f"{SPDADD} -P in ipsec;",
        "f:1:44: EINVAL: an ipsec policy needs at least one rule (such as esp/transport//require)",
    ),
}

Row = tuple[str, str]


@pytest.mark.parametrize("row", SYNTAX.values(), ids=SYNTAX.keys())
def test_syntax_that_setkey_does_not_take_is_told_with_its_place(row: Row) -> None:
    """What the 2003 tools refuse is refused in one message that names place, token and remedy."""
    _check(row)


@pytest.mark.parametrize("row", KERNEL.values(), ids=KERNEL.keys())
def test_strict_stops_at_what_the_kernel_refuses(row: Row) -> None:
    """Asked to be strict, load() refuses what the 2003 kernel does, at the token that it is about."""
    text, message = row
    with pytest.raises(UserError) as raised:
        load(text, "f", strict=True)
    assert str(raised.value) == message


@pytest.mark.parametrize("row", KERNEL.values(), ids=KERNEL.keys())
def test_what_the_kernel_refuses_is_left_out_with_a_note(row: Row) -> None:
    """What the 2003 kernel refuses changes nothing, and a note has place, errno and reason."""
    text, message = row
    read = load(f"{GOOD}{text}{GOOD_TOO}", "f")
    line, rest = re.match(r"f:([0-9]+)(.*)", message, re.DOTALL).groups()  # type: ignore[union-attr]
    assert f"f:{int(line) + 1}{rest}: left out" in read.notes
    rest_of_it = "".join(f"{one}\n" for one in text.split("\n")[:-1])
    assert plain(read.db) == plain(load(f"{GOOD}{rest_of_it}{GOOD_TOO}", "f").db)


def _check(row: Row) -> None:
    text, message = row
    assert str(refused(text)) == message


def test_the_first_mistake_is_the_one_told() -> None:
    """What the kernel refuses does not hide a later mistake of syntax, unless load() is strict."""
    both = "delete 10.0.0.1 10.0.0.1 esp 1000;\nnonsense"
    assert refused(both).line == 2
    with pytest.raises(UserError) as raised:
        load(both, "f", strict=True)
    assert raised.value.line == 1
    assert refused("nonsense;\ndelete 10.0.0.1 10.0.0.1 esp 1000;").line == 1


def test_a_file_of_which_nothing_is_left_is_refused() -> None:
    """Where everything is left out, the message says why: one reason as it is, of many the first three."""
    one = "delete 10.0.0.1 10.0.0.1 esp 1000;\n"
    why = "ENOENT: there is no such SA as 0x000003e8 10.0.0.1 to 10.0.0.1"
    assert str(refused(one)) == f"f:1:30: {why}"
    assert str(refused(one * 2)) == f"f: nothing of it can be used: 1:30: {why}; 2:30: {why}"
    assert str(refused(f"flush;\n{one * 5}")) == (
        f"f: nothing of it can be used: 2:30: {why}; 3:30: {why}; 4:30: {why}; and 2 more"
    )


def test_a_file_that_empties_the_databases_is_no_mistake() -> None:
    """Nothing is left out of it."""
    assert load("flush;\nspdflush;", "f").db.is_empty


def test_a_key_is_never_shown() -> None:
    """No part of the message of a wrong key holds the key."""
    for key in ('"secret"', "0x736563726574"):
        error = refused(f"{ADD} -E rijndael-cbc {key} ;")
        assert "secret" not in repr(vars(error))
        assert "736563726574" not in repr(vars(error))


def test_a_long_token_is_cut_in_the_message() -> None:
    """A token of a million characters makes a message of one line."""
    error = refused("x" * 1_000_000)
    assert error.reason == f"{'x' * 40}... where a command should be"
