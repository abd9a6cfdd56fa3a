/** The look in numbers: neutral surfaces, one accent, small radii. Colours of states are in `styles.css`. */
import { type CSSVariablesResolver, createTheme, type MantineColorsTuple } from '@mantine/core'

/** Deep water, from a tint to ink. */
const water: MantineColorsTuple = [
  '#e8f6fa',
  '#d3eaf1',
  '#a5d4e2',
  '#74bdd2',
  '#4dabc5',
  '#2f9fbe',
  '#12809e',
  '#0b6680',
  '#0b5a70',
  '#064557',
]

/** The greys of the dark scheme, those of `styles.css` among them, for what a control colours by itself. */
const dark: MantineColorsTuple = [
  '#e6eaec',
  '#c4ccd1',
  '#9fabb3',
  '#6c777e',
  '#4c575e',
  '#3b454b',
  '#30383d',
  '#222a2f',
  '#1b2024',
  '#14181b',
]

export const theme = createTheme({
  primaryColor: 'water',
  primaryShade: { light: 7, dark: 7 },
  colors: { water, dark },
  defaultRadius: 'sm',
  cursorType: 'pointer',
  fontFamily: 'system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", "Open Sans", sans-serif',
  fontFamilyMonospace: 'ui-monospace, "SF Mono", Menlo, Consolas, "Liberation Mono", monospace',
  headings: { fontWeight: '600' },
  respectReducedMotion: true,
})

/** The controls take the colours of `styles.css`, which are light and dark at once. */
const colours = {
  '--mantine-color-body': 'var(--surface)',
  '--mantine-color-text': 'var(--text)',
  '--mantine-color-dimmed': 'var(--text-quiet)',
  '--mantine-color-placeholder': 'var(--text-quiet)',
  '--mantine-color-error': 'var(--state-failed)',
  '--mantine-color-default': 'var(--surface-raised)',
  '--mantine-color-default-hover': 'var(--surface-hover)',
  '--mantine-color-default-color': 'var(--text)',
  '--mantine-color-default-border': 'var(--line-control)',
  '--mantine-color-disabled': 'var(--surface-disabled)',
  '--mantine-color-disabled-color': 'var(--text-disabled)',
  '--mantine-color-disabled-border': 'var(--line)',
}

export const variables: CSSVariablesResolver = () => ({ variables: {}, light: colours, dark: colours })
