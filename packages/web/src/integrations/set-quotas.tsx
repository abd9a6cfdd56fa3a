/** Telling Headgate what AWS has raised the quotas of the account and region to: AWS does not say so itself. */

import type { CapacityOfPlace } from '@headgate/core/api'
import { Button, TextInput } from '@mantine/core'
import { useState } from 'react'
import { hg } from '../api.ts'
import { useWrite } from '../ui/use-write.ts'
import { WriteForm } from '../ui/write-form.tsx'

export function SetQuotas({ place }: { readonly place: CapacityOfPlace }) {
  const { awsAccountId, awsRegion } = place
  const [isOpen, setOpen] = useState(false)
  const [grants, setGrants] = useState(String(place.grants.of))
  const [locations, setLocations] = useState(String(place.locations.of))
  const body = { grants: Number(grants), locations: Number(locations) }
  const set = useWrite(
    () => hg.capacity.setQuotas({ params: { awsAccountId, awsRegion }, body }),
    () => setOpen(false),
  )
  const isWhole = Number.isInteger(body.grants) && body.grants > 0 && Number.isInteger(body.locations)
  if (!isOpen) {
    return (
      <div>
        <Button variant="default" onClick={() => setOpen(true)}>
          AWS raised the quotas
        </Button>
      </div>
    )
  }
  return (
    <WriteForm
      write={set}
      verb="Say so"
      missing={isWhole ? undefined : 'Both are whole numbers; of grants there is at least one.'}
    >
      <TextInput
        label="Grants"
        inputMode="numeric"
        value={grants}
        onChange={event => setGrants(event.currentTarget.value)}
      />
      <TextInput
        label="Locations"
        inputMode="numeric"
        value={locations}
        onChange={event => setLocations(event.currentTarget.value)}
      />
    </WriteForm>
  )
}
