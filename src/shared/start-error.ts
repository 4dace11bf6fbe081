/** Why the server cannot start: one sentence that says what to do. Crosses process boundaries as its message alone. */
export class StartError extends Error {
  override readonly name = 'StartError'
}
