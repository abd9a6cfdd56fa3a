/** Light, dark, or as the system says; remembered by the browser. */
import { ActionIcon, type MantineColorScheme, useMantineColorScheme } from '@mantine/core'
import { IconDeviceDesktop, IconMoon, IconSun } from '@tabler/icons-react'

const next: Readonly<Record<MantineColorScheme, MantineColorScheme>> = { auto: 'light', light: 'dark', dark: 'auto' }
const words: Readonly<Record<MantineColorScheme, string>> = { auto: 'as the system', light: 'light', dark: 'dark' }
const icons = { auto: IconDeviceDesktop, light: IconSun, dark: IconMoon } as const

export function ColourScheme() {
  const { colorScheme, setColorScheme } = useMantineColorScheme()
  const Icon = icons[colorScheme]
  const label = `Colours: ${words[colorScheme]}; change to ${words[next[colorScheme]]}`
  return (
    <ActionIcon
      variant="subtle"
      color="gray"
      size="lg"
      aria-label={label}
      title={label}
      onClick={() => setColorScheme(next[colorScheme])}
    >
      <Icon size={18} aria-hidden="true" />
    </ActionIcon>
  )
}
