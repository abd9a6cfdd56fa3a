/** Settings of every list: while another page or filter is fetched, the rows before stay. */
import { keepPreviousData } from '@tanstack/react-query'

export const listQuery = { placeholderData: keepPreviousData } as const
