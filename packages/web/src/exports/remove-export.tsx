/** The end of an export. */
import { useNavigate } from '@tanstack/react-router'
import { RemoveSection } from '../ui/remove-section.tsx'

export function RemoveExport({ write }: { readonly write: () => Promise<unknown> }) {
  const navigate = useNavigate()
  return (
    <RemoveSection verb="Delete this export" write={write} done={() => navigate({ to: '/exports' })}>
      Nothing is exported there any more, and its history goes from here. What lies in the bucket stays.
    </RemoveSection>
  )
}
