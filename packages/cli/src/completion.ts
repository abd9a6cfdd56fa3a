/** `headgate completion bash|zsh|fish`: a script for the shell, made from the commands themselves. */
import type { Command } from 'commander'

export type Shell = 'bash' | 'zsh' | 'fish'

/** To be put where the shell looks for it, or to be sourced. */
export function completionScript(shell: Shell, program: Command): string {
  const words = [...wordsOf(program, [])]
  if (shell === 'fish') return fish(words)
  const cases = words.map(({ path, next }) => `    '${path.join(' ')}') words='${next.join(' ')}' ;;`).join('\n')
  const bash = `_headgate() {
  local words='' path='' word
  for word in "\${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
    case "$word" in -*) ;; *) path="\${path:+$path }$word" ;; esac
  done
  case "$path" in
${cases}
  esac
  COMPREPLY=($(compgen -W "$words" -- "\${COMP_WORDS[COMP_CWORD]}"))
}
complete -o default -F _headgate headgate
`
  return shell === 'bash' ? bash : `autoload -U +X bashcompinit && bashcompinit\n${bash}`
}

interface Words {
  readonly path: readonly string[]
  readonly next: readonly string[]
}

function* wordsOf(command: Command, path: readonly string[]): Iterable<Words> {
  const options = command.options.map(({ long }) => long ?? '').filter(long => long !== '')
  yield { path, next: [...command.commands.map(one => one.name()), ...options] }
  for (const one of command.commands) yield* wordsOf(one, [...path, one.name()])
}

function fish(words: readonly Words[]): string {
  const lines = words.flatMap(({ path, next }) => {
    const here =
      path.length === 0
        ? '__fish_use_subcommand'
        : path.map(word => `__fish_seen_subcommand_from ${word}`).join('; and ')
    return next.map(word =>
      word.startsWith('--')
        ? `complete -c headgate -n '${here}' -l ${word.slice(2)}`
        : `complete -c headgate -f -n '${here}' -a ${word}`,
    )
  })
  return `${lines.join('\n')}\n`
}
