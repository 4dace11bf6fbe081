/*
 * What the test container does with a request. Commands come in X-Amzn-SageMaker-Custom-Attributes (the only header of
 * the caller's choice that reaches a model), or in the body when its type is text/x-commands: `name` or `name=value`,
 * separated by semicolons, done in order. Without commands the body is echoed with its own content type.
 * The list of commands is in ../test-image.ts.
 */
#define _GNU_SOURCE
#include "behaviours.h"

#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

int program_argc;
char **program_argv;
extern char **environ;

static atomic_int pings, invocations;
static atomic_bool ping_broken;

struct answer {
  int status;
  const char *type;
  const char *attributes;
  const char *extra;
  struct text body;
  int drip_count, drip_interval;
  long cut_after; /* -1: not */
  int width;
};

static void pause_for(long milliseconds) {
  struct timespec time = {milliseconds / 1000, (milliseconds % 1000) * 1000000L};
  while (nanosleep(&time, &time) != 0) {}
}

static void replace_body(struct answer *answer, const char *type) {
  answer->body.length = 0;
  text_add(&answer->body, "", 0);
  answer->type = type;
}

static void describe_headers(struct answer *answer, const struct request *request) {
  replace_body(answer, "application/json");
  text_add(&answer->body, "[", 1);
  for (int i = 0; i < request->header_count; i++) {
    text_format(&answer->body, i == 0 ? "[" : ",[");
    text_json(&answer->body, request->headers[i].name);
    text_add(&answer->body, ",", 1);
    text_json(&answer->body, request->headers[i].value);
    text_add(&answer->body, "]", 1);
  }
  text_add(&answer->body, "]", 1);
}

static void describe_strings(struct answer *answer, char **strings) {
  replace_body(answer, "application/json");
  text_add(&answer->body, "[", 1);
  for (int i = 0; strings[i] != NULL; i++) {
    if (i > 0) text_add(&answer->body, ",", 1);
    text_json(&answer->body, strings[i]);
  }
  text_add(&answer->body, "]", 1);
}

static void read_back(struct answer *answer, const char *path) {
  replace_body(answer, "application/octet-stream");
  FILE *file = fopen(path, "r");
  if (file == NULL) {
    answer->status = 404;
    text_format(&answer->body, "%s: %s", path, strerror(errno));
    return;
  }
  char bytes[65536];
  for (size_t got; (got = fread(bytes, 1, sizeof bytes, file)) > 0;) text_add(&answer->body, bytes, got);
  fclose(file);
}

static void list_directory(struct answer *answer, const char *path) {
  struct dirent **entries;
  replace_body(answer, "application/json");
  int count = scandir(path, &entries, NULL, alphasort);
  if (count < 0) answer->status = 404;
  text_add(&answer->body, "[", 1);
  bool first = true;
  for (int i = 0; i < count; i++) {
    if (strcmp(entries[i]->d_name, ".") != 0 && strcmp(entries[i]->d_name, "..") != 0) {
      if (!first) text_add(&answer->body, ",", 1);
      text_json(&answer->body, entries[i]->d_name);
      first = false;
    }
    free(entries[i]);
  }
  if (count >= 0) free(entries);
  text_add(&answer->body, "]", 1);
}

static void try_write(struct answer *answer, const char *path) {
  replace_body(answer, "text/plain");
  int file = open(path, O_WRONLY | O_CREAT, 0644);
  text_format(&answer->body, "%s", file < 0 ? strerror(errno) : "written");
  if (file >= 0) close(file);
}

/* `a.b.c.d:port`: whether this container gets a TCP connection there within a second. */
static void try_connect(struct answer *answer, const char *target) {
  char host[64];
  int port = 0;
  struct sockaddr_in address = {.sin_family = AF_INET};
  replace_body(answer, "text/plain");
  if (sscanf(target, "%63[^:]:%d", host, &port) != 2 || inet_pton(AF_INET, host, &address.sin_addr) != 1) {
    text_format(&answer->body, "no address: %s", target);
    return;
  }
  address.sin_port = htons((uint16_t)port);
  int client = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
  int error = connect(client, (struct sockaddr *)&address, sizeof address) == 0 ? 0 : errno;
  if (error == EINPROGRESS) {
    struct pollfd waiting = {.fd = client, .events = POLLOUT};
    socklen_t size = sizeof error;
    if (poll(&waiting, 1, 1000) == 1) getsockopt(client, SOL_SOCKET, SO_ERROR, &error, &size);
    else error = ETIMEDOUT;
  }
  close(client);
  text_format(&answer->body, "%s", error == 0 ? "connected" : strerror(error));
}

/* Takes and touches that many megabytes and keeps them. */
static void allocate(struct answer *answer, long megabytes) {
  replace_body(answer, "text/plain");
  for (long i = 0; i < megabytes; i++) {
    char *bytes = malloc(1024 * 1024);
    if (bytes == NULL) break;
    memset(bytes, (int)i | 1, 1024 * 1024);
  }
  text_format(&answer->body, "%ld", megabytes);
}

/* How many of that many processes could be started; they end again. */
static void fork_many(struct answer *answer, long count) {
  pid_t children[4096];
  int started = 0;
  for (long i = 0; i < count && started < 4096; i++) {
    pid_t child = fork();
    if (child == 0) {
      for (;;) pause();
    }
    if (child < 0) break;
    children[started++] = child;
  }
  for (int i = 0; i < started; i++) {
    kill(children[i], SIGKILL);
    waitpid(children[i], NULL, 0);
  }
  replace_body(answer, "text/plain");
  text_format(&answer->body, "%d", started);
}

static void print_lines(long count, int width) {
  for (long i = 0; i < count; i++) printf("line %ld%*s\n", i, width, width > 0 ? "." : "");
  fflush(stdout);
}

static void print_long_line(long length) {
  for (long i = 0; i < length; i++) putchar('a' + (int)(i % 26));
  putchar('\n');
  fflush(stdout);
}

static void fill_body(struct answer *answer, long length) {
  replace_body(answer, "application/octet-stream");
  char block[4096];
  for (size_t i = 0; i < sizeof block; i++) block[i] = (char)('a' + i % 26);
  for (long left = length; left > 0; left -= (long)sizeof block) {
    text_add(&answer->body, block, left < (long)sizeof block ? (size_t)left : sizeof block);
  }
}

static void obey(struct answer *answer, const struct request *request, const char *name, const char *value) {
  long number = strtol(value, NULL, 10);
  if (strcmp(name, "status") == 0) answer->status = (int)number;
  else if (strcmp(name, "body") == 0) replace_body(answer, "text/plain"), text_add(&answer->body, value, strlen(value));
  else if (strcmp(name, "type") == 0) answer->type = value;
  else if (strcmp(name, "attributes") == 0) answer->attributes = value;
  else if (strcmp(name, "header") == 0) answer->extra = value;
  else if (strcmp(name, "sleep") == 0) pause_for(number);
  else if (strcmp(name, "size") == 0) fill_body(answer, number);
  else if (strcmp(name, "drip") == 0) answer->drip_count = (int)number;
  else if (strcmp(name, "interval") == 0) answer->drip_interval = (int)number;
  else if (strcmp(name, "cut") == 0) answer->cut_after = number;
  else if (strcmp(name, "crash") == 0) _exit(*value == '\0' ? 1 : (int)number);
  else if (strcmp(name, "hang") == 0) for (;;) pause();
  else if (strcmp(name, "headers") == 0) describe_headers(answer, request);
  else if (strcmp(name, "argv") == 0) describe_strings(answer, program_argv);
  else if (strcmp(name, "env") == 0) describe_strings(answer, environ);
  else if (strcmp(name, "file") == 0) read_back(answer, value);
  else if (strcmp(name, "list") == 0) list_directory(answer, value);
  else if (strcmp(name, "write") == 0) try_write(answer, value);
  else if (strcmp(name, "connect") == 0) try_connect(answer, value);
  else if (strcmp(name, "allocate") == 0) allocate(answer, number);
  else if (strcmp(name, "fork") == 0) fork_many(answer, number);
  else if (strcmp(name, "stdout") == 0) printf("%s\n", value), fflush(stdout);
  else if (strcmp(name, "partial") == 0) printf("%s", value), fflush(stdout);
  else if (strcmp(name, "stderr") == 0) fprintf(stderr, "%s\n", value);
  else if (strcmp(name, "lines") == 0) print_lines(number, answer->width);
  else if (strcmp(name, "width") == 0) answer->width = (int)number;
  else if (strcmp(name, "longline") == 0) print_long_line(number);
  else if (strcmp(name, "ping") == 0) atomic_store(&ping_broken, strcmp(value, "fail") == 0);
  else if (strcmp(name, "pings") == 0) replace_body(answer, "text/plain"), text_format(&answer->body, "%d", pings);
  else {
    answer->status = 400;
    replace_body(answer, "text/plain");
    text_format(&answer->body, "unknown command: %s", name);
  }
}

bool respond(int socket, const struct request *request, int status, const char *type, const char *attributes,
             const char *extra, const char *body, size_t length) {
  struct text head = {0};
  text_format(&head, "HTTP/1.1 %d Test\r\nContent-Length: %zu\r\n", status, length);
  if (type != NULL) text_format(&head, "Content-Type: %s\r\n", type);
  if (attributes != NULL) text_format(&head, "X-Amzn-SageMaker-Custom-Attributes: %s\r\n", attributes);
  if (extra != NULL) text_format(&head, "%s\r\n", extra);
  text_format(&head, "Connection: %s\r\n\r\n", request->keep_alive ? "keep-alive" : "close");
  text_add(&head, body, length);
  bool sent = write_all(socket, head.bytes, head.length);
  free(head.bytes);
  return sent && request->keep_alive;
}

/* The body in `drip_count` chunks, `drip_interval` milliseconds apart. */
static bool respond_slowly(int socket, const struct request *request, const struct answer *answer) {
  struct text head = {0};
  text_format(&head, "HTTP/1.1 %d Test\r\nTransfer-Encoding: chunked\r\n", answer->status);
  if (answer->type != NULL) text_format(&head, "Content-Type: %s\r\n", answer->type);
  text_format(&head, "\r\n");
  bool sent = write_all(socket, head.bytes, head.length);
  size_t size = answer->body.length / (size_t)answer->drip_count;
  for (int i = 0; sent && i < answer->drip_count; i++) {
    size_t length = i == answer->drip_count - 1 ? answer->body.length - size * (size_t)i : size;
    if (length == 0) continue;
    if (i > 0) pause_for(answer->drip_interval);
    head.length = 0;
    text_format(&head, "%zx\r\n", length);
    text_add(&head, answer->body.bytes + size * (size_t)i, length);
    text_add(&head, "\r\n", 2);
    sent = write_all(socket, head.bytes, head.length);
  }
  free(head.bytes);
  return sent && write_all(socket, "0\r\n\r\n", 5) && request->keep_alive;
}

/* Promises the whole body, sends its first bytes and hangs up; before any byte of the answer when that is zero. */
static bool respond_in_part(int socket, const struct answer *answer) {
  struct text head = {0};
  text_format(&head, "HTTP/1.1 %d Test\r\nContent-Length: %zu\r\n\r\n", answer->status, answer->body.length);
  size_t length = (size_t)answer->cut_after;
  text_add(&head, answer->body.bytes, length < answer->body.length ? length : answer->body.length);
  if (length > 0) write_all(socket, head.bytes, head.length);
  free(head.bytes);
  return false;
}

bool answer_invocation(int socket, const struct request *request) {
  atomic_fetch_add(&invocations, 1);
  struct answer answer = {.status = 200, .type = find_header(request, "content-type"), .cut_after = -1};
  const char *commands = find_header(request, "x-amzn-sagemaker-custom-attributes");
  if (answer.type != NULL && strcmp(answer.type, "text/x-commands") == 0) commands = request->body;
  text_add(&answer.body, request->body, request->body_length);
  char *copy = strdup(commands == NULL ? "" : commands);
  char *rest = copy;
  for (char *command; (command = strsep(&rest, ";")) != NULL;) {
    command += strspn(command, " ");
    if (*command == '\0') continue;
    char *equals = strchr(command, '=');
    if (equals != NULL) *equals = '\0';
    obey(&answer, request, command, equals == NULL ? "" : equals + 1);
  }
  bool open;
  if (answer.cut_after >= 0) open = respond_in_part(socket, &answer);
  else if (answer.drip_count > 0) open = respond_slowly(socket, request, &answer);
  else open = respond(socket, request, answer.status, answer.type, answer.attributes, answer.extra, answer.body.bytes, answer.body.length);
  free(answer.body.bytes);
  free(copy);
  return open;
}

/* PING_FAIL: `always`, `first:N` (the first N pings) or `after:N` (once N invocations have been answered). */
static bool ping_fails(int ping) {
  const char *rule = getenv("PING_FAIL");
  if (atomic_load(&ping_broken)) return true;
  if (rule == NULL) return false;
  if (strncmp(rule, "first:", 6) == 0) return ping <= atoi(rule + 6);
  if (strncmp(rule, "after:", 6) == 0) return atomic_load(&invocations) >= atoi(rule + 6);
  return strcmp(rule, "always") == 0;
}

bool answer_ping(int socket, const struct request *request) {
  const char *delay = getenv("PING_DELAY_MS");
  const char *status = getenv("PING_STATUS");
  if (delay != NULL) pause_for(atol(delay));
  bool fails = ping_fails(atomic_fetch_add(&pings, 1) + 1);
  return respond(socket, request, fails ? (status == NULL ? 503 : atoi(status)) : 200, NULL, NULL, NULL, "", 0);
}
