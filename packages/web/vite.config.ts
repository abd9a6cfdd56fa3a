/** How the web app is built: under `/app/`, one file per route, nothing inline that the server's policy would refuse. */
import { api } from '@headgate/core/api'
import react from '@vitejs/plugin-react'
import { defineConfig, type ProxyOptions } from 'vite'

export default defineConfig({
  base: '/app/',
  plugins: [react()],
  build: {
    // The first of each that know `light-dark()`: written for older ones, it would not follow the switch of colours.
    target: ['chrome123', 'edge123', 'firefox121', 'safari17.5'],
    // A data: address in place of a small file would need exceptions in the content security policy.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
  },
  server: { host: '127.0.0.1', proxy: apiProxy(process.env.HEADGATE_URL ?? 'http://127.0.0.1:8080') },
})

/** Sends every route of the contract, and the description of it, on to a running server. */
function apiProxy(target: string): Record<string, ProxyOptions> {
  const paths = Object.values(api).flatMap(resource => Object.values(resource).map(({ path }) => path.split('/')[1]))
  const firstSegments = new Set([...paths, 'docs', 'openapi.json'])
  return Object.fromEntries([...firstSegments].map(segment => [`/${segment}`, { target }]))
}
