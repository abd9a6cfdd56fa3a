/** The state of a thing: colour, shape and word say the same, so that none is needed to understand the others. */
import {
  IconAlertTriangle,
  IconCircleCheck,
  IconCircleDashed,
  IconCircleDot,
  IconHandStop,
  type TablerIcon,
} from '@tabler/icons-react'
import classes from './state-badge.module.css'
import type { StateWords, Tone } from './words.ts'

const icons: Readonly<Record<Tone, TablerIcon>> = {
  active: IconCircleCheck,
  onItsWay: IconCircleDot,
  held: IconHandStop,
  failed: IconAlertTriangle,
  unmapped: IconCircleDashed,
}

export function StateBadge({ tone, word }: StateWords) {
  const Icon = icons[tone]
  return (
    <span className={classes.badge} data-tone={tone}>
      <Icon size={16} stroke={2} aria-hidden="true" />
      {word}
    </span>
  )
}
