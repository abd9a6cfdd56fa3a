/** How questions are answered, in words. */
import type { FieldType } from './form-draft.ts'

export const typeWords: Readonly<Record<FieldType, string>> = {
  shortAnswer: 'a line',
  longAnswer: 'a text',
  dropdown: 'one of several choices',
  checkboxes: 'some of several choices',
  number: 'a number',
  date: 'a day',
  link: 'a link',
}
