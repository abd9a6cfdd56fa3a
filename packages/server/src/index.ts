/** The public names of the server: settings, a start, and a way back in. */
export { type AdminLink, type AdminLinkOptions, adminLink } from './admin-link.ts'
export { type Config, readConfig, settings } from './config.ts'
export { type Server, type ServerOptions, startServer } from './start-server.ts'
