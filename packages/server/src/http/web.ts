/** The web app under `/app/`: files of one folder, and its page for every address that the app itself draws. */
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
    prefix: '/app/',
    wildcard: false,
    // The address of the folder is one of the app's own, below. The build lays the compressed file beside each.
    index: false,
    preCompressed: true,
    cacheControl: false,
    setHeaders: (reply, path) => {
      reply.header('content-security-policy', webAppPolicy)
      // Files of the build carry a hash of their content in their name; the page that names them does not.
      const isHashed = path.includes('/assets/')
      reply.header('cache-control', isHashed ? 'public, max-age=31536000, immutable' : 'no-cache')
    },
  })
  app.get('/app/*', (request, reply) => {
    const [path = ''] = request.url.split('?', 1)
    // A missing file is missing; anything else is an address inside the app.
    if (extname(path) !== '') throw unknownRoute(request)
    return reply.sendFile('index.html')
  })
}
