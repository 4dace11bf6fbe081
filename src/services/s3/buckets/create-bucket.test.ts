import { expect, test } from 'vitest'
import { bucketRegion } from './create-bucket.ts'

test.each([
  [undefined, 'us-east-1', 'us-east-1'],
  ['eu-west-1', 'us-east-1', 'eu-west-1'],
  ['EU', 'us-east-1', 'eu-west-1'],
  ['us-west-2', 'us-west-2', 'us-west-2'],
  ['us-gov-west-1', 'us-east-1', 'us-gov-west-1'],
  ['on-prem', 'on-prem', 'on-prem'],
])('constraint %s asked for in %s makes a bucket in %s', (constraint, region, expected) => {
  expect(bucketRegion(constraint, region)).toBe(expected)
})

test.each([
  [undefined, 'eu-west-1', 'IllegalLocationConstraintException'],
  ['us-west-2', 'eu-west-1', 'IllegalLocationConstraintException'],
  ['us-east-1', 'us-east-1', 'InvalidLocationConstraint'],
  ['mars', 'us-east-1', 'InvalidLocationConstraint'],
  ['us-west-2; drop', 'us-east-1', 'InvalidLocationConstraint'],
])('constraint %s asked for in %s is refused', (constraint, region, code) => {
  expect(() => bucketRegion(constraint, region)).toThrow(expect.objectContaining({ code }))
})
