/** Rows as a Parquet file, group by group: no more than one group is held. */
import { ByteWriter, ParquetWriter } from 'hyparquet-writer'
import type { Cell, CellType, Columns, Row } from './table.ts'

/** Rows of a group: some megabytes, and as much again for each way that a column may be written. */
const groupSize = 10_000

export async function* parquetFile(
  columns: Columns,
  batches: AsyncIterable<readonly Row[]>,
): AsyncGenerator<Uint8Array> {
  const writer = new ByteWriter()
  const names = Object.keys(columns)
  const types = Object.values(columns)
  const schema = [
    { name: 'root', num_children: names.length },
    ...names.map((name, at) => ({ name, ...physical[types[at]!], repetition_type: 'OPTIONAL' as const })),
  ]
  const file = new ParquetWriter({ writer, schema, createdBy: 'headgate' })
  let group: Row[] = []
  function write(): Uint8Array {
    const columnData = names.map((name, at) => ({
      name,
      data: group.map(row => storedAs(row[at] ?? null, types[at]!)),
    }))
    void file.write({ columnData, rowGroupSize: groupSize })
    group = []
    return taken(writer)
  }
  for await (const rows of batches) {
    for (const row of rows) group.push(row)
    if (group.length >= groupSize) yield write()
  }
  if (group.length > 0) yield write()
  void file.finish()
  yield taken(writer)
}

const physical = {
  text: { type: 'BYTE_ARRAY', converted_type: 'UTF8' },
  number: { type: 'INT64' },
  boolean: { type: 'BOOLEAN' },
  instant: { type: 'INT64', converted_type: 'TIMESTAMP_MILLIS' },
} as const

function storedAs(cell: Cell, type: CellType) {
  if (cell === null) return undefined
  if (type === 'number') return BigInt(cell as number)
  return type === 'instant' ? new Date(cell as number) : cell
}

/** What was written since; the writer goes on counting from where it is. */
function taken(writer: ByteWriter): Uint8Array {
  const bytes = writer.getBytes().slice()
  writer.index = 0
  return bytes
}
