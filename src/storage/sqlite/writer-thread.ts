import { type MessagePort, parentPort, receiveMessageOnPort, workerData } from 'node:worker_threads'
import { Checkpointer } from './checkpoint.ts'
import { connect } from './connection.ts'
import { GroupCommit, pause } from './group-commit.ts'
import type { Answer, FromWriter, ToWriter, UnitMessage, WriterOptions } from './messages.ts'

/** Entry of the writer thread: commits what is waiting, all at once, and answers. */

/** Between two commits, so that another process that polls for the lock gets it. */
const BREATH = 0.05

const port = parentPort as MessagePort
const { file, lockTimeout } = workerData as WriterOptions
const db = await connect(file)
db.exec('pragma busy_timeout = 0')
const group = new GroupCommit(db)
const checkpointer = new Checkpointer(db, file)

const waiting: UnitMessage[] = []
let next = 0
let closing = false

function take(message: ToWriter): void {
  if (message.type === 'close') closing = true
  else waiting.push(...message.units)
}

/** The next unit, of those that have arrived while this thread was busy too. */
function takeUnit(): UnitMessage | undefined {
  if (next === waiting.length) {
    waiting.length = 0
    next = 0
    const arrived = receiveMessageOnPort(port)
    if (arrived === undefined) return undefined
    take(arrived.message)
    if (waiting.length === 0) return undefined
  }
  return waiting[next++]
}

const say = (message: FromWriter): void => port.postMessage(message)

function commitOnce(): void {
  let answers: Answer[]
  try {
    group.begin(lockTimeout)
    answers = group.commit(takeUnit)
  } catch (error) {
    const { name, message } = error as Error
    const outcome = { type: 'failed', error: { name, message } } as const
    answers = waiting.splice(next).map((unit) => ({ id: unit.id, outcome }))
  }
  if (answers.length > 0) say({ type: 'answers', answers, commits: 1 })
  checkpointer.afterCommit()
}

port.on('message', (message: ToWriter) => {
  take(message)
  while (next < waiting.length) {
    commitOnce()
    if (next < waiting.length) pause(BREATH)
  }
  if (!closing) return
  db.close()
  say({ type: 'closed' })
  port.close()
})
say({ type: 'ready' })
