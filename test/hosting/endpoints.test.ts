import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { eventually } from '../support/eventually.ts'
import { type HostingFixture, startHosting } from '../support/hosting.ts'
import { ENGINES, lacksEngine } from '../support/shared-engine.ts'

for (const kind of ENGINES) {
  describe.skipIf(lacksEngine(kind))(`endpoints on ${kind}`, () => {
    let hosting: HostingFixture
    beforeAll(async () => {
      hosting = await startHosting(kind, { workers: 2 })
    })
    afterAll(() => hosting?.stop())

    it('is in service within 5 s when the image is present', async () => {
      await hosting.deploy('warm')
      const started = performance.now()
      await hosting.deploy('quick')
      const seconds = (performance.now() - started) / 1000
      console.info(`InService after ${seconds.toFixed(2)} s on ${kind}`)
      expect(seconds).toBeLessThan(5)
      await Promise.all([hosting.remove('warm'), hosting.remove('quick')])
      expect(await hosting.containers('quick')).toEqual([])
    })

    it('divides requests among two variants by weight, and obeys TargetVariant', async () => {
      const description = await hosting.deploy(
        'Split',
        { name: 'most', instances: 2, weight: 3, container: { Environment: { WHO: 'most' } } },
        { name: 'few', weight: 1, container: { Environment: { WHO: 'few' } } },
        { name: 'none', weight: 0, container: { Environment: { WHO: 'none' } } },
      )
      expect(description.ProductionVariants).toMatchObject([
        { VariantName: 'most', CurrentInstanceCount: 2, DesiredInstanceCount: 2, CurrentWeight: 3 },
        { VariantName: 'few', CurrentInstanceCount: 1, CurrentWeight: 1 },
        { VariantName: 'none', CurrentInstanceCount: 1, CurrentWeight: 0 },
      ])
      expect(description.ProductionVariants?.[0]?.DeployedImages?.[0]?.ResolvedImage).toMatch(/@sha256:[0-9a-f]{64}$/)
      expect(await hosting.containers('split')).toHaveLength(4)
      const answers = await Promise.all(Array.from({ length: 200 }, () => hosting.api.invoke('Split')))
      expect(answers.every(({ status, body }) => status === 200 && body === 'hello')).toBe(true)
      const most = answers.filter(({ variant }) => variant === 'most').length
      expect(answers.filter(({ variant }) => variant === 'few')).toHaveLength(200 - most)
      // Six standard deviations around three quarters.
      expect(most).toBeGreaterThan(113)
      expect(most).toBeLessThan(187)
      for (const variant of ['most', 'few', 'none']) {
        const answer = await hosting.api.invoke('Split', { variant, commands: 'env' })
        expect(answer).toMatchObject({ status: 200, variant })
        expect(JSON.parse(answer.body)).toContain(`WHO=${variant}`)
      }
      const wrong = await hosting.api.invoke('Split', { variant: 'absent' })
      expect(wrong.status).toBe(400)
      await hosting.remove('Split')
      expect(await hosting.containers('split')).toEqual([])
    })

    it('takes a model without an execution role, for nothing of it needs one', async () => {
      await hosting.deploy('roleless', { role: '' })
      expect((await hosting.api.invoke('roleless')).status).toBe(200)
      await hosting.remove('roleless')
    })

    it('replaces a killed instance while the other one answers', async () => {
      await hosting.deploy('pair', { instances: 2 })
      const before = await hosting.containers('pair')
      const victim = before[0]?.id ?? ''
      const answers: number[] = []
      let going = true
      const load = Array.from({ length: 4 }, async () => {
        while (going) answers.push((await hosting.api.invoke('pair')).status)
      })
      await hosting.kill(victim)
      await eventually(async () => {
        const running = (await hosting.containers('pair')).filter((container) => container.running)
        expect(running).toHaveLength(2)
        expect(running.map(({ id }) => id)).not.toContain(victim)
        const { ProductionVariants: variants } = await hosting.describe('pair')
        expect(variants?.[0]?.CurrentInstanceCount).toBe(2)
        // Enough to say that the other one went on answering, however slow the machine is.
        expect(answers.length).toBeGreaterThan(20)
      }, 40_000)
      going = false
      await Promise.all(load)
      expect((await hosting.describe('pair')).EndpointStatus).toBe('InService')
      // What was on its way to the killed one when it died is lost: at most one request of each sender.
      expect(answers.filter((status) => status !== 200).length).toBeLessThanOrEqual(4)
      await eventually(async () => expect(await hosting.containers('pair')).toHaveLength(2))
      await hosting.remove('pair')
    })

    it('replaces an instance that no longer answers pings, and one that crashes; its last words are kept', async () => {
      await hosting.deploy('sick')
      const [first] = await hosting.containers('sick')
      await hosting.api.invoke('sick', { commands: 'ping=fail' })
      await eventually(async () => {
        const running = await hosting.containers('sick')
        expect(running.map(({ id }) => id)).not.toContain(first?.id)
        expect((await hosting.api.invoke('sick')).status).toBe(200)
      }, 30_000)
      expect((await hosting.describe('sick')).EndpointStatus).toBe('InService')
      await hosting.api.invoke('sick', { commands: 'stdout=last words;crash=7' })
      await eventually(async () => expect(await hosting.printed('sick')).toContain('last words'))
      await eventually(async () => expect((await hosting.api.invoke('sick')).status).toBe(200), 20_000)
      await hosting.remove('sick')
    })

    it('asks with SIGTERM before it kills', async () => {
      await hosting.deploy('polite')
      await hosting.remove('polite')
      expect(await hosting.printed('polite')).toContain('SIGTERM')
    })
  })
}
