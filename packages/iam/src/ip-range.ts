/**
 * IP addresses in CIDR ranges, IPv4 and IPv6, as bits in a bigint. What does not parse lies in no range.
 */

/** `10.1.2.3` in `10.0.0.0/8`; a range without length is the one address. */
export function addressInRange(address: string, range: string): boolean {
  const [base = '', length] = range.split('/')
  const wanted = bitsOf(base)
  const given = bitsOf(address)
  if (wanted === undefined || given === undefined || wanted.width !== given.width) return false
  const shift = BigInt(wanted.width - (length === undefined ? wanted.width : Number(length)))
  return wanted.bits >> shift === given.bits >> shift
}

export function isAddressRange(text: string): boolean {
  const [base = '', length, ...rest] = text.split('/')
  const address = bitsOf(base)
  if (address === undefined || rest.length > 0) return false
  return length === undefined || (/^\d{1,3}$/.test(length) && Number(length) <= address.width)
}

interface Address {
  readonly bits: bigint
  readonly width: 32 | 128
}

function bitsOf(text: string): Address | undefined {
  const bits = text.includes(':') ? ipv6Bits(text) : ipv4Bits(text)
  return bits === undefined ? undefined : { bits, width: text.includes(':') ? 128 : 32 }
}

function ipv4Bits(text: string): bigint | undefined {
  const bytes = text.split('.')
  if (bytes.length !== 4 || bytes.some(byte => !/^\d{1,3}$/.test(byte) || Number(byte) > 255)) return undefined
  return bytes.reduce((bits, byte) => (bits << 8n) | BigInt(byte), 0n)
}

function ipv6Bits(text: string): bigint | undefined {
  const halves = text.split('::')
  if (halves.length > 2) return undefined
  const [left = [], right = []] = halves.map(half => (half === '' ? [] : half.split(':')))
  const missing = 8 - left.length - right.length
  if (halves.length === 2 ? missing < 1 : missing !== 0) return undefined
  const groups = [...left, ...Array<string>(missing).fill('0'), ...right]
  if (groups.some(group => !/^[0-9a-fA-F]{1,4}$/.test(group))) return undefined
  return groups.reduce((bits, group) => (bits << 16n) | BigInt(`0x${group}`), 0n)
}
