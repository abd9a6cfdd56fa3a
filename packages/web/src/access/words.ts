/** An explanation in words. */
import type { Explained } from '@headgate/core/api'
import { principalKindWords } from '../ui/words.ts'

type Level = 'READ' | 'WRITE'
type Fix = Explained['fixes'][number]

export function levelWords(level: Level): string {
  return level === 'WRITE' ? 'Read and write' : 'Read'
}

export const obstacleWords: Readonly<Record<Explained['obstacles'][number], string>> = {
  unknownUser: 'the person is not known',
  userDisabled: 'the person is disabled',
  unknownDataSource: 'the data source is not known',
  dataSourceDisabled: 'the data source is disabled',
  unknownIntegration: 'the integration is not in use',
  nothingLetsIn: 'nothing lets anybody in',
}

/** @param product the name of the data product to ask for, once it is known */
export function fixWords(fix: Fix, product?: string): string {
  return `${changeWords(fix, product)}, which gives ${levelWords(fix.gives).toLowerCase()}`
}

function changeWords(
  { fix, key, value, group, principal, integrationId, level }: Fix,
  product: string | undefined,
): string {
  const to = level === undefined ? '' : ` for ${levelWords(level).toLowerCase()}`
  const attribute = value === undefined ? `any value of ${key}` : `${key}: ${value}`
  if (fix === 'giveAttribute') return `Give the attribute ${attribute}`
  if (fix === 'takeAttribute') return `Take the attribute ${attribute} away`
  if (fix === 'joinGroup') return `Join the group ${group}`
  if (fix === 'leaveGroup') return `Leave the group ${group}`
  if (fix === 'addMember') return `Be added by hand${to}`
  if (fix === 'subscribe') return `Subscribe${to}`
  if (fix === 'requestProduct') return `Ask for the data product${product === undefined ? '' : ` ${product}`}${to}`
  if (fix === 'request') return `Ask for the data source${to}`
  const kind = principal === undefined ? 'an AWS principal' : `an AWS principal: ${principalKindWords[principal]}`
  return `Be given ${kind}${integrationId === undefined ? '' : ` for integration ${integrationId}`}`
}
