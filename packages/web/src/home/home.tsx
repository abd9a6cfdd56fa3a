/** The start: what waits, then the state of the whole. Whoever may not see the whole begins with what is theirs. */
import { api } from '@headgate/core/api'
import { mayCall, seesTheWhole, useMe } from '../me.ts'
import { Page } from '../ui/page.tsx'
import { FirstSteps } from './first-steps.tsx'
import { ForMe } from './for-me.tsx'
import { GrantStates } from './grant-states.tsx'
import { InAws } from './in-aws.tsx'
import { Integrations } from './integrations.tsx'
import { MyHome } from './my-home.tsx'
import { Totals } from './totals.tsx'
import { Unread } from './unread.tsx'
import { Waiting } from './waiting.tsx'

export function Home() {
  const me = useMe()
  if (!seesTheWhole(me)) return <MyHome />
  return (
    <Page title="Home" withContents={false}>
      <FirstSteps />
      <ForMe />
      <Unread />
      <Waiting />
      <Totals />
      <GrantStates />
      <InAws />
      {mayCall(me, api.integrations.list) && <Integrations />}
    </Page>
  )
}
