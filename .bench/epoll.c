/* An echo server as C programmers write it: one epoll loop, level-triggered, one thread, non-blocking sockets. What a
 * client does not take at once is kept, and it is not read from until it has taken that. Linux only.
 *
 *     cc -O2 -o epoll epoll.c && ./epoll --listen 127.0.0.1:7878
 *
 * Man pages: epoll(7), epoll_wait(2), accept4(2), recv(2), send(2). */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

/* As in the stages. */
enum { BUFFER = 16 * 1024, BACKLOG = 1024, NEWS = 1024 };

struct client {
    int socket;
    /* What the kernel had no room for. */
    size_t waiting;
    char *unsent;
};

static void die(const char *what) {
    perror(what);
    exit(1);
}

/* Reads "127.0.0.1:7878". */
static struct sockaddr_in address_of(const char *text) {
    struct sockaddr_in address = {.sin_family = AF_INET};
    char host[64];
    unsigned port;
    if (sscanf(text, "%63[^:]:%u", host, &port) != 2 || port > 65535 ||
        inet_pton(AF_INET, host, &address.sin_addr) != 1) {
        fprintf(stderr, "%s is no address such as 127.0.0.1:7878\n", text);
        exit(2);
    }
    address.sin_port = htons((in_port_t)port);
    return address;
}

static int listen_at(const char *text) {
    struct sockaddr_in address = address_of(text);
    socklen_t length = sizeof address;
    int yes = 1;
    int listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (listener < 0 || setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes) < 0 ||
        bind(listener, (struct sockaddr *)&address, length) < 0 || listen(listener, BACKLOG) < 0 ||
        getsockname(listener, (struct sockaddr *)&address, &length) < 0)
        die(text);
    printf("listening on %s:%u\n", inet_ntoa(address.sin_addr), ntohs(address.sin_port));
    fflush(stdout);
    return listener;
}

/* Asks for news about a client: for room to send while something waits, for bytes otherwise. */
static void ask(int epoll, int operation, struct client *client) {
    struct epoll_event event = {.events = client->waiting ? EPOLLOUT : EPOLLIN, .data.ptr = client};
    if (epoll_ctl(epoll, operation, client->socket, &event) < 0)
        die("epoll_ctl");
}

static void accept_all(int epoll, int listener) {
    for (;;) {
        int socket = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (socket < 0) {
            if (errno == EAGAIN || errno == ECONNABORTED || errno == EINTR)
                return;
            die("accept4");
        }
        struct client *client = calloc(1, sizeof *client);
        if (!client)
            die("calloc");
        client->socket = socket;
        ask(epoll, EPOLL_CTL_ADD, client);
    }
}

static void part_from(struct client *client) {
    close(client->socket);
    free(client->unsent);
    free(client);
}

/* Keeps what was not taken, and waits for room. */
static void keep(int epoll, struct client *client, const char *rest, size_t length) {
    if (!client->unsent && !(client->unsent = malloc(BUFFER)))
        die("malloc");
    int was_waiting = client->waiting != 0;
    memmove(client->unsent, rest, length);
    client->waiting = length;
    if (was_waiting != (length != 0))
        ask(epoll, EPOLL_CTL_MOD, client);
}

/* One turn: sends what waits, or receives once and sends that. */
static void take_turn(int epoll, struct client *client) {
    static char buffer[BUFFER];
    const char *bytes = client->unsent;
    ssize_t count = (ssize_t)client->waiting;
    if (!client->waiting) {
        bytes = buffer;
        count = recv(client->socket, buffer, sizeof buffer, 0);
        if (count < 0 && (errno == EAGAIN || errno == EINTR))
            return;
        if (count <= 0) {
            part_from(client);
            return;
        }
    }
    ssize_t taken = send(client->socket, bytes, (size_t)count, MSG_NOSIGNAL);
    if (taken < 0 && errno != EAGAIN && errno != EINTR) {
        part_from(client);
        return;
    }
    if (taken < 0)
        taken = 0;
    if (taken < count || client->waiting)
        keep(epoll, client, bytes + taken, (size_t)(count - taken));
}

int main(int argc, char **argv) {
    if (argc != 3 || strcmp(argv[1], "--listen") != 0) {
        fprintf(stderr, "usage: %s --listen ADDR\n", argv[0]);
        return 2;
    }
    int listener = listen_at(argv[2]);
    int epoll = epoll_create1(EPOLL_CLOEXEC);
    struct epoll_event wanted = {.events = EPOLLIN, .data.ptr = NULL};
    if (epoll < 0 || epoll_ctl(epoll, EPOLL_CTL_ADD, listener, &wanted) < 0)
        die("epoll");
    static struct epoll_event news[NEWS];
    for (;;) {
        int count = epoll_wait(epoll, news, NEWS, -1);
        if (count < 0 && errno != EINTR)
            die("epoll_wait");
        for (int i = 0; i < count; i++) {
            if (news[i].data.ptr)
                take_turn(epoll, news[i].data.ptr);
            else
                accept_all(epoll, listener);
        }
    }
}
