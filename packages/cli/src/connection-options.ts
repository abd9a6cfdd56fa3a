/** The options of every command that speaks to a server. */
import { Option } from 'commander'

export const serverOption = new Option('--url <address>', 'Headgate to speak to; default HEADGATE_URL or the profile')
export const profileOption = new Option('--profile <name>', 'profile of `headgate login`')
