/* A model server without a model: the container of the tests. */
#define _GNU_SOURCE
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "behaviours.h"

static void *serve_connection(void *argument) {
  struct connection connection = {.socket = (int)(intptr_t)argument};
  struct request request;
  bool open = true;
  while (open && read_request(&connection, &request)) {
    char *query = strchr(request.path, '?');
    if (query != NULL) *query = '\0';
    if (strcmp(request.path, "/ping") == 0) open = answer_ping(connection.socket, &request);
    else if (request.relayed) open = relay(&connection, &request);
    else if (strcmp(request.path, "/invocations") == 0) open = answer_invocation(connection.socket, &request);
    else open = respond(connection.socket, &request, 404, "text/plain", NULL, NULL, "no such path", 12);
    free_request(&request);
  }
  close(connection.socket);
  free(connection.buffer);
  return NULL;
}

/* Waits for SIGTERM as an ordinary thread, so that it may print. */
static void *await_termination(void *argument) {
  const sigset_t *signals = argument;
  const char *code = getenv("TERM_EXIT_CODE");
  int received;
  for (;;) {
    sigwait(signals, &received);
    printf("SIGTERM\n");
    fflush(stdout);
    if (getenv("IGNORE_SIGTERM") == NULL) _exit(code == NULL ? 0 : atoi(code));
  }
}

int main(int argc, char **argv) {
  program_argc = argc;
  program_argv = argv;
  static sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGTERM);
  pthread_sigmask(SIG_BLOCK, &signals, NULL);
  pthread_t thread;
  pthread_create(&thread, NULL, await_termination, &signals);

  const char *text = getenv("PRINT_AT_START");
  if (text != NULL) printf("%s\n", text);
  const char *code = getenv("EXIT_AT_START");
  if (code != NULL) return fflush(stdout), atoi(code);
  const char *delay = getenv("START_DELAY_MS");
  if (delay != NULL) usleep((useconds_t)atol(delay) * 1000);

  const char *port = getenv("SAGEMAKER_BIND_TO_PORT");
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr = {INADDR_ANY}};
  address.sin_port = htons((uint16_t)(port == NULL ? 8080 : atoi(port)));
  int listener = socket(AF_INET, SOCK_STREAM, 0);
  int on = 1;
  setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  if (bind(listener, (struct sockaddr *)&address, sizeof address) != 0 || listen(listener, 1024) != 0) {
    perror("listen");
    return 71;
  }
  printf("listening with %d arguments: %s\n", argc - 1, argc > 1 ? argv[1] : "");
  fflush(stdout);

  pthread_attr_t attributes;
  pthread_attr_init(&attributes);
  pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
  pthread_attr_setstacksize(&attributes, 256 * 1024);
  for (;;) {
    int client = accept(listener, NULL, NULL);
    if (client < 0) {
      if (errno == EINTR || errno == ECONNABORTED) continue;
      perror("accept");
      return 71;
    }
    setsockopt(client, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    if (pthread_create(&thread, &attributes, serve_connection, (void *)(intptr_t)client) != 0) close(client);
  }
}
