import { describe, expect, it } from 'vitest'
import { loadService } from '../model/service-description.ts'
import type { WireRequest } from './protocol.ts'
import { query } from './query.ts'
import { ServiceError } from './service-error.ts'

const iam = loadService('iam')
const cloudwatch = loadService('cloudwatch')
const sts = loadService('sts')

const post = (search = ''): WireRequest => ({ method: 'POST', path: '/', query: search, headers: {} })

function decode(form: string, description = iam, search = ''): unknown {
  const body = Buffer.from(form)
  const detected = query.detect(description, post(search), body)
  if (detected === undefined) throw new Error('No operation.')
  return query.decode(description, detected, post(search), body)
}

describe('query requests', () => {
  it('are found by their action, in the form or the query string', () => {
    expect(query.detect(sts, post(), Buffer.from('Action=GetCallerIdentity&Version=2011-06-15'))?.operation.name).toBe(
      'GetCallerIdentity',
    )
    expect(query.detect(sts, post('Action=GetCallerIdentity'), Buffer.alloc(0))?.operation.name).toBe(
      'GetCallerIdentity',
    )
    expect(query.detect(iam, post(), Buffer.from('Action=CreateSAMLProvider'))?.operation).toMatchObject({
      name: 'CreateSAMLProvider',
      implemented: false,
    })
  })

  it('do not mix with others that have the same empty body', () => {
    const empty = Buffer.alloc(0)
    expect(query.detect(sts, post('Action=GetCallerIdentity'), empty)?.operation.name).toBe('GetCallerIdentity')
    expect(query.detect(sts, post('Action=AssumeRole'), empty)?.operation.name).toBe('AssumeRole')
  })

  it.each(['', 'Action=', 'Action=Nothing', 'Action=__proto__', 'action=GetUser'])(
    'without a known action are refused: %j',
    (form) => {
      expect(query.detect(iam, post(), Buffer.from(form))).toBeUndefined()
      expect(query.unknownOperation(iam, post('Action=Nothing'))).toMatchObject({
        code: 'InvalidAction',
        message: 'Could not find operation Nothing for version 2010-05-08',
      })
    },
  )

  it('hold lists and structures in numbered names, in any order and with gaps', () => {
    const form =
      'Action=CreateRole&RoleName=r&AssumeRolePolicyDocument=%7B%22a%22%3A+1%7D&Tags.member.10.Key=c&Tags.member.10.Value=3' +
      '&Tags.member.2.Value=2&Tags.member.2.Key=b&MaxSessionDuration=3600'
    expect(decode(form)).toEqual({
      RoleName: 'r',
      AssumeRolePolicyDocument: '{"a": 1}',
      Tags: [
        { Key: 'b', Value: '2' },
        { Key: 'c', Value: '3' },
      ],
      MaxSessionDuration: 3600,
    })
  })

  it('hold an empty list as a bare name', () => {
    expect(decode('Action=TagRole&RoleName=r&Tags=')).toEqual({ RoleName: 'r', Tags: [] })
  })

  it('do not grow with the numbers in names', () => {
    expect(decode('Action=UntagRole&RoleName=r&TagKeys.member.999999999=a&TagKeys.member.x=b')).toEqual({
      RoleName: 'r',
      TagKeys: ['a'],
    })
  })

  it.each([
    ['a number that is none', 'Action=ListRoles&MaxItems=many'],
    ['too many parts in a name', `Action=ListRoles&${'a.'.repeat(50)}=1`],
    ['too many parameters', `Action=ListRoles${'&a=b'.repeat(10_001)}`],
  ])('with %s are refused', (_, form) => {
    expect(() => decode(form)).toThrowError(expect.objectContaining({ code: 'MalformedInput', status: 400 }))
  })

  it('that are not UTF-8 are refused', () => {
    expect(() => query.detect(iam, post(), Buffer.from([0xff]))).toThrowError(
      expect.objectContaining({ code: 'MalformedInput' }),
    )
  })
})

describe('query responses', () => {
  it('wrap the result, lists by member', () => {
    const role = {
      Path: '/',
      RoleName: 'r<',
      RoleId: 'AROA',
      Arn: 'arn',
      CreateDate: 1_722_945_600_000,
      Tags: [{ Key: 'k', Value: '' }],
    }
    expect(query.encode(iam, iam.operations.get('GetRole')!, { Role: role }, 'id-1')).toEqual({
      status: 200,
      headers: { 'Content-Type': 'text/xml', 'x-amzn-RequestId': 'id-1' },
      body:
        '<GetRoleResponse xmlns="https://iam.amazonaws.com/doc/2010-05-08/"><GetRoleResult><Role><Path>/</Path><RoleName>r&lt;</RoleName>' +
        '<RoleId>AROA</RoleId><Arn>arn</Arn><CreateDate>2024-08-06T12:00:00.000Z</CreateDate>' +
        '<Tags><member><Key>k</Key><Value/></member></Tags></Role></GetRoleResult>' +
        '<ResponseMetadata><RequestId>id-1</RequestId></ResponseMetadata></GetRoleResponse>',
    })
  })

  it('hold the request id alone where there is no output', () => {
    expect(query.encode(iam, iam.operations.get('DeleteRole')!, undefined, 'id-1').body).toBe(
      '<DeleteRoleResponse xmlns="https://iam.amazonaws.com/doc/2010-05-08/"><ResponseMetadata><RequestId>id-1</RequestId></ResponseMetadata></DeleteRoleResponse>',
    )
  })

  it('keep an empty list', () => {
    const { body } = query.encode(iam, iam.operations.get('ListRoles')!, { Roles: [], IsTruncated: false }, 'id-1')
    expect(body).toContain('<ListRolesResult><Roles/><IsTruncated>false</IsTruncated></ListRolesResult>')
  })

  it('can be read, whatever characters stand in a text', () => {
    const output = { MetricAlarms: [{ AlarmDescription: 'a\u0000\u001f\u000b\t\r\uffff&#x1;<b>' }] }
    const { body } = query.encode(cloudwatch, cloudwatch.operations.get('DescribeAlarms')!, output, 'id-1')
    expect(body).toContain('<AlarmDescription>a\ufffd\ufffd\ufffd\t&#xd;\ufffd&amp;#x1;&lt;b&gt;</AlarmDescription>')
  })
})

describe('query errors', () => {
  it('say who is to blame, with the published status', () => {
    const response = query.encodeError(
      iam,
      new ServiceError('NoSuchEntity', 'The role with name <x> cannot be found.'),
      'id-1',
    )
    expect(response.status).toBe(404)
    expect(response.body).toBe(
      '<ErrorResponse xmlns="https://iam.amazonaws.com/doc/2010-05-08/"><Error><Type>Sender</Type><Code>NoSuchEntity</Code>' +
        '<Message>The role with name &lt;x&gt; cannot be found.</Message></Error><RequestId>id-1</RequestId></ErrorResponse>',
    )
    const unwritable = query.encodeError(iam, new ServiceError('ValidationError', "Value 'a\0\x1f\tb'"), 'id').body
    expect(unwritable).toContain("Value 'a\uFFFD\uFFFD\tb'")
    expect(query.encodeError(iam, new ServiceError('InternalFailure', 'm', { status: 500 }), 'id').body).toContain(
      '<Type>Receiver</Type>',
    )
  })
})

describe('a service whose query protocol has names of its own', () => {
  const sqs = loadService('sqs')
  const at = (path: string, form: string) => {
    const body = Buffer.from(form)
    const request = { ...post(), path }
    const detected = query.detect(sqs, request, body)
    if (detected === undefined) throw new Error('No operation.')
    return query.decode(sqs, detected, request, body)
  }

  it('is read by them, and sent to the address of what it is about', () => {
    const attributes =
      'MessageAttribute.1.Name=a&MessageAttribute.1.Value.DataType=String&MessageAttribute.1.Value.StringValue=x'
    expect(at('/123456789012/jobs', `Action=SendMessage&MessageBody=m&${attributes}`)).toEqual({
      QueueUrl: '/123456789012/jobs',
      MessageBody: 'm',
      MessageAttributes: { a: { DataType: 'String', StringValue: 'x' } },
    })
    expect(at('/', 'Action=GetQueueAttributes&QueueUrl=u&AttributeName.2=b&AttributeName.1=a')).toEqual({
      QueueUrl: 'u',
      AttributeNames: ['a', 'b'],
    })
    expect(at('/123456789012/jobs', 'Action=DeleteQueue&QueueUrl=told')).toEqual({ QueueUrl: 'told' })
    expect(at('/1/x', 'Action=ListQueues')).toEqual({})
    // The names of the other protocol are nothing here.
    expect(at('/', 'Action=GetQueueAttributes&QueueUrl=u&AttributeNames.1=a')).toEqual({ QueueUrl: 'u' })
  })

  it('is answered with them, under an element of the operation', () => {
    const { operation } = query.detect(sqs, post(), Buffer.from('Action=ReceiveMessage'))!
    const Messages = [{ MessageId: '1', Attributes: { SenderId: 's' } }, { MessageId: '2' }]
    expect(query.encode(sqs, operation, { Messages }, 'r').body).toBe(
      '<ReceiveMessageResponse xmlns="http://queue.amazonaws.com/doc/2012-11-05/"><ReceiveMessageResult>' +
        '<Message><MessageId>1</MessageId><Attribute><Name>SenderId</Name><Value>s</Value></Attribute></Message>' +
        '<Message><MessageId>2</MessageId></Message></ReceiveMessageResult>' +
        '<ResponseMetadata><RequestId>r</RequestId></ResponseMetadata></ReceiveMessageResponse>',
    )
  })
})
