/** Keeps a text as a file of whoever looks; made here, so that it needs no address that a key would have to be sent to. */
export function download(text: string, fileName: string, type: 'application/json' | 'text/csv'): void {
  const address = URL.createObjectURL(new Blob([text], { type }))
  const link = document.createElement('a')
  link.href = address
  link.download = fileName
  link.click()
  URL.revokeObjectURL(address)
}
