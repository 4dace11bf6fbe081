/*
 * A function in an image: speaks the Lambda Runtime API and echoes the event with its argument and a variable.
 * The event "exit" ends it with status 9, "hang" makes it sleep, "print" prints before it echoes.
 */
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

static char host[64], port[16];

/* One request on a connection of its own; the answer's body, and the request id of its headers in `id`. */
static char *call(const char *method, const char *path, const char *body, char *id) {
  static char buffer[1 << 16];
  struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(atoi(port))};
  inet_pton(AF_INET, host, &to.sin_addr);
  int fd = socket(AF_INET, SOCK_STREAM, 0);
  if (connect(fd, (struct sockaddr *)&to, sizeof to) != 0) { perror("connect"); exit(1); }
  char request[1 << 15];
  int size = snprintf(request, sizeof request,
                      "%s /2018-06-01/runtime/%s HTTP/1.1\r\nHost: %s\r\nConnection: close\r\nContent-Length: %zu\r\n\r\n%s",
                      method, path, host, strlen(body), body);
  if (write(fd, request, size) != size) exit(1);
  int used = 0, got;
  while ((got = read(fd, buffer + used, sizeof buffer - 1 - used)) > 0) used += got;
  close(fd);
  buffer[used] = 0;
  char *found = strcasestr(buffer, "lambda-runtime-aws-request-id: ");
  if (found && id) sscanf(found + 31, "%63[^\r]", id);
  char *end = strstr(buffer, "\r\n\r\n");
  return end ? end + 4 : buffer + used;
}

int main(int argc, char **argv) {
  sscanf(getenv("AWS_LAMBDA_RUNTIME_API"), "%63[^:]:%15s", host, port);
  for (;;) {
    char id[64] = "", path[128], answer[1 << 15];
    char *event = call("GET", "invocation/next", "", id);
    if (strstr(event, "exit")) exit(9);
    if (strstr(event, "hang")) sleep(1000);
    if (strstr(event, "print")) { printf("printed by the image\n"); fflush(stdout); }
    snprintf(answer, sizeof answer, "{\"event\":%s,\"argument\":\"%s\",\"word\":\"%s\",\"uid\":%d}", event,
             argc > 1 ? argv[1] : "", getenv("WORD") ? getenv("WORD") : "", getuid());
    snprintf(path, sizeof path, "invocation/%s/response", id);
    call("POST", path, answer, NULL);
  }
}
