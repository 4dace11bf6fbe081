import { UsageError } from './command.ts'

/** @throws UsageError for what is no AWS account id */
export function requireAccountId(text: string): string {
  if (/^\d{12}$/.test(text)) return text
  throw new UsageError(`'${text}' is no account id; it has twelve digits, such as 222222222222`)
}
