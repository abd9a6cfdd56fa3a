/**
 * Principal advice: how well an AWS identity stands for one person, and whom an approval for it would reach.
 *
 * By what was read of AWS last; what could not be read is said so and never guessed.
 */
import type { PrincipalAdvice } from '@headgate/core/api'
import { type Way, whoCanAssume } from '@headgate/iam'
import type { Db } from '../db/open.ts'
import { type AdvisedRow, ownersOf } from '../db/principal-view.ts'

export async function presentAdvice(db: Db['kysely'], rows: readonly AdvisedRow[]): Promise<PrincipalAdvice[]> {
  const ways = rows.map(row => (row.trust_policy === null ? [] : whoCanAssume(row.trust_policy).ways))
  const named = ways.flat().flatMap(way => (way.who === 'user' || way.who === 'role' ? [way.arn] : []))
  const directory = ways.flat().flatMap(way => (way.who === 'directoryUser' ? [way.name] : []))
  const owners = await ownersOf(db, [...new Set([...named, ...directory])])
  return rows.map((row, at) => {
    const who = (ways[at] ?? []).map(way => {
      const owner = owners.get(way.who === 'directoryUser' ? way.name : 'arn' in way ? way.arn : '')
      return { text: inWords(way), users: owner ? [owner] : [] }
    })
    const breadth = row.breadth ?? 'unknown'
    return {
      user: { id: row.person_id, userid: row.userid, name: row.name, kind: row.person_kind },
      principal: { kind: row.kind, identifier: row.identifier },
      preference: row.kind === 'identityCenterUser' ? 1 : breadth === 'one' || breadth === 'nobody' ? 2 : 3,
      breadth,
      text: adviceText(row, who),
      who,
      ...(row.read_at === null ? {} : { readAt: new Date(row.read_at).toISOString() }),
      ...(row.problem === null ? {} : { problem: row.problem }),
    }
  })
}

function adviceText(row: AdvisedRow, who: PrincipalAdvice['who']): string {
  const text = ownText(row, who)
  if (row.person_kind !== 'role-user') return text
  return `\`${row.userid}\` stands for a role rather than for a person, and what is approved for it is for whoever has the role: ${text}`
}

function ownText({ kind, identifier, breadth, problem, read_at }: AdvisedRow, who: PrincipalAdvice['who']): string {
  if (kind === 'identityCenterUser') return 'an Identity Center user is one person: approving reaches nobody else'
  if (kind === 'iamUser') {
    return 'an IAM user is one person, with keys that do not end by themselves: approving reaches whoever holds them'
  }
  const name = `\`${identifier.slice(identifier.lastIndexOf('/') + 1)}\``
  if (identifier.includes(':role/aws-reserved/sso.amazonaws.com/')) {
    return `approving this reaches everyone whom Identity Center gives the permission set of ${name}: map them as Identity Center users`
  }
  if (read_at === null) return `who can assume ${name} was not read yet`
  const list = who.map(one => (one.users[0] ? `${one.text} (\`${one.users[0].userid}\`)` : one.text)).join('; ')
  switch (breadth) {
    case 'one':
      return `one person can assume ${name}: ${list}`
    case 'nobody':
      return `no person can assume ${name}${list === '' ? '' : `, only ${list}`}`
    case 'several':
      return `approving this reaches everyone who can assume ${name}: ${list}`
    default:
      return list === ''
        ? `who can assume ${name} is not known: ${problem ?? 'AWS did not say'}`
        : `approving this may reach several people, since not everything is known of who can assume ${name}: ${list}`
  }
}

function inWords(way: Way): string {
  const narrowed = way.conditions.length === 0 ? '' : `, under conditions on ${way.conditions.join(', ')}`
  return `${whoInWords(way)}${narrowed}`
}

function whoInWords(way: Way): string {
  switch (way.who) {
    case 'anybody':
      return 'anybody in any AWS account'
    case 'account':
      return `everyone in account ${way.account} whose own policies let them`
    case 'user':
      return `IAM user \`${way.arn}\``
    case 'role':
      return `whoever can assume \`${way.arn}\``
    case 'directoryUser':
      return `the Identity Center user \`${way.name}\``
    case 'federated':
      return way.only === undefined
        ? `everyone whom \`${way.provider}\` signs in`
        : `\`${way.only}\`, signed in by \`${way.provider}\``
    case 'service':
      return `the service ${way.service}`
    case 'unclear':
      return `\`${way.text}\``
  }
}
