/** Why a command cannot go on, for people: what is so, and what to do next. Ends with exit code 1 and no stack. */
export class Refused extends Error {
  override readonly name = 'Refused'
  readonly next: string | undefined

  constructor(message: string, next?: string) {
    super(message)
    this.next = next
  }
}
