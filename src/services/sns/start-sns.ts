import type { AlarmActions } from '../cloudwatch/facade.ts'
import type { OperationTable } from '../operation.ts'
import { alarmNotifications } from './alarm-notifications.ts'
import type { SnsFacade } from './facade.ts'
import { deliverHandler } from './fan-out/deliver.ts'
import { fanOutHandler } from './fan-out/fan-out.ts'
import { DELIVER, FAN_OUT } from './fan-out/fan-out-work.ts'
import { Refusals } from './fan-out/refusals.ts'
import { Targets } from './fan-out/targets.ts'
import { judgeAddresses } from './http/reachable-address.ts'
import { createSender } from './http/sender.ts'
import { startMaintenance } from './maintenance.ts'
import { createSnsService } from './service.ts'
import { Signer } from './signing/signer.ts'
import type { SnsDeps } from './sns-deps.ts'
import { createSnsFacade } from './sns-facade.ts'
import { SubscriptionCatalog } from './subscriptions/subscription-catalog.ts'

export interface SnsOptions extends Omit<SnsDeps, 'signer' | 'sender' | 'subscriptions' | 'refusals'> {
  readonly settings: {
    /** Private networks that messages may be sent to. */
    readonly allowedNetworks: readonly string[]
  }
}

export interface Sns {
  readonly operations: OperationTable
  readonly facade: SnsFacade
  /** What alarms can do with topics. */
  readonly alarmActions: AlarmActions
  /** The certificate that is served at a path, PEM; undefined for another path. */
  certificateAt(path: string): Promise<string | undefined>
  stop(): void
}

/** What one worker deals with at a time: topics whose publications it brings on their way, and endpoints it sends to. */
const TOPICS = 4
const ENDPOINTS = 64

/** Joins the parts of SNS and registers its work. */
export async function startSns({ settings, ...parts }: SnsOptions): Promise<Sns> {
  const deps: SnsDeps = {
    ...parts,
    refusals: new Refusals(parts),
    signer: new Signer(parts),
    sender: createSender(judgeAddresses(settings.allowedNetworks)),
    subscriptions: new SubscriptionCatalog(parts.database),
  }
  deps.queue.handle(FAN_OUT, fanOutHandler(deps, new Targets(deps)), { concurrency: TOPICS })
  deps.queue.handle(DELIVER, deliverHandler(deps), { concurrency: ENDPOINTS })
  await startMaintenance(deps)
  return {
    operations: createSnsService(deps),
    facade: createSnsFacade(deps),
    alarmActions: alarmNotifications(deps),
    certificateAt: (path) => deps.signer.certificateAt(path),
    stop: () => deps.sender.close(),
  }
}
