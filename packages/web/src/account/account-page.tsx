/** One's own account: how one signs in, where one is signed in, and the API keys of one's programs. */
import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { hg } from '../api.ts'
import { useMe } from '../me.ts'
import { Facts, Page, Section } from '../ui/page.tsx'
import { permissionWords } from '../ui/words.ts'
import { KeysSection } from './keys-section.tsx'
import { PasswordSection } from './password-section.tsx'
import { SessionsSection } from './sessions-section.tsx'

export function AccountPage() {
  const me = useMe()
  const session = useQuery({ queryKey: ['session'], queryFn: () => hg.session.get() })
  return (
    <Page title="My account" lead="How you sign in, where you are signed in, and the keys of your programs.">
      <Section
        title="Who you are"
        beside={
          <Link to="/people/$id" params={{ id: String(me.id) }}>
            My access
          </Link>
        }
      >
        <Facts
          facts={[
            ['Name', me.name],
            ['Signs in as', me.userid],
            me.email !== undefined && ['E-mail', me.email],
            session.data !== undefined && ['Signed in', viaWords(session.data.via)],
            [
              'May do',
              me.permissions.map(permission => permissionWords[permission]).join('; ') || 'See their own access',
            ],
          ]}
        />
      </Section>
      {session.data?.via === 'local' && <PasswordSection />}
      <SessionsSection />
      <KeysSection />
    </Page>
  )
}

function viaWords(via: string): string {
  if (via === 'api-key') return 'with an API key, in this browser tab'
  return via === 'local' ? 'with a password' : `through ${via}`
}
