/** What a long page is made of: the way to each of its sections, always in reach. A short page has none. */
import {
  createContext,
  type ReactNode,
  useCallback,
  useContext,
  useLayoutEffect,
  useMemo,
  useRef,
  useState,
} from 'react'
import classes from './contents.module.css'

interface Listed {
  readonly title: string
  readonly element: HTMLElement
}

/** Takes a section in as long as it is shown. */
type List = (section: Listed) => () => void

const ListContext = createContext<List | undefined>(undefined)
const InnerContext = createContext(false)

/** Fewer are seen at a glance. */
const fewest = 5

/** @param children a page, with the place for what it is made of */
export function WithContents({ children }: { readonly children: (contents: ReactNode) => ReactNode }) {
  const [sections, setSections] = useState<readonly Listed[]>([])
  const list = useCallback<List>(section => {
    setSections(before => [...before, section].sort(inOrder))
    return () => setSections(before => before.filter(one => one !== section))
  }, [])
  const contents = useMemo(() => sections.length >= fewest && <Contents sections={sections} />, [sections])
  return <ListContext value={list}>{children(contents)}</ListContext>
}

function Contents({ sections }: { readonly sections: readonly Listed[] }) {
  return (
    <nav className={classes.contents} aria-label="On this page">
      <ul>
        {sections.map(({ title, element }) => (
          <li key={element.id}>
            <a href={`#${element.id}`}>{title}</a>
          </li>
        ))}
      </ul>
    </nav>
  )
}

/** For a section of a page: names itself to what the page is made of. Sections within sections stay unnamed. */
export function useListed(title: string) {
  const list = useContext(ListContext)
  const ref = useRef<HTMLElement>(null)
  useLayoutEffect(() => (ref.current === null ? undefined : list?.({ title, element: ref.current })), [list, title])
  return { ref, id: idOf(title), isInner: useContext(InnerContext) }
}

/** Around what is inside a section. */
export function Unlisted({ children }: { readonly children: ReactNode }) {
  return (
    <ListContext value={undefined}>
      <InnerContext value={true}>{children}</InnerContext>
    </ListContext>
  )
}

function inOrder(one: Listed, other: Listed): number {
  return one.element.compareDocumentPosition(other.element) & Node.DOCUMENT_POSITION_FOLLOWING ? -1 : 1
}

/** `Who has access, and why` is `who-has-access-and-why`. */
function idOf(title: string): string {
  return title.toLowerCase().replace(/[^a-z0-9]+/g, '-')
}
