/** The screens that this person may open; those that the API would refuse are left out. */
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
  IconPlayerPlay,
  IconScale,
  IconSearch,
  IconSettings,
  IconShoppingBag,
  IconUser,
  IconUsers,
  type TablerIcon,
} from '@tabler/icons-react'
import { Link, type LinkProps } from '@tanstack/react-router'
import { useHasDomains } from '../domains/has-domains.ts'
import { mayCall, seesTheWhole } from '../me.ts'
import classes from './navigation.module.css'

export function Navigation({ me }: { readonly me: User }) {
  const hasDomains = useHasDomains()
  // Owners see the policies of what they own, and only people with this permission become owners by registering.
  const seesPolicies = seesTheWhole(me) || hasDomains || me.permissions.includes('CREATE_S3_DATASOURCE')
  return (
    <nav aria-label="Screens">
      <ul className={classes.items}>
        {seesTheWhole(me) && <Item icon={IconHome} name="Home" to="/" activeOptions={{ exact: true }} />}
        <Item icon={IconUser} name="My access" to="/people/$id" params={{ id: String(me.id) }} />
        <Item icon={IconShoppingBag} name="Marketplace" to="/marketplace" />
        <Item icon={IconMessageQuestion} name="Requests" to="/requests" />
        <Item icon={IconDatabase} name="Data sources" to="/data-sources" />
        <Item icon={IconSearch} name="Find data" to="/find" />
        {(seesTheWhole(me) || hasDomains) && <Item icon={IconFolders} name="Domains" to="/domains" />}
        {seesPolicies && <Item icon={IconScale} name="Policies" to="/policies" />}
        {mayCall(me, api.users.list) && (
          <Item icon={IconUsers} name="People" to="/people" activeOptions={{ exact: true, includeSearch: false }} />
        )}
        <Item icon={IconHelpCircle} name="Access" to="/access" />
        <Item icon={IconKey} name="Grants" to="/grants" />
        {mayCall(me, api.runs.list) && <Item icon={IconPlayerPlay} name="Runs" to="/runs" />}
        {(seesTheWhole(me) || hasDomains) && <Item icon={IconHistory} name="Audit" to="/audit" />}
        {mayCall(me, api.reports.list) && <Item icon={IconChartBar} name="Reports" to="/reports" />}
        {seesTheWhole(me) && <Item icon={IconFileExport} name="Exports" to="/exports" />}
        {mayCall(me, api.integrations.list) && <Item icon={IconCloud} name="Integrations" to="/integrations" />}
        {mayCall(me, api.identityProviders.list) && (
          <Item icon={IconId} name="Identity providers" to="/identity-providers" />
        )}
        {mayCall(me, api.settings.get) && <Item icon={IconSettings} name="Settings" to="/settings" />}
      </ul>
    </nav>
  )
}

function Item({ icon: Icon, name, ...link }: { readonly icon: TablerIcon; readonly name: string } & LinkProps) {
  return (
    <li>
      <Link {...link} activeOptions={{ includeSearch: false, ...link.activeOptions }} className={classes.item}>
        <Icon size={18} stroke={1.75} aria-hidden="true" />
        {name}
      </Link>
    </li>
  )
}
