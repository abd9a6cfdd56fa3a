/** Server-sent events as the API answers them, read back: each event's data, checked. Ends when the server ends. */
import type { z } from 'zod'

/** Throws what the connection throws when it breaks: connect again, the state comes first. */
export async function* readEvents<Schema extends z.ZodType>(
  response: Response,
  schema: Schema,
): AsyncGenerator<z.output<Schema>> {
  let text = ''
  const decoder = new TextDecoder()
  for await (const chunk of (response.body ?? []) as AsyncIterable<Uint8Array>) {
    text += decoder.decode(chunk, { stream: true })
    const blocks = text.split('\n\n')
    text = blocks.pop() ?? ''
    for (const block of blocks) {
      const data = block.split('\n').flatMap(line => (line.startsWith('data: ') ? [line.slice(6)] : []))
      if (data.length > 0) yield schema.parse(JSON.parse(data.join('\n')))
    }
  }
}
