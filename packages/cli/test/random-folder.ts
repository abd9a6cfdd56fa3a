/** Random folders of configuration as code that a server takes, each with names of its own. */
import fc from 'fast-check'

export type Content = Readonly<Record<string, readonly Readonly<Record<string, unknown>>[]>>

export interface RandomFolder {
  readonly content: Content
  /** The same things, some of them changed, some of them gone. */
  readonly later: Content
}

const tree = ['A', 'A.B', 'A.B.C', 'D']
const sources = ['all', 'north', 'south', 'file']
const prefixes = { all: '*', north: 'north/*', south: 'south/deep/*', file: 'one.csv' } as const
const expressions = [
  "@isInGroups('Finance')",
  "@hasAttribute('team', 'x') OR @isInGroups('Finance')",
  "NOT @isInGroups('Nobody')",
]
const text = fc.constantFrom(
  '',
  'plain',
  'with: colon # and mark',
  'it\'s "quoted"',
  'two\nlines\n',
  '2026-11-01',
  'ünï',
)

/** @param run which makes names and places differ from those of other runs. Groups `Finance` and user `ann` have to be there. */
export function randomFolder(run: number, integration: string): fc.Arbitrary<RandomFolder> {
  const n = (name: string) => `r${run} ${name}`
  const subset = (names: readonly string[]) => fc.subarray([...names]).map(list => list.map(n))
  const some = <T>(names: readonly string[], of: (name: string) => fc.Arbitrary<T>) =>
    fc.subarray([...names]).chain(chosen => fc.tuple(...chosen.map(of)))
  const content = fc
    .record({ tags: fc.subarray(tree), dataSources: fc.subarray(sources), domains: fc.subarray(['one', 'two']) })
    .chain(there => {
      const [tags, domains] = [there.tags.map(name => `R${run}${name}`), there.domains.map(n)]
      const anyTags = fc.subarray(tags)
      const condition = fc.oneof(
        ...tags.map(tag => fc.constant({ tag })),
        ...domains.map(domain => fc.constant({ domain })),
        fc.constant({ integration }),
        fc.constant({ name: `r${run} *` }),
      )
      const conditions = fc.array(condition, { minLength: 1, maxLength: 3 })
      return fc.record({
        people: people(n),
        tags: fc.tuple(...tags.map(name => fc.record({ name: fc.constant(name), description: text }))),
        agreements: some(['use', 'law'], name =>
          fc.record({ name: fc.constant(n(name)), text: fc.constant(`Text of ${name}`) }),
        ),
        reviewFlows: some(['quick', 'slow'], name => flow(n(name))),
        dataSources: fc.tuple(
          ...there.dataSources.map(name =>
            fc.record({
              name: fc.constant(n(name)),
              integration: fc.constant(integration),
              prefix: fc.constantFrom(`/r${run}/${prefixes[name as 'all']}`, `r${run}/${prefixes[name as 'all']}`),
              ...{ description: text, tags: anyTags, allowOverlap: fc.constant(true) },
            }),
          ),
        ),
        domains: fc.tuple(
          ...domains.map(name =>
            fc.record(
              {
                ...{ name: fc.constant(name), description: text, tags: anyTags },
                dataSources: subset(there.dataSources),
                rights: fc.subarray([
                  { group: 'Finance', rights: ['MANAGE_POLICIES', 'AUDIT_ACTIVITY'] },
                  { user: 'ann', rights: ['AUDIT_ACTIVITY'] },
                ]),
              },
              { requiredKeys: ['name'] },
            ),
          ),
        ),
        policies: some(['p', 'q', 'r', 's'], name =>
          fc.record(
            {
              ...{ name: fc.constant(n(name)), kind: fc.constant('grant'), level: fc.constantFrom('READ', 'WRITE') },
              who: fc.oneof(
                fc.constantFrom(...expressions).map(when => ({ when })),
                fc.constant({ everyone: true }),
              ),
              appliesTo: fc.oneof(
                conditions.map(any => ({ any })),
                conditions.map(all => ({ all })),
                fc.constant({ everything: true }),
              ),
              ...{ state: fc.constantFrom('active', 'staged'), description: text, discoverable: fc.boolean() },
              ...(domains.length > 0 && { domain: fc.constant(domains[0]) }),
              acknowledge: fc.constant(['open-by-absence']),
            },
            { requiredKeys: ['name', 'kind', 'level', 'who', 'appliesTo', 'acknowledge'] },
          ),
        ),
        guardrails: some(['g'], name =>
          fc.record({
            ...{ name: fc.constant(n(name)), kind: fc.constant('guardrail'), level: fc.constantFrom('READ', 'WRITE') },
            who: fc.constantFrom(...expressions).map(when => ({ when })),
            appliesTo: fc.oneof(...tags.map(tag => fc.constant({ any: [{ tag }] })), fc.constant({ everything: true })),
            state: fc.constantFrom('active', 'staged'),
            acknowledge: fc.constant(['open-by-absence']),
          }),
        ),
        about: some(there.dataSources, name =>
          fc.record({
            ...{ name: fc.constant(n(`only ${name}`)), kind: fc.constant('grant'), level: fc.constant('READ') },
            ...{ who: fc.constant({ everyone: true }), dataSource: fc.constant(n(name)), state: fc.constant('active') },
          }),
        ),
        dataProducts: some(['books', 'maps'], name =>
          fc.record(
            {
              ...{
                key: fc.constant(`r${run}-${name}`),
                name: fc.constant(n(name)),
                dataSources: subset(there.dataSources),
              },
              ...{ description: text, levels: fc.constantFrom(['READ'], ['READ', 'WRITE'], ['WRITE']) },
              ...{ longest: fc.constantFrom('90d', '12h'), withoutEnd: fc.boolean(), colour: fc.constant('#3366cc') },
              links: fc.constant([{ title: 'More', url: 'https://docs.example.com/x' }]),
              state: fc.constantFrom('draft', 'published'),
            },
            { requiredKeys: ['key', 'name'] },
          ),
        ),
      })
    })
    .chain(made => {
      const agreements = made.agreements.map(({ name }) => name)
      const form = (name: string) =>
        fc.record({
          ...{ name: fc.constant(n(name)), agreements: fc.subarray(agreements) },
          fields: fc.constantFrom([], [{ id: 'why', type: 'shortAnswer', label: 'Why?' }]),
        })
      return some(['short', 'long'], form).chain(requestForms => {
        const forms = requestForms.map(one => one.name)
        const flows = made.reviewFlows.map(({ name }) => name)
        const products = made.dataProducts.map(product =>
          fc
            .record({
              form: fc.option(forms.length > 0 ? fc.constantFrom(...forms) : fc.constant(undefined), {
                nil: undefined,
              }),
              reviewFlow: fc.option(flows.length > 0 ? fc.constantFrom(...flows) : fc.constant(undefined), {
                nil: undefined,
              }),
            })
            .map(more => said({ ...product, ...more, state: product.dataSources?.length ? product.state : 'draft' })),
        )
        const { guardrails, about, people: them, ...rest } = made
        return fc.tuple(...products).map(dataProducts => ({
          ...{ ...them, ...rest, requestForms, dataProducts },
          policies: [...made.policies, ...guardrails, ...about],
        }))
      })
    })
  return content.chain(first => fc.record({ content: fc.constant(first as Content), later: changed(first as Content) }))
}

/** Half of the folders speak of none. */
function people(n: (name: string) => string): fc.Arbitrary<Content> {
  const attributes = fc.dictionary(fc.constantFrom('team', 'constructor'), fc.subarray(['x', 'y.z']), {
    noNullPrototype: true,
  })
  const user = (name: string, groups: readonly string[]) =>
    fc.record(
      {
        ...{
          userid: fc.constant(n(name)),
          name: fc.constant(`Name of ${name}`),
          email: fc.constant(`${name}@example.com`),
        },
        ...{ kind: fc.constantFrom('person', 'service'), attributes, groups: fc.subarray(['Finance', ...groups]) },
        permissions: fc.subarray(['GOVERNANCE', 'AUDIT', 'CREATE_S3_DATASOURCE']),
        principals: fc.subarray([
          { kind: 'iamRole', identifier: `arn:aws:iam::123456789012:role/${n(name).replace(' ', '-')}` },
        ]),
      },
      { requiredKeys: ['userid', 'name', 'kind'] },
    )
  const some = fc.subarray(['team a', 'team b']).chain(names => {
    const groups = names.map(name => fc.record({ name: fc.constant(n(name)), description: text, attributes }))
    return fc.record({
      groups: fc.tuple(...groups),
      users: fc.tuple(user('eve', names.map(n)), user('max', names.map(n))),
    })
  })
  return fc.option(some, { nil: {} })
}

function flow(name: string) {
  const review = { stages: [{ any: [{ group: 'Finance' }, { permission: 'GOVERNANCE' }] }] }
  return fc.record({
    name: fc.constant(name),
    // biome-ignore lint/suspicious/noThenProperty: a rule of a review flow, which nobody awaits
    rules: fc.constantFrom([], [{ if: "@isInGroups('Finance')", then: { approve: { for: '7d' } } }]),
    otherwise: fc.constant({ review }),
  })
}

/** Some descriptions and levels are others; people lose groups and are told otherwise of. */
function changed(content: Content): fc.Arbitrary<Content> {
  const lists = Object.entries(content).map(([kind, items]) => {
    const others = items.map(item =>
      fc.record({ is: fc.boolean(), text }).map(({ is, text: description }) => {
        if (!is || kind === 'tags' || kind === 'agreements') return item
        if (kind === 'users') return { ...item, attributes: { team: ['z'] }, groups: [], disabled: description === '' }
        const level = 'level' in item && item.level === 'READ' && !('domain' in item) ? { level: 'WRITE' } : {}
        return { ...item, description, ...level }
      }),
    )
    return fc.tuple(...others).map(list => [kind, list] as const)
  })
  return fc.tuple(...lists).map(all => Object.fromEntries(all))
}

function said(value: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  return Object.fromEntries(Object.entries(value).filter(([, one]) => one !== undefined))
}
