/** Ranges of IP addresses, and which addresses are of the public internet. Pure. */
import { BlockList, isIP } from 'node:net'

/** `10.0.0.0/8,fd00::/8,192.0.2.7`. Undefined where one cannot be read. */
export function readRanges(text: string): BlockList | undefined {
  const ranges = new BlockList()
  for (const one of text.split(',').map(part => part.trim())) {
    if (one === '') continue
    const [address = '', length, ...rest] = one.split('/')
    const kind = isIP(address)
    const most = kind === 4 ? 32 : 128
    const bits = length === undefined ? most : /^\d{1,3}$/.test(length) ? Number(length) : most + 1
    if (kind === 0 || bits > most || rest.length > 0) return undefined
    ranges.addSubnet(address, bits, familyOf(address))
  }
  return ranges
}

/** What anybody can reach: no loopback, no private network, no link (where clouds tell credentials), nothing special. */
export function isPublic(address: string): boolean {
  const kind = isIP(address)
  if (kind === 0 || special.check(address, familyOf(address))) return false
  // Of IPv6 only what has been given out: mapped, translated and local addresses lie elsewhere.
  return kind === 4 || global6.check(address, 'ipv6')
}

export function isWithin(ranges: BlockList, address: string): boolean {
  return isIP(address) !== 0 && ranges.check(address, familyOf(address))
}

function familyOf(address: string): 'ipv4' | 'ipv6' {
  return isIP(address) === 6 ? 'ipv6' : 'ipv4'
}

function ranges(text: string): BlockList {
  const read = readRanges(text)
  if (!read) throw new Error(`\`${text}\` are no ranges`)
  return read
}

/** IANA's special-purpose registries (RFC 6890 and what came since), multicast and reserved ones besides. */
const special = ranges(
  [
    '0.0.0.0/8,10.0.0.0/8,100.64.0.0/10,127.0.0.0/8,169.254.0.0/16,172.16.0.0/12,192.0.0.0/24,192.0.2.0/24',
    '192.88.99.0/24,192.168.0.0/16,198.18.0.0/15,198.51.100.0/24,203.0.113.0/24,224.0.0.0/4,240.0.0.0/4',
    '2001::/23,2001:db8::/32,2002::/16,3fff::/20',
  ].join(','),
)
const global6 = ranges('2000::/3')
