/** `/openapi.json`, and the same to read at `/docs`: served from here, asks nobody else for anything. */
import scalar from '@scalar/fastify-api-reference'
import type { FastifyInstance } from 'fastify'
import { printOpenApi } from './openapi.ts'
import { referencePolicy } from './secure-headers.ts'

export async function describeApi(app: FastifyInstance): Promise<void> {
  const document = JSON.stringify(printOpenApi())
  app.get('/openapi.json', (_, reply) => reply.type('application/json').send(document))
  await app.register(async docs => {
    docs.addHook('onSend', async (_request, reply, payload) => {
      const isPage = String(reply.getHeader('content-type')).startsWith('text/html')
      const page = isPage && typeof payload === 'string' ? payload : ''
      reply.header('content-security-policy', referencePolicy(page))
      return payload
    })
    await docs.register(scalar, {
      routePrefix: '/docs',
      configuration: {
        url: '/openapi.json',
        pageTitle: 'Headgate API',
        withDefaultFonts: false,
        telemetry: false,
        agent: { disabled: true },
        mcp: { disabled: true },
        hideClientButton: true,
        showDeveloperTools: 'never',
      },
    })
  })
}
