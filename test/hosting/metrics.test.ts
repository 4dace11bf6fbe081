import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { eventually } from '../support/eventually.ts'
import { type HostingFixture, startHosting } from '../support/hosting.ts'
import { ENGINES, lacksEngine } from '../support/shared-engine.ts'

const run = promisify(execFile)
const PROGRAM = fileURLToPath(new URL('../../bin/slipway', import.meta.url))

interface Result {
  readonly Id: string
  readonly Values: readonly number[]
}

for (const kind of ENGINES) {
  describe.skipIf(lacksEngine(kind))(`metrics of endpoints on ${kind}`, () => {
    let hosting: HostingFixture
    beforeAll(async () => {
      hosting = await startHosting(kind, {
        workers: 2,
        env: {
          SLIPWAY_METRICS_FLUSH_SECONDS: '1',
          SLIPWAY_METRICS_RESOLUTION_SECONDS: '1',
          SLIPWAY_METRICS_ANY_ALARM_PERIOD: 'true',
        },
      })
      await hosting.deploy('measured', { name: 'v', instances: 2 })
    })
    afterAll(() => hosting?.stop())

    const Dimensions = [
      { Name: 'EndpointName', Value: 'measured' },
      { Name: 'VariantName', Value: 'v' },
    ]
    const stat = (Id: string, MetricName: string, Stat: string, Namespace = 'AWS/SageMaker') => ({
      Id,
      MetricStat: { Metric: { Namespace, MetricName, Dimensions }, Period: 3600, Stat },
    })
    const ofConfig = (Id: string, MetricName: string, Stat: string, config = 'measured') => {
      const own = [...Dimensions, { Name: 'EndpointConfigName', Value: config }]
      return {
        Id,
        MetricStat: { Metric: { Namespace: 'AWS/SageMaker', MetricName, Dimensions: own }, Period: 3600, Stat },
      }
    }
    /** Over the last two hours, of each query in one number; undefined while there is none. */
    const totals = async (queries: readonly object[]): Promise<Record<string, number | undefined>> => {
      const now = Date.now() / 1000
      const answer = await hosting.api.cloudwatch('GetMetricData', {
        MetricDataQueries: queries,
        StartTime: now - 3600,
        EndTime: now + 60,
      })
      return Object.fromEntries(
        (answer.MetricDataResults as Result[]).map(({ Id, Values }) => [
          Id,
          Values.length === 0 ? undefined : Values.reduce((sum, value) => sum + value, 0),
        ]),
      )
    }

    it('count what was invoked, by all workers, and tell Prometheus the same', async () => {
      await Promise.all(Array.from({ length: 40 }, () => hosting.api.invoke('measured')))
      for (const commands of ['status=400', 'status=500']) await hosting.api.invoke('measured', { commands })
      const queries = [
        stat('all', 'Invocations', 'Sum'),
        stat('each', 'InvocationsPerInstance', 'Sum'),
        stat('e4', 'Invocation4XXErrors', 'Sum'),
        stat('e5', 'Invocation5XXErrors', 'Sum'),
        stat('bad', 'InvocationModelErrors', 'Sum'),
        stat('timed', 'ModelLatency', 'SampleCount'),
        stat('over', 'OverheadLatency', 'SampleCount'),
        ofConfig('fleet', 'Invocations', 'Sum'),
        ofConfig('slow', 'ModelLatency', 'SampleCount'),
        ofConfig('other', 'Invocations', 'Sum', 'other'),
      ]
      const counted = { all: 42, each: 21, e4: 1, e5: 1, bad: 2, timed: 42, over: 42, fleet: 42, slow: 42 }
      await eventually(async () => expect(await totals(queries)).toEqual(counted), 20_000)
      const latency = await totals([stat('p99', 'ModelLatency', 'p99')])
      expect(latency.p99).toBeGreaterThan(10)

      const text = await (await fetch(`${hosting.slipway.url}/metrics`)).text()
      const labels = '{account="123456789012",region="us-east-1",endpoint="measured",variant="v"}'
      expect(text).toContain(`slipway_endpoint_invocations_total${labels} 42\n`)
      expect(text).toContain(`slipway_endpoint_invocation_model_errors_total${labels} 2\n`)
      expect(text).toContain(`slipway_endpoint_model_latency_seconds_count${labels} 42\n`)
    })

    it('are shown by slipway top', async () => {
      await Promise.all(Array.from({ length: 10 }, () => hosting.api.invoke('measured')))
      await hosting.api.invoke('measured', { commands: 'status=500' })
      await eventually(async () => {
        const { stdout } = await run(PROGRAM, ['top', '--json', '--data-dir', hosting.slipway.dataDir])
        const shown = JSON.parse(stdout) as { endpoint: string; requestsPerSecond: number; errorsPerSecond: number }[]
        const one = shown.find(({ endpoint }) => endpoint === 'measured')
        expect(one).toMatchObject({
          status: 'InService',
          variant: 'v',
          healthy: 2,
          desired: 2,
          p99: expect.any(Number),
        })
        // Eleven requests, and what other tests have sent, over a minute or so.
        expect(one?.requestsPerSecond).toBeGreaterThan(0.1)
        expect(one?.requestsPerSecond).toBeLessThan(5)
        expect(one?.errorsPerSecond).toBeGreaterThan(0)
      }, 20_000)
      const { stdout } = await run(PROGRAM, ['top', '--once', '--data-dir', hosting.slipway.dataDir])
      expect(stdout).toMatch(/^measured +InService +v +2\/2 +0\.\d\d +0\.\d\d +[\d.]+ ms +[\d.]+ ms/m)
    })

    it('show in slipway top that a container hangs up', async () => {
      await hosting.deploy('hangs-up', { name: 'v' })
      for (let count = 0; count < 5; count++)
        expect((await hosting.api.invoke('hangs-up', { commands: 'cut=0' })).status).toBe(424)
      await eventually(async () => {
        const { stdout } = await run(PROGRAM, ['top', '--json', '--data-dir', hosting.slipway.dataDir])
        const shown = JSON.parse(stdout) as { endpoint: string; errorsPerSecond: number }[]
        expect(shown.find(({ endpoint }) => endpoint === 'hangs-up')?.errorsPerSecond).toBeGreaterThan(0)
      }, 20_000)
      await hosting.remove('hangs-up')
    })

    it('tell what instances use, as far as the engine can', async () => {
      const queries = ['CPUUtilization', 'MemoryUtilization', 'DiskUtilization'].map((name) =>
        stat(name.toLowerCase(), name, 'Maximum', '/aws/sagemaker/Endpoints'),
      )
      const container = (await hosting.containers('measured'))[0]!
      const told = await hosting.runtime.usage(container.id, AbortSignal.timeout(10_000))
      if (told === undefined) return
      await eventually(async () => {
        const found = await totals(queries)
        for (const value of [found.memoryutilization, found.diskutilization]) {
          expect(value).toBeGreaterThan(0)
          expect(value).toBeLessThan(200)
        }
        expect(found.cpuutilization).toBeGreaterThanOrEqual(0)
      }, 30_000)
    })

    it('undo an update when an alarm is raised that guards it', async () => {
      await hosting.deploy('guarded', { name: 'v' })
      await hosting.api.cloudwatch('PutMetricAlarm', {
        AlarmName: 'guard',
        ...{ Namespace: 'app', MetricName: 'nothing', Statistic: 'Sum', Period: 60, EvaluationPeriods: 1 },
        ...{ Threshold: 0, ComparisonOperator: 'GreaterThanThreshold', TreatMissingData: 'ignore' },
      })
      const DeploymentConfig = {
        BlueGreenUpdatePolicy: {
          TrafficRoutingConfiguration: { Type: 'ALL_AT_ONCE', WaitIntervalInSeconds: 600 },
          // Time for the alarm to be raised in: once the old fleet is on its way out there is no way back.
          TerminationWaitInSeconds: 120,
        },
        AutoRollbackConfiguration: { Alarms: [{ AlarmName: 'guard' }] },
      }
      await hosting.update('guarded', 'guarded-2', { DeploymentConfig }, { name: 'v' })
      await eventually(async () => expect(await hosting.containers('guarded')).toHaveLength(2), 30_000)
      await hosting.api.cloudwatch('SetAlarmState', { AlarmName: 'guard', StateValue: 'ALARM', StateReason: 'a test' })
      const { EndpointStatus, EndpointConfigName } = await hosting.atRest('guarded')
      expect([EndpointStatus, EndpointConfigName]).toEqual(['InService', 'guarded'])
      await eventually(async () => expect(await hosting.containers('guarded')).toHaveLength(1), 60_000)
    })

    it.skipIf(kind === 'podman')('of the new fleet alone raise the alarm that undoes an update', async () => {
      await hosting.deploy('watched', { name: 'v' })
      const of = (config: string) =>
        Object.entries({ EndpointName: 'watched', VariantName: 'v', EndpointConfigName: config }).map(
          ([Name, Value]) => ({
            Name,
            Value,
          }),
        )
      await hosting.api.cloudwatch('PutMetricAlarm', {
        AlarmName: 'new-fleet',
        ...{ Namespace: 'AWS/SageMaker', MetricName: 'Invocations', Dimensions: of('watched-2'), Statistic: 'Sum' },
        ...{ Period: 1, EvaluationPeriods: 1, Threshold: 0, ComparisonOperator: 'GreaterThanThreshold' },
        TreatMissingData: 'notBreaching',
      })
      const DeploymentConfig = {
        BlueGreenUpdatePolicy: {
          TrafficRoutingConfiguration: { Type: 'ALL_AT_ONCE', WaitIntervalInSeconds: 0 },
          TerminationWaitInSeconds: 120,
        },
        AutoRollbackConfiguration: { Alarms: [{ AlarmName: 'new-fleet' }] },
      }
      // Those of the old fleet do not count.
      for (let request = 0; request < 10; request++) await hosting.api.invoke('watched')
      await hosting.update('watched', 'watched-2', { DeploymentConfig }, { name: 'v' })
      const described = await eventually(async () => {
        expect((await hosting.api.invoke('watched')).status).toBe(200)
        const now = await hosting.describe('watched')
        expect(now.EndpointStatus).toBe('InService')
        return now
      }, 60_000)
      expect(described).toMatchObject({
        EndpointConfigName: 'watched',
        FailureReason: 'The alarm new-fleet is in ALARM state.',
      })
    })

    it('raise an alarm within seconds, which goes on when the server is killed', async () => {
      await hosting.api.cloudwatch('PutMetricAlarm', {
        AlarmName: 'busy',
        ...{ Namespace: 'AWS/SageMaker', MetricName: 'Invocations', Dimensions, Statistic: 'Sum' },
        ...{ Period: 1, EvaluationPeriods: 3, DatapointsToAlarm: 1, Threshold: 0 },
        ...{ ComparisonOperator: 'GreaterThanThreshold', TreatMissingData: 'notBreaching' },
        AlarmActions: ['arn:aws:sns:us-east-1:123456789012:nobody'],
      })
      const state = async () => {
        const { MetricAlarms } = await hosting.api.cloudwatch('DescribeAlarms', { AlarmNames: ['busy'] })
        return (MetricAlarms as { StateValue: string }[])[0]?.StateValue
      }
      await eventually(async () => expect(await state()).toBe('OK'), 30_000)
      const busy = async () => {
        await hosting.api.invoke('measured')
        expect(await state()).toBe('ALARM')
      }
      await eventually(busy, 30_000)
      await hosting.restart('SIGKILL')
      await eventually(async () => expect(await state()).toBe('OK'), 60_000)
      await eventually(async () => expect((await hosting.api.invoke('measured')).status).toBe(200), 30_000)
      await eventually(busy, 30_000)
      const { AlarmHistoryItems } = await hosting.api.cloudwatch('DescribeAlarmHistory', { AlarmName: 'busy' })
      const summaries = (AlarmHistoryItems as { HistorySummary: string }[]).map(({ HistorySummary }) => HistorySummary)
      expect(summaries.filter((summary) => summary === 'Alarm updated from OK to ALARM')).toHaveLength(2)
      expect(summaries.find((summary) => summary.startsWith('Failed to execute action'))).toContain('nobody')
    })
  })
}
