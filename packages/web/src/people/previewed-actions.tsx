/** Changes that may give or take access, each shown with what it would do before it is stored. */
import { useState } from 'react'
import { type Change, type Confirmation, PreviewedWrite } from '../preview/previewed-write.tsx'

export interface Proposal {
  readonly change: Change
  readonly verb: string
  readonly write: (preview: Pick<Confirmation, 'ifPreview'>) => Promise<unknown>
  readonly done?: () => unknown
}

/** One proposal at a time; `shown` is there while somebody looks at it. */
export function useProposal() {
  const [proposal, propose] = useState<Proposal>()
  const leave = () => propose(undefined)
  const shown = proposal && (
    <PreviewedWrite
      key={JSON.stringify(proposal.change)}
      change={proposal.change}
      verb={proposal.verb}
      write={({ ifPreview }) => proposal.write(ifPreview === undefined ? {} : { ifPreview })}
      onDone={() => {
        leave()
        return proposal.done?.()
      }}
      onLeave={leave}
    />
  )
  return { propose, shown }
}
