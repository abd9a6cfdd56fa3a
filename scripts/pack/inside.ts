/** What is wrong inside of a tarball: what does not belong there, what is missing, and what gives the checkout away. */
import { readFileSync } from 'node:fs'
import { gunzipSync } from 'node:zlib'
import { root } from './packages.ts'
import type { Tarball } from './tarballs.ts'

/** Bytes unpacked: several times what there is today. */
const mostUnpacked = 40_000_000

const belongs = [
  /^(package\.json|README\.md|LICENSE)$/,
  /^dist\/.+\.(js|d\.ts|sql)$/,
  /^web\/.+\.(html|js|css|svg|png|ico|woff2?|webmanifest|txt|json)(\.br|\.gz)?$/,
  /^web\/\.made-from$/,
  /^examples\/.+\.(ya?ml|md|json)$/,
]

export function wrongInside({ package: one, files, unpackedSize, file }: Tarball): string[] {
  const strange = files.filter(name => !belongs.some(pattern => pattern.test(name)))
  const missing = ['package.json', 'README.md', 'LICENSE', ...(extras[one] ?? [])].filter(name => !files.includes(name))
  // A tarball is its files one after the other: whatever any of them says is found in the whole.
  const bytes = gunzipSync(readFileSync(file))
  const secrets = [root, '-----BEGIN PRIVATE KEY-----']
  return [
    ...strange.map(name => `${name} does not belong there`),
    ...missing.map(name => `${name} is missing`),
    ...(unpackedSize > mostUnpacked ? [`${unpackedSize} bytes are more than ${mostUnpacked}`] : []),
    ...secrets.filter(secret => bytes.includes(secret)).map(secret => `it tells ${secret}`),
  ]
}

const extras: Partial<Record<Tarball['package'], readonly string[]>> = {
  server: ['dist/index.js', 'dist/db/migrations/0001-the-line.sql'],
  cli: ['dist/headgate.js', 'web/index.html', 'examples/acme/policies.yaml', 'examples/acme-demo/people.yaml'],
}
