/** The screens that a person may open, in their groups; those that the API would refuse are left out. */
import { api, type User } from '@headgate/core/api'
import {
  IconChartBar,
  IconCloud,
  IconDatabase,
  IconFileExport,
  IconFolders,
  IconHelpCircle,
  IconHistory,
  IconHome,
  IconId,
  IconKey,
  IconMessageQuestion,
  IconPackage,
  IconPlayerPlay,
  IconScale,
  IconSearch,
  IconSettings,
  IconShoppingBag,
  IconUser,
  IconUsers,
  type TablerIcon,
} from '@tabler/icons-react'
import type { LinkProps } from '@tanstack/react-router'
import { useHasDomains } from '../domains/has-domains.ts'
import { mayCall, seesTheWhole } from '../me.ts'

export interface Screen {
  readonly name: string
  readonly icon: TablerIcon
  readonly link: LinkProps
  /** What it is listed under; without one, ahead of all. */
  readonly group?: string
}

export function useScreens(me: User): readonly Screen[] {
  const hasDomains = useHasDomains()
  const seesWhole = seesTheWhole(me)
  const screen = (
    isOpen: boolean,
    icon: TablerIcon,
    name: string,
    link: LinkProps,
  ): readonly Omit<Screen, 'group'>[] => (isOpen ? [{ name, icon, link }] : [])
  const group = (group: string, ...screens: readonly (readonly Omit<Screen, 'group'>[])[]): readonly Screen[] =>
    screens.flat().map(one => ({ ...one, group }))
  return [
    ...screen(true, IconHome, 'Home', { to: '/', activeOptions: { exact: true } }),
    ...screen(true, IconUser, 'My access', { to: '/people/$id', params: { id: String(me.id) } }),
    ...screen(true, IconShoppingBag, 'Marketplace', { to: '/marketplace' }),
    ...screen(true, IconMessageQuestion, 'Requests', { to: '/requests' }),
    ...group(
      'Data',
      screen(true, IconDatabase, 'Data sources', { to: '/data-sources' }),
      screen(true, IconSearch, 'Find data', { to: '/find' }),
      screen(seesWhole || hasDomains, IconPackage, 'Data products', { to: '/data-products' }),
      screen(seesWhole || hasDomains, IconFolders, 'Domains', { to: '/domains' }),
    ),
    ...group(
      'Who reaches what',
      screen(seesPolicies(me, hasDomains), IconScale, 'Policies', { to: '/policies' }),
      screen(mayCall(me, api.users.list), IconUsers, 'People', { to: '/people', activeOptions: { exact: true } }),
      screen(true, IconHelpCircle, 'Access', { to: '/access' }),
      screen(true, IconKey, 'Grants', { to: '/grants' }),
    ),
    ...group(
      'On the record',
      screen(mayCall(me, api.runs.list), IconPlayerPlay, 'Runs', { to: '/runs' }),
      screen(seesWhole || hasDomains, IconHistory, 'Audit', { to: '/audit' }),
      screen(mayCall(me, api.reports.list), IconChartBar, 'Reports', { to: '/reports' }),
      screen(seesWhole, IconFileExport, 'Exports', { to: '/exports' }),
    ),
    ...group(
      'Set-up',
      screen(mayCall(me, api.integrations.list), IconCloud, 'Integrations', { to: '/integrations' }),
      screen(mayCall(me, api.identityProviders.list), IconId, 'Identity providers', { to: '/identity-providers' }),
      screen(mayCall(me, api.settings.get), IconSettings, 'Settings', { to: '/settings' }),
    ),
  ]
}

/** Owners see the policies of what they own, and only people with this permission become owners by registering. */
export function seesPolicies(me: User, hasDomains: boolean): boolean {
  return seesTheWhole(me) || hasDomains || me.permissions.includes('CREATE_S3_DATASOURCE')
}
