/** How the trail is kept from being changed unnoticed: how far it is sealed and signed, and by which keys. */
import { api } from '@headgate/core/api'
import { Button } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { useState } from 'react'
import { hg } from '../api.ts'
import { mayCall, useMe } from '../me.ts'
import { Answer, Nothing } from '../ui/answer.tsx'
import { DataTable } from '../ui/data-table.tsx'
import forms from '../ui/form.module.css'
import { Facts, Page, Section } from '../ui/page.tsx'
import { Refusal } from '../ui/refusal.tsx'
import { RelativeTime } from '../ui/relative-time.tsx'
import { CopyText } from '../ui/scope-path.tsx'
import { useWrite } from '../ui/use-write.ts'
import { counted } from '../ui/words.ts'

export function AuditSigning() {
  const me = useMe()
  return (
    <Page
      title="How the trail is signed"
      above={<Link to="/audit">Audit</Link>}
      lead="Events are sealed in batches, each with the sum of the one before, and the chain is signed now and then: whoever changes one event breaks all that follow."
    >
      {mayCall(me, api.audit.state) && <State />}
      <Keys />
      <p className="quiet">
        <code>headgate audit verify</code> holds the whole trail against these keys, on any machine. Keep the public
        keys somewhere else as well: then nobody who changes the trail can change them with it.
      </p>
    </Page>
  )
}

function State() {
  const state = useQuery({ queryKey: ['audit state'], queryFn: () => hg.audit.state() })
  return (
    <Answer query={state} what="how far it is signed">
      {({ position, batch, waiting, waitingSince, lastCheckpoint, prunedThrough }) => (
        <Facts
          facts={[
            [
              'Sealed',
              position === 0 ? 'nothing yet' : `${counted(position, 'event')} in ${counted(batch, 'batch', 'batches')}`,
            ],
            [
              'Waiting to be sealed',
              waiting === 0 || waitingSince === undefined ? (
                'none'
              ) : (
                <>
                  {counted(waiting, 'event')}, the oldest from <RelativeTime at={waitingSince} />
                </>
              ),
            ],
            [
              'Signed last',
              lastCheckpoint === undefined ? (
                'not yet'
              ) : (
                <>
                  <RelativeTime at={lastCheckpoint.at} /> up to event {lastCheckpoint.position.toLocaleString('en')}, by
                  key {lastCheckpoint.keyId}
                </>
              ),
            ],
            [
              'Let go',
              prunedThrough === 0
                ? 'nothing: every event is here'
                : `${counted(prunedThrough, 'event')}; their sums are kept, so the chain still holds`,
            ],
          ]}
        />
      )}
    </Answer>
  )
}

function Keys() {
  const mayRotate = mayCall(useMe(), api.audit.rotateKey)
  const [isAsked, setAsked] = useState(false)
  const keys = useQuery({ queryKey: ['audit keys'], queryFn: () => hg.audit.keys() })
  const rotate = useWrite(
    () => hg.audit.rotateKey(),
    () => setAsked(false),
  )
  return (
    <Section title="Public keys">
      <Answer query={keys} what="the keys">
        {found =>
          found.length === 0 ? (
            <Nothing title="No key yet">The first is made with the first signature.</Nothing>
          ) : (
            <DataTable
              caption="Public keys, oldest first"
              rows={found}
              rowKey={({ id }) => id}
              columns={[
                { name: 'Key', width: '10%', cell: ({ id }) => String(id) },
                {
                  name: 'Ed25519, DER in base64',
                  cell: ({ id, publicKey }) => (
                    <>
                      <code style={{ overflowWrap: 'anywhere' }}>{publicKey}</code>{' '}
                      <CopyText text={publicKey} what={`key ${id}`} />
                    </>
                  ),
                },
                { name: 'Made', width: '18%', cell: ({ createdAt }) => <RelativeTime at={createdAt} /> },
              ]}
            />
          )
        }
      </Answer>
      {mayRotate && (
        <div className={forms.actions}>
          {isAsked ? (
            <>
              <Button loading={rotate.isPending} onClick={() => rotate.mutate()}>
                Sign with a new key from now on
              </Button>
              <Button variant="default" onClick={() => setAsked(false)}>
                Leave it
              </Button>
            </>
          ) : (
            <Button variant="default" onClick={() => setAsked(true)}>
              Change the key
            </Button>
          )}
        </div>
      )}
      {isAsked && (
        <p className="quiet small">
          The key before signs the new one, and both stay part of the chain: what was signed is verified as it was. The
          old private key is not used again.
        </p>
      )}
      <Refusal error={rotate.error} />
    </Section>
  )
}
