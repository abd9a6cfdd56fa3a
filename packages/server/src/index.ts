/** The public names of the server: settings, and a start. */
export { type Config, readConfig, settings } from './config.ts'
export { type Server, type ServerOptions, startServer } from './start-server.ts'
