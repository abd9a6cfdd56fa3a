/** Questions back and their answers. */
import { Textarea } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { hg } from '../api.ts'
import { Answer } from '../ui/answer.tsx'
import { Section } from '../ui/page.tsx'
import { RelativeTime } from '../ui/relative-time.tsx'
import { useWrite } from '../ui/use-write.ts'
import { WriteForm } from '../ui/write-form.tsx'

export function Comments({ id, mayComment }: { readonly id: number; readonly mayComment: boolean }) {
  const [text, setText] = useState('')
  const comments = useQuery({
    queryKey: ['requests', id, 'comments'],
    queryFn: () => hg.requests.comments({ params: { id }, query: { limit: 1000 } }),
  })
  const comment = useWrite(
    () => hg.requests.comment({ params: { id }, body: { text: text.trim() } }),
    () => setText(''),
  )
  return (
    <Section title="Questions and answers">
      <Answer query={comments} what="what was said">
        {({ items }) =>
          items.length === 0 ? (
            <p className="quiet">Nothing yet. Everybody who has a part in the request is told what is said here.</p>
          ) : (
            <ol>
              {items.map(one => (
                <li key={one.id}>
                  <strong>{one.by.name}</strong>{' '}
                  <span className="quiet small">
                    <RelativeTime at={one.at} />
                  </span>
                  <p style={{ whiteSpace: 'pre-wrap' }}>{one.text}</p>
                </li>
              ))}
            </ol>
          )
        }
      </Answer>
      {mayComment && (
        <WriteForm write={comment} verb="Say it" disabled={text.trim() === ''}>
          <Textarea
            label="Ask or answer"
            autosize
            minRows={2}
            flex={1}
            maxLength={1000}
            value={text}
            onChange={event => setText(event.currentTarget.value)}
          />
        </WriteForm>
      )}
    </Section>
  )
}
