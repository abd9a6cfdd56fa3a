/** `npm start`: builds the web app when it is stale, then runs the whole product with the demo world. */
import { buildWebWhenStale, webDir } from './build-web.ts'

await buildWebWhenStale()
process.argv.splice(2, 0, 'up', '--demo', '--web-dir', webDir)
await import('../packages/cli/src/main.ts')
