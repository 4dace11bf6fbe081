/* Just enough of HTTP/1.1 for a container that a trusted proxy talks to. */
#define _GNU_SOURCE
#include "http.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

static void *grow(void *old, size_t size) {
  void *bytes = realloc(old, size);
  if (bytes == NULL) _exit(70);
  return bytes;
}

void text_add(struct text *text, const char *bytes, size_t length) {
  if (text->length + length + 1 > text->capacity) {
    text->capacity = (text->length + length + 1) * 2;
    text->bytes = grow(text->bytes, text->capacity);
  }
  memcpy(text->bytes + text->length, bytes, length);
  text->length += length;
  text->bytes[text->length] = '\0';
}

void text_format(struct text *text, const char *format, ...) {
  va_list arguments;
  char *formatted;
  va_start(arguments, format);
  int length = vasprintf(&formatted, format, arguments);
  va_end(arguments);
  if (length < 0) _exit(70);
  text_add(text, formatted, (size_t)length);
  free(formatted);
}

void text_json(struct text *text, const char *value) {
  text_add(text, "\"", 1);
  for (; *value != '\0'; value++) {
    unsigned char c = (unsigned char)*value;
    if (c == '"' || c == '\\') text_format(text, "\\%c", c);
    else if (c < 0x20) text_format(text, "\\u%04x", c);
    else text_add(text, value, 1);
  }
  text_add(text, "\"", 1);
}

/* Reads more from the client into the buffer; false at its end. */
static bool fill(struct connection *connection) {
  if (connection->capacity - connection->length < 65536) {
    connection->capacity = connection->capacity * 2 + 65536;
    connection->buffer = grow(connection->buffer, connection->capacity);
  }
  ssize_t got;
  do {
    got = recv(connection->socket, connection->buffer + connection->length,
               connection->capacity - connection->length - 1, 0);
  } while (got < 0 && errno == EINTR);
  if (got <= 0) return false;
  connection->length += (size_t)got;
  connection->buffer[connection->length] = '\0';
  return true;
}

static void consume(struct connection *connection, size_t length) {
  memmove(connection->buffer, connection->buffer + length, connection->length - length);
  connection->length -= length;
  connection->buffer[connection->length] = '\0';
}

static bool read_sized(struct connection *connection, struct request *request, size_t length) {
  while (connection->length < length) {
    if (!fill(connection)) return false;
  }
  request->body = grow(NULL, length + 1);
  memcpy(request->body, connection->buffer, length);
  request->body[length] = '\0';
  request->body_length = length;
  consume(connection, length);
  return true;
}

static bool read_chunked(struct connection *connection, struct request *request) {
  struct text body = {0};
  text_add(&body, "", 0);
  for (;;) {
    char *end;
    while (connection->length == 0 || (end = strstr(connection->buffer, "\r\n")) == NULL) {
      if (!fill(connection)) return free(body.bytes), false;
    }
    size_t size = strtoul(connection->buffer, NULL, 16);
    size_t start = (size_t)(end - connection->buffer) + 2;
    while (connection->length < start + size + 2) {
      if (!fill(connection)) return free(body.bytes), false;
    }
    text_add(&body, connection->buffer + start, size);
    consume(connection, start + size + 2);
    if (size == 0) break;
  }
  request->body = body.bytes;
  request->body_length = body.length;
  return true;
}

static void parse_headers(struct request *request, char *lines) {
  char *rest = lines;
  for (char *line; (line = strsep(&rest, "\n")) != NULL && request->header_count < MAX_HEADERS;) {
    char *colon = strchr(line, ':');
    if (colon == NULL) continue;
    char *name_end = colon;
    *name_end = '\0';
    char *value = colon + 1 + strspn(colon + 1, " \t");
    value[strcspn(value, "\r")] = '\0';
    request->headers[request->header_count++] = (struct header){strdup(line), strdup(value)};
  }
}

bool read_request(struct connection *connection, struct request *request) {
  memset(request, 0, sizeof *request);
  char *end;
  while (connection->length == 0 || (end = strstr(connection->buffer, "\r\n\r\n")) == NULL) {
    if (connection->length > 1024 * 1024 || !fill(connection)) return false;
  }
  size_t head_length = (size_t)(end - connection->buffer);
  char *head = strndup(connection->buffer, head_length);
  consume(connection, head_length + 4);
  char *lines = strstr(head, "\r\n");
  if (lines != NULL) *lines = '\0';
  char method[16], path[4096];
  bool valid = sscanf(head, "%15s %4095s HTTP/1.1", method, path) == 2;
  if (valid) {
    request->method = strdup(method);
    request->path = strdup(path);
    if (lines != NULL) parse_headers(request, lines + 2);
  }
  free(head);
  if (!valid) return false;
  const char *connection_header = find_header(request, "connection");
  request->keep_alive = connection_header == NULL || strcasecmp(connection_header, "close") != 0;
  const char *expect = find_header(request, "expect");
  if (expect != NULL && !write_all(connection->socket, "HTTP/1.1 100 Continue\r\n\r\n", 25)) return false;
  const char *coding = find_header(request, "transfer-encoding");
  if (coding != NULL && strcasecmp(coding, "chunked") == 0) return read_chunked(connection, request);
  const char *length = find_header(request, "content-length");
  const char *commands = find_header(request, "x-amzn-sagemaker-custom-attributes");
  size_t size = length == NULL ? 0 : strtoul(length, NULL, 10);
  request->relayed = commands != NULL && strcmp(commands, "relay") == 0;
  if (!request->relayed) return read_sized(connection, request, size);
  request->body_length = size;
  return true;
}

bool relay(struct connection *connection, const struct request *request) {
  struct text head = {0};
  text_format(&head, "HTTP/1.1 200 Test\r\nContent-Length: %zu\r\nContent-Type: application/octet-stream\r\n\r\n",
              request->body_length);
  bool sent = write_all(connection->socket, head.bytes, head.length);
  free(head.bytes);
  for (size_t left = request->body_length; sent && left > 0;) {
    if (connection->length == 0 && !fill(connection)) return false;
    size_t some = connection->length < left ? connection->length : left;
    sent = write_all(connection->socket, connection->buffer, some);
    consume(connection, some);
    left -= some;
  }
  return sent && request->keep_alive;
}

void free_request(struct request *request) {
  free(request->method);
  free(request->path);
  for (int i = 0; i < request->header_count; i++) {
    free(request->headers[i].name);
    free(request->headers[i].value);
  }
  free(request->body);
}

const char *find_header(const struct request *request, const char *name) {
  for (int i = 0; i < request->header_count; i++) {
    if (strcasecmp(request->headers[i].name, name) == 0) return request->headers[i].value;
  }
  return NULL;
}

bool write_all(int socket, const char *bytes, size_t length) {
  while (length > 0) {
    ssize_t sent = send(socket, bytes, length, MSG_NOSIGNAL);
    if (sent < 0 && errno == EINTR) continue;
    if (sent <= 0) return false;
    bytes += sent;
    length -= (size_t)sent;
  }
  return true;
}
