/** The personas of page 00, as Acme's people play them: whom the demo prints first, with the password that it gave them. */
export const personas: readonly (readonly [userid: string, what: string])[] = [
  ['adele@acme.example', 'application admin: connects AWS accounts'],
  ['gus@acme.example', 'governor: writes policies and tags, decides requests'],
  ['kira@acme.example', 'data owner: registers prefixes'],
  ['uma@acme.example', 'user admin: people and attributes'],
  ['audrey@acme.example', 'auditor: reads everything'],
  ['ann@acme.example', 'data consumer, in Identity Center'],
  ['bob@acme.example', 'data consumer, an IAM role'],
]
