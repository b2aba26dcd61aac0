/* Thousands of viewers in one thread, as cheap as can be: epoll, plain sockets, no parsing but for one mark.

   swarm PORT COUNT SECONDS REQUEST_FILE MARK [RATE]

   Connects COUNT viewers (RATE a second, all at once by default) and sends each the request, which lacks its closing
   empty line. Looks in what comes back for MARK followed by `<ms since the epoch>/<number>` and a character that is no
   digit: how long ago that was is the delay, and a number that is missing is a gap. The event's id must be
   `<ms>-<number>`: a viewer that comes back sends it as Last-Event-ID. Standard input: "drop" cuts every connection at
   once, and each viewer comes back after a pause of its own as the page does (backoff.js); "reset" sets the counts to
   0; its end ends the program. Prints what it has counted, one line of JSON a second. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { IDLE, CONNECTING, WAITING, OPEN };
#define TAIL 64
struct viewer {
  int fd, state, tries, tail_length;
  uint64_t due_ms, dropped_ms;
  unsigned long events, last;
  uint64_t last_ms;
  char tail[TAIL];
};

static struct viewer *viewers;
static int count, port, poller;
static char request[8192], mark[32];
static size_t request_length, mark_length;
static uint32_t histogram[60001]; /* by 1 ms; the last one is "longer" */
static unsigned long long bytes, events;
static unsigned long refused, closed, gaps;
static uint64_t slowest_return_ms;

static uint64_t now_ms(clockid_t clock) {
  struct timespec t;
  clock_gettime(clock, &t);
  return t.tv_sec * 1000ull + t.tv_nsec / 1000000;
}

static void leave(struct viewer *v, uint64_t now) {
  if (v->fd >= 0) close(v->fd);
  v->fd = -1;
  v->state = IDLE;
  v->tail_length = 0;
  if (!v->dropped_ms) v->dropped_ms = now;
  uint64_t most = 1000u << (v->tries < 5 ? v->tries + 1 : 5);
  if (most > 30000) most = 30000;
  v->due_ms = now + 1000 + (uint64_t)(drand48() * (most - 1000));
  v->tries++;
}

static void enter(struct viewer *v, uint64_t now) {
  v->fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
  if (v->fd < 0) { perror("socket"); exit(1); }
  /* 127.0.0.1 to .9: one source address has fewer ports than there may be viewers. */
  struct sockaddr_in from = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(0x7f000001 + (v - viewers) % 8)};
  int yes = 1;
  setsockopt(v->fd, IPPROTO_IP, 24 /* IP_BIND_ADDRESS_NO_PORT */, &yes, sizeof yes);
  bind(v->fd, (struct sockaddr *)&from, sizeof from);
  struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(0x7f000001)};
  struct epoll_event e = {.events = EPOLLOUT | EPOLLIN, .data.ptr = v};
  v->state = CONNECTING;
  if (connect(v->fd, (struct sockaddr *)&to, sizeof to) && errno != EINPROGRESS) { refused++; leave(v, now); return; }
  epoll_ctl(poller, EPOLL_CTL_ADD, v->fd, &e);
}

static void scan(struct viewer *v, char *text, size_t length, uint64_t now, uint64_t wall) {
  char *end = text + length, *at = text;
  if (v->state == WAITING && length) {
    v->state = OPEN;
    v->tries = 0;
    if (v->dropped_ms) {
      uint64_t took = now - v->dropped_ms;
      if (took > slowest_return_ms) slowest_return_ms = took;
      v->dropped_ms = 0;
    }
  }
  v->tail_length = 0;
  while ((at = memmem(at, end - at, mark, mark_length))) {
    char *digit = at + mark_length;
    uint64_t sent = 0;
    while (digit < end && *digit >= '0' && *digit <= '9') sent = sent * 10 + (*digit++ - '0');
    /* "<ms>/<number>": the number tells whether one is missing. */
    unsigned long number = 0;
    if (digit < end && *digit == '/') { digit++; while (digit < end && *digit >= '0' && *digit <= '9') number = number * 10 + (*digit++ - '0'); }
    if (digit >= end) break; /* cut in two: wait for the rest */
    if (v->last && number && number != v->last + 1) gaps += number > v->last + 1 ? number - v->last - 1 : 0;
    if (number > v->last) { v->last = number; v->last_ms = sent; }
    uint64_t delay = wall > sent ? wall - sent : 0;
    histogram[delay < 60000 ? delay : 60000]++;
    v->events++;
    events++;
    at = digit;
  }
  /* What may be the beginning of a mark is kept. */
  size_t keep = end - (at ? at : end);
  if (!at) keep = mark_length - 1;
  if (keep > length) keep = length;
  if (keep > TAIL) keep = TAIL;
  memcpy(v->tail, end - keep, keep);
  v->tail_length = keep;
}

static void hear(struct viewer *v, uint32_t what, uint64_t now, uint64_t wall) {
  static char buffer[TAIL + 262144];
  if (v->state == CONNECTING && (what & EPOLLOUT)) {
    int error = 0;
    socklen_t size = sizeof error;
    getsockopt(v->fd, SOL_SOCKET, SO_ERROR, &error, &size);
    char text[sizeof request + 100];
    int length = request_length;
    memcpy(text, request, request_length);
    if (v->last) length += sprintf(text + length, "Last-Event-ID: %llu-%lu\r\n", (unsigned long long)v->last_ms, v->last);
    length += sprintf(text + length, "\r\n");
    if (error || send(v->fd, text, length, MSG_NOSIGNAL) != length) { refused++; leave(v, now); return; }
    v->state = WAITING;
    struct epoll_event e = {.events = EPOLLIN, .data.ptr = v};
    epoll_ctl(poller, EPOLL_CTL_MOD, v->fd, &e);
  }
  if (what & (EPOLLIN | EPOLLHUP | EPOLLERR)) {
    memcpy(buffer, v->tail, v->tail_length);
    ssize_t got = recv(v->fd, buffer + v->tail_length, sizeof buffer - TAIL, 0);
    if (got > 0) { bytes += got; scan(v, buffer, v->tail_length + got, now, wall); }
    else if (got == 0 || (errno != EAGAIN && errno != EINTR)) { closed++; leave(v, now); }
  }
}

static int percentile(double share) {
  unsigned long long total = 0, seen = 0;
  for (int i = 0; i <= 60000; i++) total += histogram[i];
  for (int i = 0; i <= 60000; i++) if ((seen += histogram[i]) >= share * total && total) return i;
  return -1;
}

static void tell(void) {
  int open = 0;
  unsigned long least = ~0ul, most = 0;
  for (int i = 0; i < count; i++) {
    open += viewers[i].state == OPEN;
    if (viewers[i].events < least) least = viewers[i].events;
    if (viewers[i].events > most) most = viewers[i].events;
  }
  struct rusage used;
  getrusage(RUSAGE_SELF, &used);
  printf("{\"open\": %d, \"events\": %llu, \"least\": %lu, \"most\": %lu, \"bytes\": %llu, \"refused\": %lu, \"closed\": %lu, "
         "\"gaps\": %lu, \"slowest_return_ms\": %llu, \"p50_ms\": %d, \"p99_ms\": %d, \"cpu_s\": %.3f}\n",
         open, events, least, most, bytes, refused, closed, gaps, (unsigned long long)slowest_return_ms, percentile(.5),
         percentile(.99), used.ru_utime.tv_sec + used.ru_stime.tv_sec + (used.ru_utime.tv_usec + used.ru_stime.tv_usec) / 1e6);
  fflush(stdout);
}

static int obey(uint64_t now) {
  char line[64];
  ssize_t got = read(0, line, sizeof line);
  if (got <= 0) return got < 0 && errno == EAGAIN;
  if (!strncmp(line, "drop", 4)) {
    slowest_return_ms = 0;
    for (int i = 0; i < count; i++) { viewers[i].tries = 0; viewers[i].dropped_ms = 0; leave(&viewers[i], now); }
  } else if (!strncmp(line, "reset", 5)) {
    memset(histogram, 0, sizeof histogram);
    events = bytes = gaps = closed = refused = 0;
    for (int i = 0; i < count; i++) viewers[i].events = 0;
  }
  return 1;
}

int main(int argc, char **argv) {
  if (argc < 6) return 2;
  port = atoi(argv[1]);
  count = atoi(argv[2]);
  uint64_t end_ms = now_ms(CLOCK_MONOTONIC) + atof(argv[3]) * 1000;
  FILE *file = fopen(argv[4], "r");
  if (!file) return 2;
  request_length = fread(request, 1, sizeof request, file);
  snprintf(mark, sizeof mark, "%s", argv[5]);
  mark_length = strlen(mark);
  double rate = argc > 6 ? atof(argv[6]) : 1e9;
  struct rlimit files = {count + 100, count + 100};
  setrlimit(RLIMIT_NOFILE, &files);
  viewers = calloc(count, sizeof *viewers);
  poller = epoll_create1(0);
  srand48(getpid());
  fcntl(0, F_SETFL, O_NONBLOCK);
  struct epoll_event input = {.events = EPOLLIN, .data.ptr = NULL}, ready[1024];
  epoll_ctl(poller, EPOLL_CTL_ADD, 0, &input);
  uint64_t now = now_ms(CLOCK_MONOTONIC), told = now;
  for (int i = 0; i < count; i++) { viewers[i].fd = -1; viewers[i].due_ms = now + i * 1000.0 / rate; }
  for (uint64_t looked = 0; now < end_ms;) {
    int n = epoll_wait(poller, ready, 1024, 20);
    now = now_ms(CLOCK_MONOTONIC);
    for (int i = 0; i < n; i++) {
      struct viewer *v = ready[i].data.ptr;
      if (!v) { if (!obey(now)) end_ms = now; }
      else if (v->fd >= 0) hear(v, ready[i].events, now, now_ms(CLOCK_REALTIME));
    }
    if (now - looked >= 20) {
      looked = now;
      for (int i = 0; i < count; i++) if (viewers[i].state == IDLE && viewers[i].due_ms <= now) enter(&viewers[i], now);
    }
    if (now - told >= 1000) { told = now; tell(); }
  }
  tell();
  return 0;
}
