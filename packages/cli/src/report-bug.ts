/** The sandbox's own mistakes, told to whoever runs it; the client sees no more than AWS's InternalError. */
export function reportBug(error: unknown): void {
  process.stderr.write(
    `the AWS sandbox has a bug: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`,
  )
}
