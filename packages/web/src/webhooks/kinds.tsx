/** Which kinds a webhook is told. */
import { type NoticeKind, noticeKindNames, noticeKinds } from '@headgate/core/api'
import { Checkbox } from '@mantine/core'
import forms from '../ui/form.module.css'

interface Props {
  readonly kinds: readonly NoticeKind[]
  readonly onChange: (kinds: NoticeKind[]) => void
}

export function KindsField({ kinds, onChange }: Props) {
  return (
    <Checkbox.Group
      label="It is told"
      value={[...kinds]}
      onChange={chosen => onChange(noticeKindNames.filter(kind => chosen.includes(kind)))}
    >
      <div className={forms.choices}>
        {noticeKindNames.map(kind => (
          <Checkbox key={kind} value={kind} label={`When ${noticeKinds[kind].when}`} description={kind} />
        ))}
      </div>
    </Checkbox.Group>
  )
}
