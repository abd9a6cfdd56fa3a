import type { TestContext } from 'node:test'

/** Of the process, because the SDK's default chain reads it. */
export function setEnvironment(t: TestContext, values: Readonly<Record<string, string>>): void {
  const before = Object.fromEntries(Object.keys(values).map(name => [name, process.env[name]]))
  Object.assign(process.env, values)
  t.after(() => {
    for (const [name, value] of Object.entries(before)) {
      if (value === undefined) delete process.env[name]
      else process.env[name] = value
    }
  })
}
