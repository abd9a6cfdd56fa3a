/** `npm run docs`: writes the generated pages of `docs/`; `test/docs.test.ts` fails when they are out of date. */
import { writeFileSync } from 'node:fs'
import { generatedDocs } from './generated-docs.ts'

for (const [name, text] of await generatedDocs()) writeFileSync(new URL(`../docs/${name}`, import.meta.url), text)
