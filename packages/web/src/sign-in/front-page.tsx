/** The frame of the pages that one sees before anybody is signed in. */
import type { ReactNode } from 'react'
import { ColourScheme } from '../ui/colour-scheme.tsx'
import { Logo } from '../ui/logo.tsx'
import classes from './front-page.module.css'

export function FrontPage({ title, children }: { readonly title: string; readonly children: ReactNode }) {
  return (
    <div className={classes.screen}>
      <title>{`${title} · Headgate`}</title>
      <div className={classes.corner}>
        <ColourScheme />
      </div>
      <main className={classes.box}>
        <div className={classes.name}>
          <Logo size={40} />
          <div>
            <h1>Headgate</h1>
            <p className="quiet">Who reaches which data in Amazon S3, and why</p>
          </div>
        </div>
        {children}
      </main>
    </div>
  )
}
