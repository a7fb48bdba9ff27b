/* Put IPv4 packets (standard input, one a line, in hex) on lo; print all that is then seen there, the packet itself
 * first, in the same form. After each packet lo must be quiet for QUIET_MS before the next one is sent. */
#include <arpa/inet.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>

enum { QUIET_MS = 200, PACKET_MAX = 65535 };

static unsigned char packet[PACKET_MAX];

static void die(const char *what)
{
	perror(what);
	exit(1);
}

static size_t parse(const char *line)
{
	size_t length = 0;
	unsigned byte;

	while (length < PACKET_MAX && sscanf(line + 2 * length, "%2x", &byte) == 1)
		packet[length++] = byte;
	return length;
}

static void print(ssize_t length)
{
	for (ssize_t i = 0; i < length; i++)
		printf("%02x", packet[i]);
	putchar('\n');
}

static void listen_until_quiet(int sock)
{
	struct pollfd readable = { .fd = sock, .events = POLLIN };

	while (poll(&readable, 1, QUIET_MS) > 0) {
		struct sockaddr_ll from;
		socklen_t from_size = sizeof from;
		ssize_t length = recvfrom(sock, packet, sizeof packet, 0, (struct sockaddr *)&from, &from_size);

		if (length < 0)
			die("recvfrom");
		/* What lo sends it also receives: one of the two is enough. */
		if (from.sll_pkttype != PACKET_OUTGOING)
			print(length);
	}
}

int main(void)
{
	static char line[2 * PACKET_MAX + 2];
	struct sockaddr_ll lo = { .sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_IP), .sll_halen = ETH_ALEN };
	int sock = socket(AF_PACKET, SOCK_DGRAM, htons(ETH_P_ALL));

	lo.sll_ifindex = if_nametoindex("lo");
	if (sock < 0)
		die("socket");
	while (fgets(line, sizeof line, stdin)) {
		size_t length = parse(line);

		if (sendto(sock, packet, length, 0, (struct sockaddr *)&lo, sizeof lo) < 0)
			die("sendto");
		listen_until_quiet(sock);
	}
	return 0;
}
