/** Who decides about a request, as people say it: of a stored review, and of a flow that is being written. */
import { durationWords, isPermission, permissionName } from '../ui/words.ts'

/** `One approval is enough: by somebody in the group Stewards or by ann.` */
export function stageSentence(needs: 'any' | 'all', who: readonly string[]): string {
  if (who.length === 1) return `One approval is needed, by ${who[0]}.`
  if (needs === 'any') return `One approval is enough: by ${listed(who, 'or')}.`
  return `${who.length} approvals are needed, by different people: ${listed(who, 'and')}.`
}

/** @param most such as `30d`; empty: as long as was asked for */
export function approvalWords(most: string): string {
  return most.trim() === ''
    ? 'Approved at once, for as long as was asked for; nobody decides.'
    : `Approved at once, for at most ${durationWords(most.trim())}; nobody decides.`
}

export const somebody = {
  group: (name: string) => `somebody in the group ${name}`,
  permission: (name: string) => `somebody with the permission ${isPermission(name) ? permissionName(name) : name}`,
  /** @param domain absent: that of what is asked for */
  domainRight: (right: string, domain?: string) =>
    `somebody who may ${rightWords[right] ?? right} in ${domain === undefined ? 'its domain' : `the domain ${domain}`}`,
  /** @param value absent: any */
  attribute: (key: string, value?: string) => `somebody who has ${key}${value === undefined ? '' : `: ${value}`}`,
}

/** A criterion as the server prints it, such as group `Stewards`. */
export function criterionWords(printed: string): string {
  const [, kind, name = '', value] = /^(user|group|attribute) `(.+?)`(?:: `(.+)`)?$/s.exec(printed) ?? []
  if (kind === 'user') return name
  if (kind === 'group') return somebody.group(name)
  if (kind === 'attribute') return somebody.attribute(name, value)
  const [, right = '', domain] = /^(\S+) in (?:domain `(.+)`|its domain)$/s.exec(printed) ?? []
  return right === '' ? somebody.permission(printed) : somebody.domainRight(right, domain)
}

const rightWords: Readonly<Record<string, string>> = {
  MANAGE_POLICIES: 'manage policies',
  AUDIT_ACTIVITY: 'audit activity',
  MANAGE_DATA_PRODUCTS: 'manage data products',
}

function listed(words: readonly string[], last: 'and' | 'or'): string {
  return `${words.slice(0, -1).join(', ')} ${last} ${words.at(-1)}`
}
