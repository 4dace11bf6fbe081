/** What is wrong with a filter policy. */
export class FilterFault extends Error {
  override readonly name = 'FilterFault'
}
