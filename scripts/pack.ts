/** `npm run pack`: the tarballs of everything that is published, into `tarballs/`, to be installed or given to npm. */
import { mkdir } from 'node:fs/promises'
import path from 'node:path'
import { root } from './pack/packages.ts'
import { makeTarballs } from './pack/tarballs.ts'

const into = path.join(root, 'tarballs')
await mkdir(into, { recursive: true })
for (const { name, file, size } of await makeTarballs(into)) {
  process.stdout.write(`${name}  ${path.relative(root, file)}  ${Math.ceil(size / 1024)} kB\n`)
}
