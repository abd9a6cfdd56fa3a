/**
 * A whole access summary: from the first row read to the manifest in the bucket. PostgreSQL and the sandbox are processes
 * of their own; what is measured is this one, with the index of the world in it.
 */
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { CreateBucketCommand, S3Client } from '@aws-sdk/client-s3'
import { exportFormats } from '@headgate/core/api'
import { openTarget } from '../packages/server/src/export/target.ts'
import { writeSummary } from '../packages/server/src/export/write-summary.ts'
import { testServer } from '../packages/server/test/support/server.ts'
import { fillFacts, storable } from './lib/filled-facts.ts'
import { type LakeProcess, program } from './lib/lake-process.ts'
import type { Bench, Figure } from './lib/report.ts'
import { worldOf } from './lib/world.ts'

const MiB = 2 ** 20

export async function measure(smoke: boolean): Promise<Bench> {
  const size = smoke ? 300 : 22_000
  const facts = storable(worldOf({ users: size, dataSources: size }))
  const child = fork(program, ['0'])
  const [lake] = (await once(child, 'message')) as [LakeProcess]
  const server = await testServer({
    environment: { HEADGATE_AWS_ENDPOINT: lake.url },
    fill: db => fillFacts(db, facts),
  })
  try {
    const figures: Figure[] = []
    await server.world.index.fresh()
    for (const format of smoke ? exportFormats : (['csv', 'parquet'] as const)) {
      figures.push(...(await summary(server.world, lake, format, smoke)))
    }
    return { settings: { users: size, dataSources: size, policies: facts.policies.length }, figures }
  } finally {
    await server.close()
    child.kill()
  }
}

type Server = Awaited<ReturnType<typeof testServer>>

async function summary(
  world: Server['world'],
  { url, region, controller: credentials }: LakeProcess,
  format: (typeof exportFormats)[number],
  smoke: boolean,
): Promise<Figure[]> {
  const bucketName = `summary-${format}`
  const s3 = new S3Client({ region, endpoint: url, credentials, forcePathStyle: true })
  await s3.send(new CreateBucketCommand({ Bucket: bucketName }))
  s3.destroy()
  const open = openTarget(world, { bucketName, region, path: '', credentials })
  globalThis.gc?.()
  const before = process.memoryUsage.rss()
  let highest = before
  const watch = setInterval(() => {
    highest = Math.max(highest, process.memoryUsage.rss())
  }, 50)
  const [begun, cpu] = [performance.now(), process.cpuUsage()]
  const written = await writeSummary(world, open, { format, timeZone: 'UTC', goOn: () => {} })
  const seconds = (performance.now() - begun) / 1000
  const { user, system } = process.cpuUsage(cpu)
  clearInterval(watch)
  open.close()
  const outcomes = written.tables.find(({ name }) => name === 'policy-outcomes')?.rows ?? 0
  const reach = (figure: number) => (smoke ? {} : { reach: figure })
  const better = 'lower' as const
  return [
    { name: `${format}: rows of who reaches what`, value: outcomes, unit: 'rows', better: 'higher' },
    { name: `${format}: the whole summary`, value: seconds, unit: 's', better, ...reach(60) },
    { name: `${format}: CPU of this process`, value: (user + system) / 1e6, unit: 's', better },
    {
      name: `${format}: growth of memory at its highest`,
      value: (highest - before) / MiB,
      unit: 'MiB',
      better,
      ...reach(300),
    },
    { name: `${format}: written`, value: written.bytes / MiB, unit: 'MiB', better },
  ]
}
