/** A text of the server, as a sentence: what it names in backticks is set apart. */
import { createElement, Fragment } from 'react'
import { sentence } from './words.ts'

export function ServerText({ text }: { readonly text: string }) {
  const parts = sentence(text).split('`')
  return createElement(Fragment, null, ...parts.map((part, place) => (place % 2 === 1 ? named(part) : part)))
}

function named(part: string) {
  return <code>{part}</code>
}
