/** What forms, agreements and review flows have in common, for the screens that they share. */
import type { ComponentType, ReactNode } from 'react'

/** Always there, whatever it holds. */
export interface Template {
  readonly id: number
  readonly version: number
  readonly builtIn: boolean
  readonly name: string
  readonly description: string
  readonly updatedAt: string
  readonly updatedBy: string
}

interface Page<Item> {
  readonly items: readonly Item[]
  readonly next?: string | undefined
  readonly total: number
}

interface Query {
  readonly limit?: number
  readonly cursor?: string
  readonly search?: string
}

type Of = { readonly params: { readonly id: number } }
type Held = Of & { readonly ifMatch: string }

/** The routes of one of the three, as the typed caller has them. */
export interface Routes<One extends Template, Input> {
  readonly list: (given: { readonly query: Query }) => Promise<Page<Template>>
  readonly get: (given: Of) => Promise<One>
  readonly create: (given: { readonly body: Input }) => Promise<One>
  readonly edit: (given: Held & { readonly body: Input }) => Promise<One>
  readonly remove: (given: Held) => Promise<unknown>
  readonly usedBy: (given: Of & { readonly query: { readonly limit: number } }) => Promise<Uses>
  /** As it was, with what it held. */
  readonly version: (given: {
    readonly params: { readonly id: number; readonly version: number }
  }) => Promise<Content<One>>
  readonly versions: (given: Of & { readonly query: { readonly limit: number } }) => Promise<Page<Past>>
  readonly diff: (
    given: Of & { readonly query: { readonly from: number; readonly to: number } },
  ) => Promise<{ readonly changes: readonly Change[] }>
}

/** What a designer is given: the text, of which it makes another. */
export interface DesignerProps {
  readonly text: string
  readonly onChange: (text: string) => void
}

export interface Design {
  /** Whether the text says something that can be shown; otherwise it stays text. */
  readonly canShow: (text: string) => boolean
  readonly Designer: ComponentType<DesignerProps>
  /** Beside it: what it comes to. */
  readonly Picture?: ComponentType<{ readonly text: string }>
}

/** What one says, in any version; what is warned of is told of the newest alone. */
export type Content<One extends Template> = Omit<One, Exclude<keyof Template, 'name' | 'description'> | 'warnings'>

interface Uses extends Page<User> {
  readonly requests: readonly { readonly version: number; readonly count: number }[]
}

interface User {
  readonly kind: 'dataProduct' | 'policy' | 'form'
  readonly id: string
  readonly name: string
}

export interface Past {
  readonly version: number
  readonly change: 'created' | 'edited' | 'deleted'
  readonly createdAt: string
  readonly createdBy: string
}

interface Change {
  readonly path: string
  readonly before?: unknown
  readonly after?: unknown
}

export interface Kind<One extends Template, Input> {
  readonly to: '/request-forms' | '/agreements' | '/review-flows'
  /** As the API calls it. */
  readonly path: string
  readonly title: string
  readonly one: string
  readonly lead: string
  readonly routes: Routes<One, Input>
  /** How what it holds is written: Markdown, or JSON as the API takes it. */
  readonly text: { readonly label: string; readonly help: string; readonly isCode: boolean }
  /** What a new one begins with. */
  readonly beginning: string
  readonly textOf: (one: Content<One>) => string
  /** @throws SyntaxError when the text cannot be read */
  readonly inputOf: (name: string, description: string, text: string) => Input
  /** Where it is more than a text: how it is designed. */
  readonly design?: Design
  /** What it holds, to read. */
  readonly shown: (one: One) => ReactNode
  /** Told of a draft while it is written. */
  readonly Check?: ComponentType<{ readonly text: string }>
}
