#ifndef BEHAVIOURS_H
#define BEHAVIOURS_H

#include <stdbool.h>

#include "http.h"

/* The program's arguments, as it was started. */
extern int program_argc;
extern char **program_argv;

/* Answers POST /invocations; false when the connection must be closed. */
bool answer_invocation(int socket, const struct request *request);

/* Answers GET /ping; false when the connection must be closed. */
bool answer_ping(int socket, const struct request *request);

/* Writes a whole answer; `attributes` and `extra` (a header line without its end) may be NULL. */
bool respond(int socket, const struct request *request, int status, const char *type, const char *attributes,
             const char *extra, const char *body, size_t length);

#endif
