/** Starts the web app: styles, theme, data, routes. The only module whose import does something. */
import './ui/styles.css'
import { MantineProvider } from '@mantine/core'
import { QueryClientProvider } from '@tanstack/react-query'
import { RouterProvider } from '@tanstack/react-router'
import { StrictMode } from 'react'
import { createRoot } from 'react-dom/client'
import { config } from 'zod'
import { createAnswers } from './answers.ts'
import { onSignedOut } from './api.ts'
import { createAppRouter } from './router.tsx'
import { createLock, Locked } from './sign-in/locked.tsx'
import { theme, variables } from './ui/theme.ts'

// Zod would compile its checks with `new Function`, which the content security policy refuses and reports.
config({ jitless: true })

const answers = createAnswers()
const router = createAppRouter()
const lock = createLock()
onSignedOut(end => {
  const { pathname } = router.state.location
  if (pathname === '/sign-in') return
  if (end === 'ended') lock.close()
  else leave()
})

/** For whoever signs in next nothing is left, on the screen or behind it. */
function leave(): void {
  answers.clear()
  void router.navigate({ to: '/sign-in', search: { from: router.state.location.href } }).then(lock.open)
}

const root = document.getElementById('root')
if (root === null) throw new Error('index.html has no element with the id `root`')
createRoot(root).render(
  <StrictMode>
    <MantineProvider theme={theme} cssVariablesResolver={variables} defaultColorScheme="auto">
      <QueryClientProvider client={answers}>
        <Locked lock={lock} leave={leave}>
          <RouterProvider router={router} />
        </Locked>
      </QueryClientProvider>
    </MantineProvider>
  </StrictMode>,
)
