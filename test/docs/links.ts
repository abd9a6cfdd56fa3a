/** Links of pages: each leads to a file and a heading that are there, and every page is found from the first one. */
import path from 'node:path'
import type { Page } from './page.ts'

/** @param isThere whether the repository has a file or folder of that name */
export function brokenLinks(pages: readonly Page[], isThere: (file: string) => boolean): string[] {
  const byFile = new Map(pages.map(page => [page.file, page]))
  return pages.flatMap(page =>
    page.links.filter(isOurs).flatMap(link => {
      const [, anchor] = link.split('#')
      const file = targetOf(page, link)
      if (!isThere(file)) return [`${page.file}: ${link} leads nowhere`]
      const isHeading = anchor === undefined || byFile.get(file)?.anchors.has(anchor)
      return isHeading ? [] : [`${page.file}: ${link} names no heading`]
    }),
  )
}

/** Pages that nobody finds who begins at `from` and follows links. */
export function unreachable(pages: readonly Page[], from: string): string[] {
  const byFile = new Map(pages.map(page => [page.file, page]))
  const found = new Set([from])
  for (const file of found) {
    const page = byFile.get(file)
    for (const link of page?.links.filter(isOurs) ?? []) found.add(targetOf(page as Page, link))
  }
  return pages.map(({ file }) => file).filter(file => !found.has(file))
}

function isOurs(link: string): boolean {
  return !/^[a-z]+:/.test(link)
}

function targetOf(page: Page, link: string): string {
  const [file = ''] = link.split('#')
  return file === '' ? page.file : path.posix.normalize(path.posix.join(path.posix.dirname(page.file), file))
}
