/** How answers of the API are kept: asked again every other second while somebody looks, the old shown meanwhile. */
import { ApiError } from '@headgate/core/api'
import { QueryClient } from '@tanstack/react-query'

/** Short enough to see a change happen, long enough for hundreds of open pages. */
const refreshMs = 1500
/** A server that is down is asked less often. */
const refreshAfterErrorMs = 5000

export function createAnswers(): QueryClient {
  return new QueryClient({
    defaultOptions: {
      queries: {
        refetchInterval: ({ state }) => {
          if (state.error === null) return refreshMs
          return isFinal(state.error) ? false : refreshAfterErrorMs
        },
        refetchIntervalInBackground: false,
        staleTime: refreshMs,
        retry: false,
        // The browser's own idea of being online knows nothing of a server on this machine.
        networkMode: 'always',
      },
    },
  })
}

/** Whether asking again changes nothing: what is refused or missing stays so until somebody acts. */
function isFinal(error: Error): boolean {
  return error instanceof ApiError && error.status >= 400 && error.status < 500 && error.status !== 429
}
