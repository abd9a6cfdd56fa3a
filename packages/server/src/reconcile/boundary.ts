/** Where the fault tests cut: called before and after every write and every call that changes something (11). */
export type Boundary =
  | 'before epoch'
  | 'after epoch'
  | 'before plan'
  | 'before intents'
  | 'after intents'
  | 'before creating'
  | 'after creating'
  | 'before create'
  | 'after create'
  | 'before delete'
  | 'after delete'
  | 'before outcomes'
  | 'after outcomes'
  | 'before run end'
  | 'after run end'

export type AtBoundary = (name: Boundary) => void | Promise<void>
