/** Which kinds a webhook is told. */
import { type NoticeKind, noticeKindNames, noticeKinds } from '@headgate/core/api'
import { Checkbox } from '@mantine/core'
import classes from './kinds.module.css'

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
      <div className={classes.kinds}>
        {noticeKindNames.map(kind => (
          <Checkbox key={kind} value={kind} label={whenWords(kind)} description={kind} />
        ))}
      </div>
    </Checkbox.Group>
  )
}

/** A webhook hears of everybody's, of which an inbox says that they are one's own. */
export function whenWords(kind: NoticeKind): string {
  const { when } = noticeKinds[kind]
  return `When ${when
    .replace(/ of yours/, '')
    .replace('and you may decide', '')
    .replace('for your decision', 'for a decision')
    .trim()}`
}
