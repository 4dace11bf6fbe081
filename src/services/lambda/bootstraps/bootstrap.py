"""Runs a Python handler over the Lambda Runtime API. Started by Slipway in a process of its own; works on Python 3.6 and later."""

import http.client
import importlib
import json
import logging
import os
import sys
import time
import traceback

HOST, _, BASE = os.environ["AWS_LAMBDA_RUNTIME_API"].partition("/")
PREFIX = ("/" + BASE if BASE else "") + "/2018-06-01/runtime/"
TASK_ROOT = os.environ["LAMBDA_TASK_ROOT"]


class RuntimeApi:
    """The Runtime API over one connection that is kept. Slipway gone means that nobody wants the answers any more."""

    def __init__(self):
        self.connection = http.client.HTTPConnection(HOST)

    def call(self, method, path, body=None, headers=None):
        try:
            self.connection.request(method, PREFIX + path, body, headers or {})
            response = self.connection.getresponse()
            return response.headers, response.read()
        except (OSError, http.client.HTTPException):
            os._exit(1)

    def next(self):
        return self.call("GET", "invocation/next")

    def respond(self, request_id, body):
        self.call("POST", "invocation/%s/response" % request_id, body, {"Content-Type": "application/json"})

    def fail(self, path, document):
        flush()
        body = json.dumps(document).encode()
        self.call("POST", path, body, {"Lambda-Runtime-Function-Error-Type": "Unhandled"})


class HandlerError(Exception):
    """The handler cannot be had; `kind` is the error type that the caller sees."""

    def __init__(self, kind, message):
        super().__init__(message)
        self.kind = kind


class Identity:
    def __init__(self, values):
        self.cognito_identity_id = values.get("cognitoIdentityId")
        self.cognito_identity_pool_id = values.get("cognitoIdentityPoolId")


class Client:
    def __init__(self, values):
        self.installation_id = values.get("installation_id")
        self.app_title = values.get("app_title")
        self.app_version_name = values.get("app_version_name")
        self.app_version_code = values.get("app_version_code")
        self.app_package_name = values.get("app_package_name")


class ClientContext:
    def __init__(self, values):
        self.client = Client(values.get("client") or {})
        self.custom = values.get("custom")
        self.env = values.get("env")


class Context:
    def __init__(self, headers):
        self._deadline = int(headers["Lambda-Runtime-Deadline-Ms"])
        self.function_name = os.environ["AWS_LAMBDA_FUNCTION_NAME"]
        self.function_version = os.environ["AWS_LAMBDA_FUNCTION_VERSION"]
        self.memory_limit_in_mb = os.environ["AWS_LAMBDA_FUNCTION_MEMORY_SIZE"]
        self.log_group_name = os.environ["AWS_LAMBDA_LOG_GROUP_NAME"]
        self.log_stream_name = os.environ["AWS_LAMBDA_LOG_STREAM_NAME"]
        self.aws_request_id = headers["Lambda-Runtime-Aws-Request-Id"]
        self.invoked_function_arn = headers["Lambda-Runtime-Invoked-Function-Arn"]
        client_context = headers.get("Lambda-Runtime-Client-Context")
        self.client_context = ClientContext(json.loads(client_context)) if client_context else None
        self.identity = Identity(json.loads(headers.get("Lambda-Runtime-Cognito-Identity") or "{}"))

    def get_remaining_time_in_millis(self):
        return max(self._deadline - int(time.time() * 1000), 0)

    def log(self, message):
        sys.stdout.write(str(message))


class LogHandler(logging.Handler):
    """The root logger's output, one event a record."""

    request_id = ""

    def emit(self, record):
        try:
            moment = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(record.created))
            line = "[%s]\t%s.%03dZ\t%s\t%s" % (
                record.levelname,
                moment,
                int(record.msecs),
                self.request_id,
                self.format(record),
            )
            sys.stdout.write(line.replace("\r\n", "\r").replace("\n", "\r") + "\n")
        except Exception:
            self.handleError(record)


def flush():
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except (OSError, ValueError, AttributeError):
            pass


def error_document(error, request_id, kind=None):
    frames = traceback.extract_tb(error.__traceback__)
    own = os.path.abspath(__file__)
    shown = [frame for frame in frames if os.path.abspath(frame.filename) != own]
    return {
        "errorMessage": str(error),
        "errorType": kind or type(error).__name__,
        "requestId": request_id,
        "stackTrace": traceback.format_list(shown),
    }


def print_error(document):
    head = "[ERROR] %s: %s" % (document["errorType"], document["errorMessage"])
    lines = [head] + (["Traceback (most recent call last):"] if document["stackTrace"] else [])
    text = "\n".join(lines + [entry.rstrip("\n") for entry in document["stackTrace"]])
    try:
        sys.stdout.write(text.replace("\r\n", "\r").replace("\n", "\r") + "\n")
    except (OSError, ValueError, AttributeError):
        pass


def load_handler(name):
    module_name, dot, function_name = name.rpartition(".")
    if not dot or not module_name or not function_name:
        message = "Bad handler '%s': not enough values to unpack (expected 2, got 1)" % name
        raise HandlerError("Runtime.MalformedHandlerName", message)
    try:
        module = importlib.import_module(module_name.replace("/", "."))
    except ImportError as error:
        raise HandlerError("Runtime.ImportModuleError", "Unable to import module '%s': %s" % (module_name, error))
    except SyntaxError as error:
        raise HandlerError("Runtime.UserCodeSyntaxError", "Syntax error in module '%s': %s" % (module_name, error))
    try:
        return getattr(module, function_name)
    except AttributeError:
        message = "Handler '%s' missing on module '%s'" % (function_name, module_name)
        raise HandlerError("Runtime.HandlerNotFound", message)


def handle(api, handler, headers, body):
    request_id = headers["Lambda-Runtime-Aws-Request-Id"]
    path = "invocation/%s/" % request_id
    try:
        result = handler(json.loads(body.decode("utf-8")), Context(headers))
    except Exception as error:
        document = error_document(error, request_id)
        print_error(document)
        api.fail(path + "error", document)
        return
    try:
        answer = json.dumps(result, ensure_ascii=False).encode("utf-8")
    except Exception as error:
        document = error_document(error, request_id, "Runtime.MarshalError")
        document["errorMessage"] = "Unable to marshal response: %s" % error
        document["stackTrace"] = []
        print_error(document)
        api.fail(path + "error", document)
        return
    flush()
    api.respond(request_id, answer)


def main():
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(encoding="utf-8", errors="backslashreplace", line_buffering=True)
    log_handler = LogHandler()
    logging.getLogger().addHandler(log_handler)
    # The folder of this file comes first otherwise, and its names would hide the function's.
    sys.path[0] = TASK_ROOT
    api = RuntimeApi()
    try:
        handler = load_handler(os.environ["_HANDLER"])
    except HandlerError as error:
        document = {"errorMessage": str(error), "errorType": error.kind, "requestId": "", "stackTrace": []}
        print_error(document)
        api.fail("init/error", document)
        sys.exit(1)
    except Exception as error:
        document = error_document(error, "")
        print_error(document)
        api.fail("init/error", document)
        sys.exit(1)
    while True:
        headers, body = api.next()
        log_handler.request_id = headers["Lambda-Runtime-Aws-Request-Id"]
        os.environ["_X_AMZN_TRACE_ID"] = headers.get("Lambda-Runtime-Trace-Id") or ""
        handle(api, handler, headers, body)


if __name__ == "__main__":
    main()
