/**
 * Signing in through an identity provider. These are addresses for a browser to go to, not calls: they answer with
 * redirects, and say what is wrong on the sign-in page (`/app/sign-in?problem=CODE&provider=NAME`, with a code of
 * `docs/errors.md`).
 */
import { z } from 'zod'
import { id, idParam, nothing } from './common.ts'
import { endpoint } from './endpoint.ts'

const params = z.object({ id: idParam })

export const providerSignIn = {
  providers: endpoint({
    method: 'GET',
    path: '/sign-in/providers',
    summary: 'The ways to sign in: identity providers by name, and whether a password does',
    needs: 'nobody',
    status: 200,
    response: z.object({
      localAccounts: z.boolean(),
      providers: z.array(z.object({ id, name: z.string() })),
    }),
    errors: [],
  }),
  begin: endpoint({
    method: 'GET',
    path: '/sign-in/{id}',
    summary: 'Sends the browser to an identity provider, and afterwards to `returnTo`, a page of the web app',
    needs: 'nobody',
    params,
    query: z.looseObject({ returnTo: z.string().optional() }),
    status: 302,
    response: nothing,
    errors: [],
  }),
  end: endpoint({
    method: 'GET',
    path: '/sign-in/{id}/callback',
    summary: 'Where an identity provider sends the browser back to: starts a session',
    needs: 'nobody',
    params,
    // Whatever the provider adds is taken from the address as it is: said twice, say.
    query: z.looseObject({}),
    status: 302,
    response: nothing,
    errors: [],
  }),
}
