// Runs a Node.js handler over the Lambda Runtime API. Started by Slipway in a process of its own; works on Node.js 14 and later.
import { existsSync, readFileSync, statSync } from 'node:fs'
import http from 'node:http'
import { createRequire } from 'node:module'
import { dirname, join, resolve, sep } from 'node:path'
import { pathToFileURL } from 'node:url'
import { format } from 'node:util'

// Kept before any code of the function runs, which may replace what it likes.
const { env, exit, stdout, stderr } = process
const request = http.request
const now = Date.now
const stringify = JSON.stringify
const parse = JSON.parse

const [host, base = ''] = splitOnce(env.AWS_LAMBDA_RUNTIME_API, '/')
const [hostname, port] = splitOnce(host, ':')
const agent = new http.Agent({ keepAlive: true, maxSockets: 2 })
const NOT_FOUND = new Set(['MODULE_NOT_FOUND', 'ERR_MODULE_NOT_FOUND'])

let requestId
let fail = failInit

function splitOnce(text, separator) {
  const at = text.indexOf(separator)
  return at === -1 ? [text] : [text.slice(0, at), text.slice(at + 1)]
}

/** One call of the Runtime API. Slipway gone means that nobody wants the answers of this process any more. */
function call(method, path, body, headers = {}) {
  return new Promise((done) => {
    const outgoing = request(
      {
        agent,
        hostname,
        port,
        method,
        path: `${base === '' ? '' : `/${base}`}/2018-06-01/runtime/${path}`,
        headers: body === undefined ? headers : { ...headers, 'content-length': Buffer.byteLength(body) },
      },
      (response) => {
        const chunks = []
        response.on('data', (chunk) => chunks.push(chunk))
        response.on('end', () => done({ headers: response.headers, body: Buffer.concat(chunks) }))
        response.on('error', () => exit(1))
      },
    )
    outgoing.on('error', () => exit(1))
    outgoing.setNoDelay(true)
    outgoing.end(body)
  })
}

function errorDocument(error, errorType) {
  if (error instanceof Error || (typeof error === 'object' && error !== null && typeof error.message === 'string')) {
    const type = errorType ?? String(error.name ?? 'Error')
    return {
      errorType: type,
      errorMessage: String(error.message),
      trace: typeof error.stack === 'string' ? error.stack.split('\n') : [],
    }
  }
  return { errorType: errorType ?? typeof error, errorMessage: String(error), trace: [] }
}

function typedError(type, message, cause) {
  const error = new Error(message)
  error.name = type
  if (cause?.stack !== undefined) error.stack = cause.stack
  return error
}

async function failInit(error, errorType) {
  const document = errorDocument(error, errorType)
  printError(document)
  await flushed()
  await call('POST', 'init/error', stringify(document), { 'lambda-runtime-function-error-type': 'Unhandled' })
}

function printError(document) {
  const stack = document.trace
  writeLine(
    'ERROR',
    `Invoke Error \t${stringify({ errorType: document.errorType, errorMessage: document.errorMessage, stack })}`,
  )
}

/** One event a line: what has line breaks carries carriage returns instead, which Slipway turns back. */
function writeLine(level, text, stream = stdout) {
  const line = `${new Date(now()).toISOString()}\t${requestId ?? 'undefined'}\t${level}\t${text}`
  stream.write(`${line.replace(/\r?\n/g, '\r')}\n`)
}

/** Resolves when what has been printed is on its way: a full pipe takes no more, and the rest waits in this process. */
function flushed() {
  const empty = (stream) =>
    stream.writableLength === 0 || stream.destroyed ? undefined : new Promise((done) => stream.write('', done))
  return Promise.all([empty(stdout), empty(stderr)])
}

function patchConsole() {
  const levels = { log: 'INFO', info: 'INFO', debug: 'DEBUG', trace: 'TRACE', warn: 'WARN', error: 'ERROR' }
  for (const [name, level] of Object.entries(levels)) {
    console[name] = (...values) =>
      writeLine(level, format(...values), level === 'ERROR' || level === 'WARN' ? stderr : stdout)
  }
  console.fatal = (...values) => writeLine('FATAL', format(...values), stderr)
}

/** Splits `folder/file.export.nested` as Lambda does: the first dot behind the last slash ends the file. */
function handlerParts(handler) {
  const start = handler.lastIndexOf('/') + 1
  const dot = handler.indexOf('.', start)
  if (dot <= start || dot === handler.length - 1 || handler.includes('..')) {
    throw typedError('Runtime.MalformedHandlerName', 'Bad handler')
  }
  return { file: handler.slice(0, dot), path: handler.slice(dot + 1).split('.') }
}

function isModuleFolder(folder, root) {
  for (let at = folder; ; at = dirname(at)) {
    const manifest = join(at, 'package.json')
    if (existsSync(manifest)) {
      try {
        return parse(readFileSync(manifest, 'utf8')).type === 'module'
      } catch {
        return false
      }
    }
    if (at === root || dirname(at) === at) return false
  }
}

async function importModule(root, file) {
  const target = resolve(root, file)
  if (!target.startsWith(root + sep)) throw typedError('Runtime.MalformedHandlerName', 'Bad handler')
  const isFile = (path) => existsSync(path) && statSync(path).isFile()
  const require = createRequire(join(root, 'index.js'))
  const asModule = (path) => import(pathToFileURL(path).href)
  if (isFile(`${target}.js`)) {
    return isModuleFolder(dirname(target), root) ? asModule(`${target}.js`) : require(`${target}.js`)
  }
  if (isFile(`${target}.mjs`)) return asModule(`${target}.mjs`)
  if (isFile(`${target}.cjs`)) return require(`${target}.cjs`)
  return require(target)
}

async function loadHandler() {
  const root = env.LAMBDA_TASK_ROOT
  const { file, path } = handlerParts(env._HANDLER)
  let loaded
  try {
    loaded = await importModule(root, file)
  } catch (error) {
    if (error?.name === 'Runtime.MalformedHandlerName') throw error
    if (NOT_FOUND.has(error?.code)) {
      throw typedError('Runtime.ImportModuleError', `Error: ${error.message}`, error)
    }
    if (error instanceof SyntaxError)
      throw typedError('Runtime.UserCodeSyntaxError', `SyntaxError: ${error.message}`, error)
    throw error
  }
  const find = (start) => path.reduce((value, name) => value?.[name], start)
  const handler = find(loaded) ?? find(loaded?.default)
  if (handler === undefined || handler === null) {
    throw typedError('Runtime.HandlerNotFound', `${env._HANDLER} is undefined or not exported`)
  }
  if (typeof handler !== 'function') throw typedError('Runtime.HandlerNotFound', `${env._HANDLER} is not a function`)
  return handler
}

/** Calls the handler in any of its styles: returned promise, callback, or `context.done`. Never settles on its own. */
function run(handler, event, context, settled) {
  let finished = false
  const finish = (error, result) => {
    if (finished) return
    finished = true
    process.removeListener('beforeExit', onEmpty)
    settled(error, result)
  }
  // Nothing is left to happen, so nothing will answer.
  const onEmpty = () => finish(undefined, null)
  process.on('beforeExit', onEmpty)
  let answer
  const callback = (error, result) => {
    if (answer !== undefined) return
    answer = () => (error === undefined || error === null ? finish(undefined, result) : finish([error], undefined))
    if (context.callbackWaitsForEmptyEventLoop) {
      process.removeListener('beforeExit', onEmpty)
      process.once('beforeExit', answer)
    } else answer()
  }
  context.done = callback
  context.succeed = (result) => finish(undefined, result)
  context.fail = (error) => finish([error], undefined)
  try {
    const result = handler(event, context, callback)
    if (typeof result?.then === 'function') {
      result.then(
        (value) => finish(undefined, value),
        (error) => finish([error], undefined),
      )
    }
  } catch (error) {
    finish([error], undefined)
  }
}

function contextOf(headers) {
  const deadline = Number(headers['lambda-runtime-deadline-ms'])
  const json = (name) => (headers[name] === undefined ? undefined : parse(headers[name]))
  return {
    callbackWaitsForEmptyEventLoop: true,
    functionName: env.AWS_LAMBDA_FUNCTION_NAME,
    functionVersion: env.AWS_LAMBDA_FUNCTION_VERSION,
    memoryLimitInMB: env.AWS_LAMBDA_FUNCTION_MEMORY_SIZE,
    logGroupName: env.AWS_LAMBDA_LOG_GROUP_NAME,
    logStreamName: env.AWS_LAMBDA_LOG_STREAM_NAME,
    invokedFunctionArn: headers['lambda-runtime-invoked-function-arn'],
    awsRequestId: headers['lambda-runtime-aws-request-id'],
    clientContext: json('lambda-runtime-client-context'),
    identity: json('lambda-runtime-cognito-identity'),
    getRemainingTimeInMillis: () => Math.max(deadline - now(), 0),
  }
}

function invokeOnce(handler, event, context) {
  return new Promise((done) => {
    const id = context.awsRequestId
    fail = async (error, errorType) => {
      fail = async () => {}
      const document = errorDocument(error, errorType)
      printError(document)
      await flushed()
      await call('POST', `invocation/${id}/error`, stringify(document), {
        'content-type': 'application/json',
        'lambda-runtime-function-error-type': 'Unhandled',
      })
      done()
    }
    run(handler, event, context, (error, result) => {
      if (error !== undefined) return void fail(error[0])
      let body
      try {
        body = stringify(result === undefined ? null : result) ?? 'null'
      } catch (cause) {
        return void fail(
          typedError('Runtime.MarshalError', `Unable to stringify response body: ${cause?.message}`, cause),
        )
      }
      void flushed()
        .then(() => call('POST', `invocation/${id}/response`, body, { 'content-type': 'application/json' }))
        .then(() => done())
    })
  })
}

process.on('uncaughtException', (error) => {
  void fail(error).then(() => exit(129))
})
process.on('unhandledRejection', (reason) => {
  const message = reason instanceof Error ? reason.toString() : String(reason)
  const error = typedError('Runtime.UnhandledPromiseRejection', message, reason instanceof Error ? reason : undefined)
  void fail(error).then(() => exit(128))
})

async function main() {
  patchConsole()
  try {
    const handler = await loadHandler()
    fail = async () => {}
    for (;;) {
      const { headers, body } = await call('GET', 'invocation/next')
      const context = contextOf(headers)
      requestId = context.awsRequestId
      env._X_AMZN_TRACE_ID = headers['lambda-runtime-trace-id'] ?? ''
      await invokeOnce(handler, parse(body.toString('utf8')), context)
    }
  } catch (error) {
    await fail(error)
    exit(1)
  }
}

void main()
