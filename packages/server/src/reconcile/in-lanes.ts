/** Does `step` in so many lanes at once, in each until it answers false; ends when every lane has, and throws after that. */
export async function inLanes(lanes: number, step: () => Promise<boolean>): Promise<void> {
  let hasFailed = false
  async function lane(): Promise<void> {
    try {
      while (!hasFailed && (await step())) {}
    } catch (error) {
      hasFailed = true
      throw error
    }
  }
  const ended = await Promise.allSettled(Array.from({ length: lanes }, lane))
  for (const one of ended) if (one.status === 'rejected') throw one.reason
}
