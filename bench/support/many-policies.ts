const actions = ['s3:Get*', 's3:PutObject', 'sagemaker:Describe*', 'sagemaker:*Endpoint', 'kms:Decrypt', 'ecr:Batch*']

/** Statements of every sort: literals, prefixes, stars in the middle, variables, exceptions and conditions. */
function statement(account: string, policy: number, index: number) {
  const number = policy * 10 + index
  const action = actions[number % actions.length]!
  const named = [action, `sagemaker:Create${number}*`, `logs:Put${number}`]
  return {
    Sid: `S${number}`,
    Effect: index === 9 ? 'Deny' : 'Allow',
    ...(index === 8 ? { NotAction: named } : { Action: named }),
    Resource:
      index % 3 === 0
        ? [`arn:aws:sagemaker:*:${account}:endpoint/team-${number}-*`, `arn:aws:s3:::team-${number}/*`]
        : [`arn:aws:s3:::home-${number}/\${aws:userid}/*`, `arn:aws:sagemaker:eu-*-1:${account}:model/*/${number}`],
    ...(index % 2 === 0 && {
      Condition: {
        StringLike: { 'aws:PrincipalArn': `arn:aws:iam::*:role/team-${number}*` },
        IpAddress: { 'aws:SourceIp': ['203.0.113.0/24', '2001:db8::/32'] },
      },
    }),
  }
}

/** The statements of 20 policies, ten in each. What allows InvokeEndpoint stands last, so that nothing is found early. */
export const manyPolicies = (account: string, condition?: object): readonly (readonly object[])[] =>
  Array.from({ length: 20 }, (_, policy) => [
    ...Array.from({ length: policy === 19 ? 9 : 10 }, (_, index) => statement(account, policy, index)),
    ...(policy === 19
      ? [
          {
            Effect: 'Allow',
            Action: 'sagemaker:InvokeEndpoint',
            Resource: `arn:aws:sagemaker:*:${account}:endpoint/*`,
            ...(condition !== undefined && { Condition: condition }),
          },
        ]
      : []),
  ])
