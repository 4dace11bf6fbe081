#ifndef HTTP_H
#define HTTP_H

#include <stdbool.h>
#include <stddef.h>

#define MAX_HEADERS 128

struct header {
  char *name;
  char *value;
};

struct request {
  char *method;
  char *path;
  struct header headers[MAX_HEADERS];
  int header_count;
  char *body;
  size_t body_length;
  bool keep_alive;
  /* The command `relay`: the body is still to be read. */
  bool relayed;
};

/* One connection with what has been read of it but not yet used. */
struct connection {
  int socket;
  char *buffer;
  size_t length;
  size_t capacity;
};

/* Bytes with room to grow. */
struct text {
  char *bytes;
  size_t length;
  size_t capacity;
};

void text_add(struct text *text, const char *bytes, size_t length);
void text_format(struct text *text, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* Adds a JSON string, quotes included. */
void text_json(struct text *text, const char *value);

/* Reads the next request, all of it but the body of one that is to be relayed; false when the client has gone or talks nonsense.
   The caller frees it. */
bool read_request(struct connection *connection, struct request *request);
/* Echoes a body as it comes; whether the connection goes on. */
bool relay(struct connection *connection, const struct request *request);
void free_request(struct request *request);
/* The value of a header, whatever the case of its name; NULL when absent. */
const char *find_header(const struct request *request, const char *name);

/* Writes all of it; false when the client has gone. */
bool write_all(int socket, const char *bytes, size_t length);

#endif
