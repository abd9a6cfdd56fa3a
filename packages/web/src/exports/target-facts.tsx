/** Where an export goes and how Headgate gets in, as facts. */
import type { AccessExport } from '@headgate/core/api'
import type { ReactNode } from 'react'
import { Facts } from '../ui/page.tsx'
import { ScopePath } from '../ui/scope-path.tsx'
import { placeWords } from './words.ts'

type Target = Pick<AccessExport, 'bucketName' | 'path' | 'region' | 'accessKeyId' | 'roleArn' | 'kmsKeyArn'>

interface Props {
  readonly target: Target
  /** What is exported, in what form and when. */
  readonly more: readonly (readonly [name: string, value: ReactNode])[]
}

export function TargetFacts({ target, more }: Props) {
  const { region, accessKeyId, roleArn, kmsKeyArn } = target
  return (
    <Facts
      facts={[
        ['Where', <ScopePath key="where" scope={placeWords(target)} />],
        ['Region', region],
        [
          'Signs in with',
          <span key="with">
            {roleArn === undefined ? 'access key' : 'role'} <code>{roleArn ?? accessKeyId}</code>
          </span>,
        ],
        kmsKeyArn !== undefined && ['Encrypted with', <code key="key">{kmsKeyArn}</code>],
        ...more,
      ]}
    />
  )
}
