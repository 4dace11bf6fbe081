// The model server of the iris example: what any SageMaker image does, on Node alone.
//
//   GET  /ping          200 once the model is loaded
//   POST /invocations   text/csv: one flower a line, four numbers; the answer is one species a line
//                       application/json: {"instances": [[5.1, 3.5, 1.4, 0.2]]}; the answer holds the probabilities too

import { readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { join } from 'node:path'

const MODEL_DIRECTORY = process.env.MODEL_DIRECTORY ?? '/opt/ml/model'
const PORT = Number(process.env.SAGEMAKER_BIND_TO_PORT ?? 8080)
const LARGEST_BODY = 25 * 1024 * 1024

const model = JSON.parse(readFileSync(join(MODEL_DIRECTORY, 'model.json'), 'utf8'))

/** Probabilities by species, for four measurements in centimetres. */
function predict(measurements) {
  const x = measurements.map((value, j) => (value - model.mean[j]) / model.scale[j])
  const scores = model.weights.map((row, k) => row.reduce((sum, weight, j) => sum + weight * x[j], model.bias[k]))
  const largest = Math.max(...scores)
  const powers = scores.map((score) => Math.exp(score - largest))
  const total = powers.reduce((sum, power) => sum + power, 0)
  return Object.fromEntries(model.classes.map((species, k) => [species, powers[k] / total]))
}

const likeliest = (probabilities) => Object.entries(probabilities).reduce((a, b) => (b[1] > a[1] ? b : a))[0]

/** Something that the caller did wrong. */
class BadInput extends Error {
  constructor(status, message) {
    super(message)
    this.status = status
  }
}

function checkFlower(measurements, position) {
  const { length } = model.features
  if (!Array.isArray(measurements) || measurements.length !== length || !measurements.every(Number.isFinite)) {
    throw new BadInput(400, `flower ${position} needs ${length} numbers: ${model.features.join(', ')}`)
  }
  return measurements
}

function parseCsv(text) {
  const lines = text.split(/\r?\n/).filter((line) => line.trim() !== '')
  // Number('') is 0, and a missing measurement is none.
  return lines.map((line) => line.split(',').map((cell) => (cell.trim() === '' ? Number.NaN : Number(cell))))
}

function parseJson(text) {
  let document
  try {
    document = JSON.parse(text)
  } catch {
    throw new BadInput(400, 'the body is not JSON')
  }
  if (!Array.isArray(document?.instances)) throw new BadInput(400, 'the body has no list "instances"')
  return document.instances
}

/** The answer to a request's body. */
function answer(contentType, body) {
  const type = contentType.split(';')[0].trim().toLowerCase()
  if (type !== 'text/csv' && type !== 'application/json') {
    throw new BadInput(415, `Content-Type ${type || '(none)'} is neither text/csv nor application/json`)
  }
  const flowers = (type === 'text/csv' ? parseCsv(body) : parseJson(body)).map((row, i) => checkFlower(row, i + 1))
  if (flowers.length === 0) throw new BadInput(400, 'no flowers in the body')
  const predictions = flowers.map(predict)
  if (type === 'text/csv') return { flowers: flowers.length, type, text: `${predictions.map(likeliest).join('\n')}\n` }
  const documents = predictions.map((probabilities) => ({ species: likeliest(probabilities), probabilities }))
  return { flowers: flowers.length, type, text: JSON.stringify({ predictions: documents }) }
}

async function readBody(request) {
  const chunks = []
  let size = 0
  // Read to the end even when it is too large: a caller that is still sending does not see the answer.
  for await (const chunk of request) {
    size += chunk.length
    if (size <= LARGEST_BODY) chunks.push(chunk)
  }
  if (size > LARGEST_BODY) throw new BadInput(413, `the body is larger than ${LARGEST_BODY} bytes`)
  return Buffer.concat(chunks).toString('utf8')
}

function send(response, status, type, text) {
  response.writeHead(status, { 'content-type': type }).end(text)
}

async function invoke(request, response) {
  const started = performance.now()
  try {
    const { flowers, type, text } = answer(request.headers['content-type'] ?? '', await readBody(request))
    send(response, 200, type, text)
    console.log(`200 ${flowers} flowers ${(performance.now() - started).toFixed(1)} ms`)
  } catch (error) {
    const status = error instanceof BadInput ? error.status : 500
    send(response, status, 'text/plain', `${error.message}\n`)
    console.log(`${status} ${error.message}`)
  }
}

const server = createServer((request, response) => {
  if (request.method === 'GET' && request.url === '/ping') send(response, 200, 'text/plain', '')
  else if (request.method === 'POST' && request.url === '/invocations') void invoke(request, response)
  else send(response, 404, 'text/plain', 'there are GET /ping and POST /invocations\n')
})

// Finishes the requests it has, and ends.
process.on('SIGTERM', () => {
  console.log('asked to stop')
  server.close(() => process.exit(0))
})

server.listen(PORT, () => {
  console.log(`model with the classes ${model.classes.join(', ')} listens on port ${server.address().port}`)
})
