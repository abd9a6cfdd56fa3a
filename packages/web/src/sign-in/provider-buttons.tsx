/** A way in through each identity provider: an address that the browser itself goes to, which leads back to `from`. */
import { Button } from '@mantine/core'
import { addressInside } from './address-inside.ts'
import classes from './front-page.module.css'

interface Props {
  readonly providers: readonly { readonly id: number; readonly name: string }[]
  readonly from: string | undefined
  /** This tab stays as it is. */
  readonly inAnotherTab?: boolean
}

export function ProviderButtons({ providers, from, inAnotherTab = false }: Props) {
  const returnTo = new URLSearchParams({ returnTo: addressInside(from) })
  return (
    <div className={classes.ways}>
      {providers.map(({ id, name }) => (
        <Button
          key={id}
          component="a"
          href={`/sign-in/${id}?${returnTo}`}
          {...(inAnotherTab && { target: '_blank', rel: 'noreferrer' })}
          variant="default"
          size="md"
        >
          Go on with {name}
          {inAnotherTab && ' in another tab'}
        </Button>
      ))}
    </div>
  )
}
