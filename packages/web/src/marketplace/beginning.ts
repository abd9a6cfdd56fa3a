/** The first words of a Markdown text as plain ones, for lists. */
export function beginningOf(markdown: string, most = 160): string {
  const plain = markdown
    .replaceAll(/[*_`#>]/g, '')
    .replaceAll(/!?\[([^\]]*)\]\([^)]*\)/g, '$1')
    .replaceAll(/\s+/g, ' ')
    .trim()
  return plain.length <= most ? plain : `${plain.slice(0, most).replace(/\s\S*$/, '')} …`
}
