/**
 * A screen that is fetched when somebody goes there. While the server does not answer, the screen before it stays and
 * says so; the next one comes once it answers again. The router by itself would reload into the browser's own error.
 */
import { lazyRouteComponent as routersOwn } from '@tanstack/react-router'

const restMs = 1000

export const lazyRouteComponent: typeof routersOwn = (importer, exportName) =>
  routersOwn(() => whenAnswered(importer), exportName)

async function whenAnswered<Module>(importer: () => Promise<Module>): Promise<Module> {
  for (;;) {
    try {
      return await importer()
    } catch (error) {
      // It answers, and has no such file any more: it was updated since the page was opened, and a reload helps.
      if (await answers()) return importer().catch(() => Promise.reject(error))
    }
    await new Promise(resolve => setTimeout(resolve, restMs))
  }
}

async function answers(): Promise<boolean> {
  return fetch('/health/live', { cache: 'no-store' }).then(
    ({ ok }) => ok,
    () => false,
  )
}
