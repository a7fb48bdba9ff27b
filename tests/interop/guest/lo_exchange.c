/* Put IPv4 packets (standard input, one a line, in hex) on lo, or run the command of the arguments; print all that is
 * then seen there, a packet that was put there first, in the same form. After each packet, and after the command's
 * end, lo must be quiet for QUIET_MS. */
#include <arpa/inet.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

enum { QUIET_MS = 200, PACKET_MAX = 65535 };

static unsigned char packet[PACKET_MAX];

static void check(long result, const char *what)
{
	if (result < 0) {
		perror(what);
		exit(1);
	}
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

		check(length, "recvfrom");
		/* What lo sends it also receives: one of the two is enough. */
		if (from.sll_pkttype != PACKET_OUTGOING)
			print(length);
	}
}

static void put(int sock, const struct sockaddr_ll *lo)
{
	static char line[2 * PACKET_MAX + 2];

	while (fgets(line, sizeof line, stdin)) {
		size_t length = parse(line);

		check(sendto(sock, packet, length, 0, (const struct sockaddr *)lo, sizeof *lo), "sendto");
		listen_until_quiet(sock);
	}
}

static void run(int sock, char **command)
{
	pid_t child = fork();

	check(child, "fork");
	if (child == 0) {
		dup2(STDERR_FILENO, STDOUT_FILENO);
		check(execvp(command[0], command), command[0]);
	}
	do
		listen_until_quiet(sock);
	while (waitpid(child, NULL, WNOHANG) == 0);
	listen_until_quiet(sock);
}

int main(int argc, char **argv)
{
	struct sockaddr_ll lo = { .sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_IP), .sll_halen = ETH_ALEN };
	int sock = socket(AF_PACKET, SOCK_DGRAM, htons(ETH_P_ALL));

	check(sock, "socket");
	lo.sll_ifindex = if_nametoindex("lo");
	if (argc > 1)
		run(sock, argv + 1);
	else
		put(sock, &lo);
	return 0;
}
