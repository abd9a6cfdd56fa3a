/** What is wrong or odd with a text: its errors by core's own parser at once, its warnings as the server finds them. */

import type { Policy, PolicyInput } from '@headgate/core/api'
import { type AnyFunctionName, type Expression, type LanguageContext, parseIn } from '@headgate/core/policy'
import { useQuery } from '@tanstack/react-query'
import { useMemo } from 'react'
import { hgUntil } from '../../api.ts'
import { useSettled } from './names-in-use.ts'

export interface Problem {
  readonly severity: 'error' | 'warning'
  readonly message: string
  readonly line: number
  readonly column: number
  readonly length: number
  readonly didYouMean?: string | undefined
}

export interface Read {
  /** Undefined where it is in error. */
  readonly expression: Expression<AnyFunctionName> | undefined
  readonly problems: readonly Problem[]
}

/** What the check looks at besides the text. */
export interface Asked {
  /** `flow`: a condition of a review flow, whose check looks at the whole of it elsewhere. */
  readonly kind: Policy['kind'] | 'flow'
  readonly appliesTo?: PolicyInput['appliesTo'] | undefined
}

export function contextOf(kind: Asked['kind']): LanguageContext {
  return kind === 'flow' ? 'flow' : 'policy'
}

const pauseMs = 350

export function useRead(text: string, { kind, appliesTo }: Asked): Read {
  const settled = useSettled(text, pauseMs)
  const context = contextOf(kind)
  const body = {
    ...(kind !== 'flow' && { kind }),
    who: { when: settled },
    ...(appliesTo !== undefined && { appliesTo }),
  }
  const check = useQuery({
    queryKey: ['policy-check', body],
    queryFn: ({ signal }) => hgUntil(signal).policies.check({ body }),
    enabled: context === 'policy' && parseIn(context, settled).ok,
    refetchInterval: false,
    retry: false,
  })
  const found = settled === text ? check.data?.warnings : undefined
  // The same as long as nothing changed: the editor draws marks anew for every other list.
  return useMemo(() => readOf(text, context, found ?? []), [text, context, found])
}

function readOf(text: string, context: LanguageContext, warnings: Policy['warnings']): Read {
  const read = parseIn(context, text)
  if (!read.ok) {
    // Nothing yet is no mistake.
    const errors = text.trim() === '' ? [] : read.errors
    return { expression: undefined, problems: errors.map(error => ({ ...error, severity: 'error' })) }
  }
  return {
    expression: read.expression,
    problems: warnings
      .filter(({ path }) => path === 'who.when')
      .map(warning => ({ ...warning, severity: 'warning' as const })),
  }
}
