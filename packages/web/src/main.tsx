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
import { theme, variables } from './ui/theme.ts'

// Zod would compile its checks with `new Function`, which the content security policy refuses and reports.
config({ jitless: true })

const answers = createAnswers()
const router = createAppRouter()
onSignedOut(() => {
  answers.clear()
  const { href, pathname } = router.state.location
  if (pathname !== '/sign-in') void router.navigate({ to: '/sign-in', search: { from: href } })
})

const root = document.getElementById('root')
if (root === null) throw new Error('index.html has no element with the id `root`')
createRoot(root).render(
  <StrictMode>
    <MantineProvider theme={theme} cssVariablesResolver={variables} defaultColorScheme="auto">
      <QueryClientProvider client={answers}>
        <RouterProvider router={router} />
      </QueryClientProvider>
    </MantineProvider>
  </StrictMode>,
)
