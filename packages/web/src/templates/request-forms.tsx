/** Request forms: what is asked of whoever asks for access. */
import type { RequestFormInput } from '@headgate/core/api'
import { getRouteApi } from '@tanstack/react-router'
import { hg } from '../api.ts'
import { Nothing } from '../ui/answer.tsx'
import { DataTable } from '../ui/data-table.tsx'
import { Facts } from '../ui/page.tsx'
import { counted } from '../ui/words.ts'
import { FormDesigner } from './form-designer.tsx'
import { printForm, readForm, tidied } from './form-draft.ts'
import { FormPicture } from './form-picture.tsx'
import { typeWords } from './form-words.ts'
import type { Kind } from './kind.ts'
import { TemplateScreen } from './template-screen.tsx'

type RequestForm = Awaited<ReturnType<typeof hg.requestForms.get>>

const beginning: Omit<RequestFormInput, 'name' | 'description'> = {
  fields: [{ id: 'purpose', type: 'longAnswer', label: 'What do you need it for?', required: true }],
  duration: { label: 'How long do you need it?', suggested: ['30d', '90d'], most: '1y' },
  agreements: [],
}

const kind: Kind<RequestForm, RequestFormInput> = {
  to: '/request-forms',
  path: '/request-forms',
  title: 'Request forms',
  one: 'request form',
  lead: 'What is asked of whoever asks for data. A request keeps the version by which it was made.',
  routes: hg.requestForms,
  text: {
    label: 'Fields, duration and agreements',
    help: 'JSON. Fields are of the type shortAnswer, longAnswer, dropdown, checkboxes, number, date or link; agreements are their numbers.',
    isCode: true,
  },
  beginning: JSON.stringify(beginning, undefined, 2),
  design: { canShow: text => readForm(text) !== undefined, Designer: FormDesigner, Picture: FormPicture },
  textOf: ({ fields, duration, agreements }) => printForm({ fields, duration, agreements }),
  inputOf: (name, description, text) => {
    const form = readForm(text)
    // What cannot be shown, the server says what is wrong with.
    return { ...(form === undefined ? (JSON.parse(text) as object) : tidied(form)), name, description }
  },
  shown: form => <Shown form={form} />,
}

const route = getRouteApi('/shell/request-forms')

export function RequestForms() {
  return <TemplateScreen kind={kind} search={route.useSearch()} />
}

function Shown({ form: { fields, duration, agreements } }: { readonly form: RequestForm }) {
  const { label, suggested, most, withoutEnd } = duration
  return (
    <>
      {fields.length === 0 ? (
        <Nothing title="Nothing but how long it is needed" />
      ) : (
        <DataTable
          caption="Fields"
          rows={fields}
          rowKey={({ id }) => id}
          columns={[
            {
              name: 'Question',
              cell: field => (
                <>
                  {field.label}
                  {field.help !== undefined && <div className="quiet small">{field.help}</div>}
                </>
              ),
            },
            {
              name: 'Answer',
              width: '36%',
              cell: field => `${typeWords[field.type]}${'options' in field ? `: ${field.options.join(', ')}` : ''}`,
            },
            { name: 'Needed', width: '14%', cell: ({ required }) => (required ? 'yes' : 'no') },
          ]}
        />
      )}
      <Facts
        facts={[
          [label, suggested.length === 0 ? 'typed' : suggested.join(', ')],
          ['At most', `${most ?? 'no limit here'}${withoutEnd ? ', or without an end' : ''}`],
          ['To accept', agreements.length === 0 ? 'nothing' : counted(agreements.length, 'agreement')],
        ]}
      />
    </>
  )
}
