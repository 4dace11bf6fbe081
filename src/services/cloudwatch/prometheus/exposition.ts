/** One metric of a variant as it is counted since ever. */
export interface Total {
  readonly account: string
  readonly region: string
  readonly namespace: string
  readonly name: string
  readonly dimensions: readonly (readonly [name: string, value: string])[]
  readonly sampleCount: number
  readonly sum: number
  readonly lastValue: number
  /** Epoch milliseconds. */
  readonly lastAt: number
}

interface Family {
  readonly name: string
  readonly help: string
  readonly type: 'counter' | 'summary' | 'gauge'
}

const counter = (name: string, help: string): Family => ({
  name: `slipway_endpoint_${name}_total`,
  help,
  type: 'counter',
})
const latency = (name: string, help: string): Family => ({
  name: `slipway_endpoint_${name}_seconds`,
  help,
  type: 'summary',
})
const gauge = (name: string, help: string): Family => ({
  name: `slipway_endpoint_${name}_percent`,
  help,
  type: 'gauge',
})

/** What CloudWatch calls each, and what it is here. */
const FAMILIES: Readonly<Record<string, Readonly<Record<string, Family>>>> = {
  'AWS/SageMaker': {
    Invocations: counter('invocations', 'Requests sent to the model.'),
    InvocationsPerInstance: counter(
      'invocations_per_instance',
      'Requests, each divided by the instances of its variant.',
    ),
    Invocation4XXErrors: counter('invocation_4xx_errors', 'Requests that the model answered with a status of 4XX.'),
    Invocation5XXErrors: counter('invocation_5xx_errors', 'Requests that the model answered with a status of 5XX.'),
    InvocationModelErrors: counter('invocation_model_errors', 'Requests without an answer of 2XX from the model.'),
    ModelLatency: latency('model_latency', 'Time the model took to answer.'),
    OverheadLatency: latency('overhead_latency', 'Time from the arrival of a request to its departure to the model.'),
  },
  '/aws/sagemaker/Endpoints': {
    CPUUtilization: gauge('cpu_utilization', 'Use of processors by an instance; 100 for each that is busy.'),
    MemoryUtilization: gauge('memory_utilization', 'Use of the memory that an instance has.'),
    DiskUtilization: gauge('disk_utilization', 'Use of the disk that an instance is on.'),
  },
}

/** The same of one container of several: families of their own, so that a sum over the variant's counts nothing twice. */
const CONTAINER_FAMILIES: typeof FAMILIES = {
  'AWS/SageMaker': {
    Invocations: counter('container_invocations', 'Requests sent to a container of several.'),
    Invocation4XXErrors: counter('container_4xx_errors', 'Requests that a container answered with a status of 4XX.'),
    Invocation5XXErrors: counter('container_5xx_errors', 'Requests that a container answered with a status of 5XX.'),
    InvocationModelErrors: counter('container_errors', 'Requests without an answer of 2XX from a container.'),
    ContainerLatency: latency('container_latency', 'Time a container took to answer.'),
  },
  '/aws/sagemaker/Endpoints': {
    CPUUtilization: gauge('container_cpu_utilization', 'Use of processors by a container; 100 for each that is busy.'),
    MemoryUtilization: gauge('container_memory_utilization', "A container's use of the memory that its instance has."),
  },
}

const LABELS: Readonly<Record<string, string>> = {
  EndpointName: 'endpoint',
  VariantName: 'variant',
  ContainerName: 'container',
}

const MICROSECONDS = 1e6

/**
 * Totals in Prometheus's text format, those that have a family. A gauge whose last value is older than `gaugesSince` tells
 * of something that is over, and is left out.
 */
export function exposition(totals: readonly Total[], gaugesSince: number): string {
  const lines = new Map<Family, string[]>()
  for (const total of totals) {
    const family = familyOf(total)
    if (family === undefined || (family.type === 'gauge' && total.lastAt < gaugesSince)) continue
    const known = lines.get(family) ?? []
    known.push(...samples(family, total))
    lines.set(family, known)
  }
  // Families in one order, whatever that of the totals.
  return [...Object.values(FAMILIES), ...Object.values(CONTAINER_FAMILIES)]
    .flatMap((families) => Object.values(families))
    .flatMap((family) => {
      const found = lines.get(family)
      return found === undefined
        ? []
        : [`# HELP ${family.name} ${family.help}`, `# TYPE ${family.name} ${family.type}`, ...found]
    })
    .map((line) => `${line}\n`)
    .join('')
}

function familyOf({ namespace, name, dimensions }: Total): Family | undefined {
  const known = dimensions.some(([dimension]) => dimension === 'ContainerName') ? CONTAINER_FAMILIES : FAMILIES
  const families = Object.hasOwn(known, namespace) ? known[namespace] : undefined
  return families !== undefined && Object.hasOwn(families, name) ? families[name] : undefined
}

function samples({ name, type }: Family, total: Total): string[] {
  const labels = labelsOf(total)
  if (type === 'gauge') return [`${name}${labels} ${total.lastValue}`]
  if (type === 'counter') return [`${name}${labels} ${total.sum}`]
  return [`${name}_sum${labels} ${total.sum / MICROSECONDS}`, `${name}_count${labels} ${total.sampleCount}`]
}

function labelsOf({ account, region, dimensions }: Total): string {
  const pairs = [label('account', account), label('region', region)]
  for (const [name, value] of dimensions)
    if (Object.hasOwn(LABELS, name)) pairs.push(label(LABELS[name] as string, value))
  return `{${pairs.join(',')}}`
}

const label = (name: string, value: string): string => `${name}="${escapeLabel(value)}"`

const escapeLabel = (value: string): string =>
  value.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n')
