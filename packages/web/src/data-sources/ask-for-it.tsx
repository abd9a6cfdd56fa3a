/** Asking for a data source of which a policy opens requests; nothing where none does. */
import { ApiError } from '@headgate/core/api'
import { useQuery } from '@tanstack/react-query'
import { hg } from '../api.ts'
import { Ask } from '../marketplace/ask.tsx'
import { Failure } from '../ui/answer.tsx'

const levels = ['READ', 'WRITE'] as const

export function AskForIt({ id }: { readonly id: string }) {
  const params = { id }
  const opened = useQuery({
    queryKey: ['requests opened', id],
    queryFn: async () => {
      const answers = await Promise.all(levels.map(level => isOpened(id, level)))
      return levels.filter((_, at) => answers[at])
    },
    refetchInterval: false,
  })
  if (opened.error !== null) {
    return <Failure error={opened.error} what="whether you may ask for it" retry={() => void opened.refetch()} />
  }
  if (opened.data === undefined || opened.data.length === 0) return null
  return (
    <Ask
      subject={{
        key: `data source ${id}`,
        levels: opened.data,
        withoutEnd: true,
        status: query => hg.requests.statusOfDataSource({ params, query }),
        ask: body => hg.requests.askForDataSource({ params, body }),
      }}
    />
  )
}

async function isOpened(id: string, level: (typeof levels)[number]): Promise<boolean> {
  try {
    await hg.requests.statusOfDataSource({ params: { id }, query: { level } })
    return true
  } catch (error) {
    if (error instanceof ApiError && error.code === 'request-not-opened') return false
    throw error
  }
}
