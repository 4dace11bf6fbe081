import { invalidArgument } from '../errors.ts'

export const MAX_PART_NUMBER = 10_000

/** @throws InvalidArgument for a number that no part can have. */
export function checkPartNumber(partNumber: number): void {
  if (!Number.isInteger(partNumber) || partNumber < 1 || partNumber > MAX_PART_NUMBER) {
    throw invalidArgument('Part number must be an integer between 1 and 10000, inclusive', 'partNumber', partNumber)
  }
}
