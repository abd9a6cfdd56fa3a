/** Where the fault tests cut the life of an integration: before and after each call that changes AWS, and each outcome. */
export type LifeBoundary = 'before call' | 'after call' | 'before outcome' | 'after outcome'

export type AtLifeBoundary = (name: LifeBoundary) => void | Promise<void>
