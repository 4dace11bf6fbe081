import { randomBytes } from 'node:crypto'
import type { GenerateRandomRequest, GenerateRandomResponse } from '../../../model/generated/kms.ts'
import { notImplemented, validationException } from '../../../wire/service-error.ts'

export async function generateRandom(input: GenerateRandomRequest): Promise<GenerateRandomResponse> {
  if (input.CustomKeyStoreId !== undefined) throw notImplemented('GenerateRandom with CustomKeyStoreId')
  if (input.Recipient !== undefined) throw notImplemented('GenerateRandom with Recipient')
  if (input.NumberOfBytes === undefined) throw validationException('NumberOfBytes is required.')
  return { Plaintext: new Uint8Array(randomBytes(input.NumberOfBytes)) }
}
