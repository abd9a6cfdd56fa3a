/** The code that a link of `headgate login` brings along. */
export function readDeviceSearch({ code }: Readonly<Record<string, unknown>>): { readonly code?: string } {
  return typeof code === 'string' ? { code: code.slice(0, 64) } : {}
}
