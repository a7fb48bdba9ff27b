#!/bin/sh
ip xfrm state add src 127.0.0.1 dst 127.0.0.1 proto esp spi 0x1001 mode transport enc 'cbc(aes)' 0x00
ip xfrm policy add src 127.0.0.1 dst 127.0.0.1 dir out tmpl proto esp mode transport
