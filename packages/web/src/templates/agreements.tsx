/** Data use agreements: texts that whoever asks has to accept. The version accepted is recorded. */
import { getRouteApi } from '@tanstack/react-router'
import { hg } from '../api.ts'
import { MarkdownText } from '../marketplace/markdown.tsx'
import type { Kind, Template } from './kind.ts'
import { TemplateScreen } from './template-screen.tsx'

interface Agreement extends Template {
  readonly text: string
}

const kind: Kind<Agreement, Parameters<typeof hg.agreements.create>[0]['body']> = {
  to: '/agreements',
  path: '/agreements',
  title: 'Agreements',
  one: 'agreement',
  lead: 'What people accept before they ask. Forms name them; each request records the version that was accepted.',
  routes: hg.agreements,
  text: { label: 'Text', help: 'Markdown. Whoever asks reads it and accepts it.', isCode: false },
  beginning: '',
  textOf: ({ text }) => text,
  inputOf: (name, description, text) => ({ name, description, text }),
  shown: ({ text }) => <MarkdownText text={text} />,
}

const route = getRouteApi('/shell/agreements')

export function Agreements() {
  return <TemplateScreen kind={kind} search={route.useSearch()} />
}
