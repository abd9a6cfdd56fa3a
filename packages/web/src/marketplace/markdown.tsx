/** What people wrote as Markdown. No HTML of theirs, and links that tell nobody where one came from. */
import Markdown from 'react-markdown'

export function MarkdownText({ text }: { readonly text: string }) {
  return (
    <Markdown
      // The page has its title already.
      components={{
        h1: 'h3',
        h2: 'h3',
        a: ({ href, children }) => (
          <a href={href} rel="noopener noreferrer nofollow" target="_blank">
            {children}
          </a>
        ),
        img: ({ alt }) => <em>{alt}</em>,
      }}
    >
      {text}
    </Markdown>
  )
}
