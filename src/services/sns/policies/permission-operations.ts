import type { AddPermissionInput, RemovePermissionInput } from '../../../model/generated/sns.ts'
import { invalidParameter } from '../errors.ts'
import type { SnsDeps } from '../sns-deps.ts'
import { requireTopicArn } from '../topic-name.ts'
import { changeTopic } from '../topics/change-topic.ts'
import { withAttributes } from '../topics/topic-attributes.ts'
import { defaultPolicy, TOPIC_ACTIONS } from './default-policy.ts'

type PolicyStatement = Readonly<Record<string, unknown>>

interface PolicyDocument {
  readonly Statement: PolicyStatement | readonly PolicyStatement[]
}

const statementsOf = ({ Statement }: PolicyDocument): readonly PolicyStatement[] =>
  Array.isArray(Statement) ? Statement : [Statement as PolicyStatement]

export async function addPermission(deps: SnsDeps, input: AddPermissionInput): Promise<undefined> {
  const { Label, AWSAccountId, ActionName } = input
  if (AWSAccountId.length === 0 || AWSAccountId.some((id) => !/^\d{12}$/.test(id)))
    throw invalidParameter('AWSAccountId')
  if (ActionName.length === 0) throw invalidParameter('ActionName')
  if (ActionName.some((action) => !TOPIC_ACTIONS.includes(action)))
    throw invalidParameter('Policy statement action out of service scope!')
  await changeTopic(deps, requireTopicArn(input.TopicArn), ({ attributes, arn, account }) => {
    const document = JSON.parse(attributes.Policy ?? defaultPolicy(arn, account)) as PolicyDocument
    const before = statementsOf(document)
    if (before.some(({ Sid }) => Sid === Label)) throw invalidParameter('Statement already exists')
    const principals = AWSAccountId.map((id) => `arn:aws:iam::${id}:root`)
    const actions = ActionName.map((action) => `SNS:${action}`)
    const added = {
      Sid: Label,
      Effect: 'Allow',
      Principal: { AWS: principals.length === 1 ? principals[0] : principals },
      Action: actions.length === 1 ? actions[0] : actions,
      Resource: arn,
    }
    const Policy = JSON.stringify({ ...document, Statement: [...before, added] })
    return { attributes: withAttributes(attributes, { Policy }) }
  })
  return undefined
}

/** A label that is not there is removed, too, as in AWS. */
export async function removePermission(deps: SnsDeps, { TopicArn, Label }: RemovePermissionInput): Promise<undefined> {
  await changeTopic(deps, requireTopicArn(TopicArn), ({ attributes, arn, account }) => {
    const document = JSON.parse(attributes.Policy ?? defaultPolicy(arn, account)) as PolicyDocument
    const before = statementsOf(document)
    const after = before.filter(({ Sid }) => Sid !== Label)
    if (after.length === before.length) return {}
    const Policy = after.length === 0 ? '' : JSON.stringify({ ...document, Statement: after })
    return { attributes: withAttributes(attributes, { Policy }) }
  })
  return undefined
}
