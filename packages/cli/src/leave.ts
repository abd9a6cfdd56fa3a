/**
 * When to stop: on Ctrl-C, on a polite kill, and when whoever started us is gone (the npm verb's channel closes), so
 * that nothing outlives its terminal. A second Ctrl-C does not wait for an orderly end.
 */
export async function untilToldToLeave(): Promise<string> {
  return new Promise(resolve => {
    process.once('SIGINT', () => {
      process.once('SIGINT', () => process.exit(130))
      resolve('Ctrl-C')
    })
    process.once('SIGTERM', () => resolve('SIGTERM'))
    process.once('SIGHUP', () => resolve('SIGHUP'))
    process.once('disconnect', () => resolve('the npm process is gone'))
  })
}
