/** Back to where one came from, but never to another site. */
export function addressInside(from: string | undefined): string {
  const path = from?.startsWith('/') && !/^\/[/\\]/.test(from) ? from : '/'
  return path.startsWith('/app/') ? path : `/app${path}`
}
