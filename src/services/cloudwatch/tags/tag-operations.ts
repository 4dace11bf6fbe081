import type {
  ListTagsForResourceInput,
  ListTagsForResourceOutput,
  TagResourceInput,
  TagResourceOutput,
  UntagResourceInput,
  UntagResourceOutput,
} from '../../../model/generated/cloudwatch.ts'
import { parseArn } from '../../../shared/arn.ts'
import { retryOvertaken } from '../../../shared/overtaken.ts'
import type { AlarmRow } from '../../../storage/schema/cloudwatch.ts'
import { one, statement } from '../../../storage/statement.ts'
import type { RequestContext } from '../../operation.ts'
import { findAlarm } from '../alarms/alarm-row.ts'
import { AlarmChanged, isAlarmChanged } from '../alarms/change-state.ts'
import type { CloudwatchDeps } from '../cloudwatch-deps.ts'
import { invalidValue, resourceNotFound } from '../errors.ts'
import { checkCount, checkTags, listTags, tagsOf } from './tag-list.ts'

export async function tagResource(
  deps: CloudwatchDeps,
  { ResourceARN: arn, Tags: tags }: TagResourceInput,
  context: RequestContext,
): Promise<TagResourceOutput> {
  checkTags(tags)
  await changeTags(deps, arn, context, (known) => ({ ...known, ...tagsOf(tags) }))
  return {}
}

export async function untagResource(
  deps: CloudwatchDeps,
  { ResourceARN: arn, TagKeys: keys }: UntagResourceInput,
  context: RequestContext,
): Promise<UntagResourceOutput> {
  const gone = new Set(keys)
  await changeTags(deps, arn, context, (known) =>
    Object.fromEntries(Object.entries(known).filter(([key]) => !gone.has(key))),
  )
  return {}
}

export async function listTagsForResource(
  deps: CloudwatchDeps,
  { ResourceARN: arn }: ListTagsForResourceInput,
  context: RequestContext,
): Promise<ListTagsForResourceOutput> {
  const { tags } = await alarmOf(deps, arn, context)
  return { Tags: listTags(JSON.parse(tags) as Record<string, string>) }
}

/** Only alarms have tags here. */
async function alarmOf(
  { database }: Pick<CloudwatchDeps, 'database'>,
  text: string,
  context: RequestContext,
): Promise<AlarmRow> {
  const arn = parseArn(text)
  const name = /^alarm:(.+)$/s.exec(arn?.resource ?? '')?.[1]
  if (arn?.service !== 'cloudwatch' || name === undefined)
    throw invalidValue(`The value ${text.slice(0, 256)} for parameter ResourceARN is invalid.`)
  const owns = arn.account === context.account && arn.region === context.region
  const row = owns ? await findAlarm(database, context, name) : undefined
  if (row === undefined) throw resourceNotFound('Alarm', name)
  return row
}

type Tags = Readonly<Record<string, string>>

async function changeTags(
  deps: CloudwatchDeps,
  arn: string,
  context: RequestContext,
  change: (known: Tags) => Tags,
): Promise<void> {
  const write = async () => {
    const row = await alarmOf(deps, arn, context)
    const tags = change(JSON.parse(row.tags) as Tags)
    checkCount(Object.keys(tags).length)
    const update = deps.database.query
      .updateTable('cloudwatch_alarms')
      .set({ tags: JSON.stringify(tags) })
      .where('id', '=', row.id)
      .where('tags', '=', row.tags)
    const changed = () => new AlarmChanged(row.name)
    await deps.database.commit([statement(update, one(changed))])
  }
  await retryOvertaken(write, isAlarmChanged, context.signal)
}
