/** What an instance type promises. */
export interface InstanceSize {
  readonly cpus: number
  readonly memoryBytes: number
}

const GIB = 1024 ** 3

/** Memory in GiB for each vCPU, by family; the size gives the vCPUs. Source: the published EC2 and ML instance types. */
const GIB_PER_CPU: Readonly<Record<string, number>> = {
  t2: 4,
  ...families(4, 'm4 m5 m5d m6i m6g m6gd m7i m8g g4dn g5 g6 inf2'),
  ...families(2, 'c5 c5d c6i c6g c6gd c6gn c6in c7g c7i c8g inf1'),
  ...families(8, 'r5 r5d r6i r6g r6gd r7i r7gd r8g g6e g7e dl1 trn1 trn1n'),
  ...families(12, 'p4d p4de'),
  ...families(10.667, 'p5 p5e p5en trn2 p6-b200'),
  c4: 1.875,
  p2: 15.25,
  p3: 7.625,
  'p6-b300': 21.333,
  'p6e-gb200': 6.667,
}

/** vCPUs where the size does not say: the small ones, and families with sizes of their own. */
const CPUS: Readonly<Record<string, number>> = {
  't2.medium': 2,
  't2.large': 2,
  't2.xlarge': 4,
  't2.2xlarge': 8,
  'inf1.6xlarge': 24,
  'c4.8xlarge': 36,
  'p6e-gb200.36xlarge': 144,
}

/** Memory in GiB where the family's rule does not hold. */
const MEMORY_GIB: Readonly<Record<string, number>> = {
  't2.medium': 4,
  't2.large': 8,
  'trn1.2xlarge': 32,
  'c4.8xlarge': 60,
  'dl1.24xlarge': 768,
  'g5.48xlarge': 768,
}

function families(gibPerCpu: number, names: string): Record<string, number> {
  return Object.fromEntries(names.split(' ').map((name) => [name, gibPerCpu]))
}

/** The size of an `ml.*` instance type; undefined for a name that is none. */
export function instanceSize(type: string): InstanceSize | undefined {
  const [, family, size] = /^ml\.([a-z0-9-]+)\.([a-z0-9]+)$/.exec(type) ?? []
  if (family === undefined || size === undefined) return undefined
  const gibPerCpu = GIB_PER_CPU[family]
  const cpus = CPUS[`${family}.${size}`] ?? cpusOf(size)
  if (gibPerCpu === undefined || cpus === undefined) return undefined
  return { cpus, memoryBytes: Math.round((MEMORY_GIB[`${family}.${size}`] ?? gibPerCpu * cpus) * GIB) }
}

function cpusOf(size: string): number | undefined {
  if (size === 'medium') return 1
  if (size === 'large') return 2
  if (size === 'xlarge') return 4
  const times = /^(\d+)xlarge$/.exec(size)?.[1]
  return times === undefined ? undefined : Number(times) * 4
}

/** What a container really gets: the type's size, but no more than the machine has. */
export function capToMachine(size: InstanceSize, machine: InstanceSize): InstanceSize & { readonly capped: boolean } {
  const cpus = Math.min(size.cpus, machine.cpus)
  const memoryBytes = Math.min(size.memoryBytes, machine.memoryBytes)
  return { cpus, memoryBytes, capped: cpus < size.cpus || memoryBytes < size.memoryBytes }
}
