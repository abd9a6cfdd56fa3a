/**
 * `headgate`: runs the command that was typed, and says in words why one could not be. The only place of the command line that
 * reads the environment.
 */
import { exits } from './exits.ts'
import { addResourceCommands, headgateProgram } from './program.ts'
import { Refused } from './refused.ts'

const program = headgateProgram(process.env)
const isKnown = program.commands.some(command => command.name() === process.argv[2])
if (!isKnown) await addResourceCommands(program, process.env)

try {
  await program.parseAsync()
} catch (error) {
  process.exitCode = exits.failed
  if (error instanceof Refused) {
    process.stderr.write(`${error.message}\n${error.next === undefined ? '' : `${error.next}\n`}`)
  } else if (error instanceof Error && error.name === 'ApiError') {
    process.stderr.write(`${error.message}\n`)
  } else {
    throw error
  }
}
