/** The public names of the server: settings, a start, a way back in, and looking after the database and its trail. */
export { type AdminLink, type AdminLinkOptions, adminLink } from './admin-link.ts'
export { type Config, readConfig, settings } from './config.ts'
export { prepare } from './prepare.ts'
export { type Server, type ServerOptions, startServer } from './start-server.ts'
export { type TrailReport, type VerifyOptions, verifyTrail } from './verify-trail.ts'
