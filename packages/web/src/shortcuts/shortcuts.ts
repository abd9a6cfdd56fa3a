/**
 * Every key that does something by itself: one table, which the handlers and the help read. Keys that are a letter alone
 * can be switched off, since who speaks to a computer types them without meaning to.
 */
export interface Shortcut {
  /** Pressed one after the other; `mod` is ⌘ on a Mac and Ctrl elsewhere. */
  readonly keys: readonly string[]
  readonly does: string
  readonly where: string
}

const everywhere = 'Everywhere'
const go = (key: string, screen: string): Shortcut => ({
  keys: ['g', key],
  does: `Go to ${screen}`,
  where: 'Going somewhere',
})
const queue = (key: string, does: string): Shortcut => ({ keys: [key], does, where: 'Requests to decide' })

export const shortcuts = {
  search: { keys: ['mod+k'], does: 'Search everything', where: everywhere },
  find: { keys: ['/'], does: 'Search what this screen lists', where: everywhere },
  help: { keys: ['?'], does: 'Show these keys', where: everywhere },
  goHome: go('h', 'Home'),
  goMarketplace: go('m', 'the marketplace'),
  goRequests: go('r', 'requests'),
  goDataSources: go('d', 'data sources'),
  goPolicies: go('p', 'policies'),
  goPeople: go('u', 'people'),
  goAccess: go('a', 'access'),
  goIntegrations: go('i', 'integrations'),
  next: queue('j', 'The next request'),
  previous: queue('k', 'The one before'),
  choose: queue('x', 'Choose it, or not'),
  approve: queue('a', 'Approve those that are chosen'),
  deny: queue('d', 'Deny those that are chosen, once a reason is typed'),
} as const satisfies Readonly<Record<string, Shortcut>>

export type ShortcutName = keyof typeof shortcuts

const name = 'headgate-single-keys'

export function areSingleKeysOn(): boolean {
  return localStorage.getItem(name) !== 'off'
}

export function switchSingleKeys(on: boolean): void {
  if (on) localStorage.removeItem(name)
  else localStorage.setItem(name, 'off')
}
