/**
 * The web app under `/app/`: files of one folder, and its page for every address that the app itself draws. The folder is
 * looked at anew for each request, so that a build which takes the place of another is served as a whole: its page never
 * names a file that is not found.
 */
import { extname } from 'node:path'
import fastifyStatic from '@fastify/static'
import type { FastifyInstance } from 'fastify'
import { unknownRoute } from './errors.ts'
import { webAppPolicy } from './secure-headers.ts'

export async function serveWeb(app: FastifyInstance, folder: string | undefined): Promise<void> {
  app.get('/', (_, reply) => reply.redirect(folder === undefined ? '/docs/' : '/app/'))
  if (folder === undefined) return
  app.get('/app', (_, reply) => reply.redirect('/app/'))
  await app.register(fastifyStatic, {
    root: folder,
    // Routes of its own would be those of the files that were there at the start.
    serve: false,
    dotfiles: 'ignore',
    // The build lays the compressed file beside each.
    preCompressed: true,
    cacheControl: false,
    setHeaders: (reply, path) => {
      reply.header('content-security-policy', webAppPolicy)
      // Files of the build carry a hash of their content in their name; the page that names them does not.
      const isHashed = path.includes('/assets/')
      reply.header('cache-control', isHashed ? 'public, max-age=31536000, immutable' : 'no-cache')
    },
  })
  app.get<{ Params: { '*': string } }>('/app/*', (request, reply) => {
    const path = request.params['*']
    // A missing file is missing; anything else is an address inside the app.
    if (extname(path) === '') return reply.sendFile('index.html')
    if (!isPlain(path)) throw unknownRoute(request)
    return reply.sendFile(path)
  })
}

/** Names of the build alone: no way up, nothing hidden, nothing that could be read in two ways. */
function isPlain(path: string): boolean {
  return path.split('/').every(part => /^[\w-][\w.-]*$/.test(part))
}
