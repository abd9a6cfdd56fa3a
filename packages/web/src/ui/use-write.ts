/** A write with its button: once it is done, everything that is shown is asked for again. */
import { type UseMutationResult, useMutation, useQueryClient } from '@tanstack/react-query'

export type Write<Result = unknown, Input = void> = UseMutationResult<Result, Error, Input>

export function useWrite<Result, Input = void>(
  write: (input: Input) => Promise<Result>,
  done: (result: Result) => unknown = () => {},
): Write<Result, Input> {
  const queries = useQueryClient()
  return useMutation({
    mutationFn: write,
    onSuccess: async result => {
      await done(result)
      await queries.invalidateQueries({ predicate: ({ queryKey }) => queryKey[0] !== 'preview' })
    },
  })
}
