/* Open UDP port 4500 the way a key daemon does, then go to the background: ESP that arrives there is the kernel's to
 * open, and the socket's own policies spare its packets from all others. */
#include <linux/udp.h>
#include <linux/xfrm.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

enum { PORT = 4500 };

static void check(int result, const char *what)
{
	if (result < 0) {
		perror(what);
		exit(1);
	}
}

static void bypass(int sock, int dir)
{
	struct xfrm_userpolicy_info policy = {
		.sel = { .family = AF_INET }, .action = XFRM_POLICY_ALLOW, .dir = dir
	};

	check(setsockopt(sock, IPPROTO_IP, IP_XFRM_POLICY, &policy, sizeof policy), "IP_XFRM_POLICY");
}

int main(void)
{
	struct sockaddr_in any = { .sin_family = AF_INET, .sin_port = htons(PORT) };
	int encapsulation = UDP_ENCAP_ESPINUDP;
	int sock = socket(AF_INET, SOCK_DGRAM, 0);

	check(sock, "socket");
	bypass(sock, XFRM_POLICY_IN);
	bypass(sock, XFRM_POLICY_OUT);
	check(setsockopt(sock, IPPROTO_UDP, UDP_ENCAP, &encapsulation, sizeof encapsulation), "UDP_ENCAP");
	check(bind(sock, (struct sockaddr *)&any, sizeof any), "bind");
	check(daemon(0, 0), "daemon");
	pause();
}
