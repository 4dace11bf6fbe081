import { describe, expect, it } from 'vitest'
import { eventually } from '../../../test/support/eventually.ts'
import { httpContainer } from '../../../test/support/fake-container.ts'
import { invokedContainers, variant } from '../../../test/support/invoked-containers.ts'
import type { VariantRoute } from '../../dataplane/route.ts'

const { started, gatewayOf } = invokedContainers()

describe('sessions', () => {
  const memory = () => {
    const sessions = new Map<string, string>()
    let blocked: Promise<void> | undefined
    return {
      sessions,
      block: (until: Promise<void> | undefined) => {
        blocked = until
      },
      find: async (key: string, id: string) => sessions.get(`${key} ${id}`),
      open: async (key: string, id: string, instance: string) => {
        await blocked
        sessions.set(`${key} ${id}`, instance)
      },
      close: async (key: string, id: string) => {
        sessions.delete(`${key} ${id}`)
      },
    }
  }

  const sessionServer = (name: string) =>
    started(
      httpContainer((incoming, response) => {
        incoming.resume()
        const id = incoming.headers['x-amzn-sagemaker-session-id']
        if (id === 'NEW_SESSION')
          response.setHeader('X-Amzn-SageMaker-New-Session-Id', `of-${name}; Expires=2999-01-01T00:00:00Z`)
        if (incoming.headers.accept === 'close') response.setHeader('X-Amzn-SageMaker-Closed-Session-Id', String(id))
        response.end(name)
      }),
    )

  const header = (id: string) => ({ 'x-amzn-sagemaker-session-id': id })

  it('stay with the instance that opened them, whichever variant it is of, until they are closed', async () => {
    const affinity = memory()
    const gateway = await gatewayOf({ sessions: affinity })
    const names = ['a', 'b', 'c']
    const servers = await Promise.all(names.map(sessionServer))
    const [a, b, c] = servers.map(({ address }, index) => ({ id: `i-${names[index]}`, address })) as never as [
      VariantRoute['instances'][0],
      VariantRoute['instances'][0],
      VariantRoute['instances'][0],
    ]
    const one = variant(servers[0]!, { name: 'one', instances: [a, b] })
    gateway.route('iris', { variants: [one, variant(servers[2]!, { name: 'two', instances: [c] })] })
    const opened = await gateway.invoke('iris', 'x', header('NEW_SESSION'))
    expect(opened.headers.get('x-amzn-sagemaker-new-session-id')).toBe(
      `of-${opened.text}; Expires=2999-01-01T00:00:00Z`,
    )
    for (let count = 0; count < 12; count++) {
      const answer = await gateway.invoke('iris', 'x', header(`of-${opened.text}`))
      expect(answer.text).toBe(opened.text)
      expect(answer.headers.get('x-amzn-invoked-production-variant')).toBe(
        opened.headers.get('x-amzn-invoked-production-variant'),
      )
    }
    const closed = await gateway.invoke('iris', 'x', { ...header(`of-${opened.text}`), accept: 'close' })
    expect(closed.headers.get('x-amzn-sagemaker-closed-session-id')).toBe(`of-${opened.text}`)
    expect((await gateway.invoke('iris', 'x', header(`of-${opened.text}`))).json.Message).toContain('does not exist')
  })

  it('are known before the caller learns of them, and end with their instance', async () => {
    const affinity = memory()
    const gateway = await gatewayOf({ sessions: affinity })
    gateway.route('iris', { variants: [variant(await sessionServer('a'))] })
    let release = () => {}
    affinity.block(
      new Promise((resolve) => {
        release = resolve
      }),
    )
    let answered = false
    const opening = gateway.invoke('iris', 'x', header('NEW_SESSION')).then((answer) => {
      answered = true
      return answer
    })
    expect((await gateway.invoke('iris')).text).toBe('a')
    expect(answered).toBe(false)
    release()
    expect((await opening).text).toBe('a')
    expect(affinity.sessions.size).toBe(1)
    gateway.route('iris', { variants: [variant(await sessionServer('b'), { instances: [] })] })
    await eventually(async () =>
      expect((await gateway.invoke('iris', 'x', header('of-a'))).json.Message).toContain('does not exist'),
    )
  })

  it('that cannot be recorded are not announced', async () => {
    const affinity = memory()
    const gateway = await gatewayOf({ sessions: affinity })
    gateway.route('iris', { variants: [variant(await sessionServer('a'))] })
    affinity.open = () => Promise.reject(new Error('storage is away'))
    const answer = await gateway.invoke('iris', 'x', header('NEW_SESSION'))
    expect(answer.status).toBe(500)
    expect(answer.text).not.toContain('storage is away')
  })
})
