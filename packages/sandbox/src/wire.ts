/**
 * What travels between a client and the sandbox, as plain values, and how XML and JSON are printed and read.
 * Knows no service, no state and no account; never guesses at malformed input, it throws `AwsError`.
 */
import { XMLParser, XMLValidator } from 'fast-xml-parser'

/** Milliseconds since 1970, UTC. */
export type Instant = number

export interface WireRequest {
  readonly method: string
  /** The Host header as sent, port included. */
  readonly host: string
  /** The path as sent, still percent-encoded, without the query. */
  readonly rawPath: string
  /** Decoded, in the order sent; a key without `=` has the value ''. */
  readonly query: ReadonlyArray<readonly [string, string]>
  /** Names in lower case; repeated headers joined by ','. */
  readonly headers: Readonly<Record<string, string>>
  readonly body: Buffer
  readonly receivedAt: Instant
}

export interface WireResponse {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: Buffer | string
}

/** A refusal in AWS's words. Each service prints it in its own protocol. */
export class AwsError extends Error {
  readonly code: string
  readonly status: number
  /** More elements of the error body, e.g. `{ BucketName: 'lake' }` of S3's NoSuchBucket. */
  readonly fields: Readonly<Record<string, string>>

  constructor(code: string, status: number, message: string, fields: Readonly<Record<string, string>> = {}) {
    super(message)
    this.name = 'AwsError'
    this.code = code
    this.status = status
    this.fields = fields
  }
}

/** The first value of a query parameter, or undefined when it was not sent. */
export function queryValue(request: WireRequest, name: string): string | undefined {
  for (const [key, value] of request.query) if (key === name) return value
  return undefined
}

/** Every value of a repeated query parameter, in the order sent. */
export function queryValues(request: WireRequest, name: string): string[] {
  return request.query.filter(([key]) => key === name).map(([, value]) => value)
}

/** What `printXml` takes: undefined fields are left out, an array repeats its element. */
export type XmlValue = string | number | boolean | undefined | XmlFields | readonly XmlValue[]
export interface XmlFields {
  readonly [name: string]: XmlValue
}

/** A whole XML document with the fields below `root`, e.g. `printXml('Result', { Tags: { Tag: [{ Key: 'a' }] } })`. */
export function printXml(root: string, fields: XmlFields, namespace?: string): string {
  const open = namespace === undefined ? `<${root}>` : `<${root} xmlns="${escapeXml(namespace)}">`
  return `<?xml version="1.0" encoding="UTF-8"?>\n${open}${printFields(fields)}</${root}>`
}

export function escapeXml(text: string): string {
  return XML_SPECIAL.test(text) ? text.replace(XML_SPECIAL_ALL, sign => XML_ESCAPES[sign] ?? sign) : text
}

function printFields(fields: XmlFields): string {
  let out = ''
  for (const name of Object.keys(fields)) out += printElement(name, fields[name])
  return out
}

function printElement(name: string, value: XmlValue): string {
  if (value === undefined) return ''
  if (Array.isArray(value)) return value.map(each => printElement(name, each)).join('')
  if (typeof value === 'object') return `<${name}>${printFields(value as XmlFields)}</${name}>`
  return `<${name}>${escapeXml(String(value))}</${name}>`
}

// A carriage return or newline would be normalised away by readers, so they travel as references, as AWS sends them.
const XML_SPECIAL = /[&<>"'\r\n]/
const XML_SPECIAL_ALL = /[&<>"'\r\n]/g
const XML_ESCAPES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&apos;',
  '\r': '&#xD;',
  '\n': '&#xA;',
}

/** One element of a request body; attributes are dropped, no S3 or S3 Control request of ours means anything by one. */
export interface XmlElement {
  readonly name: string
  /** The text directly inside, references resolved; '' when there is none. */
  readonly text: string
  readonly children: readonly XmlElement[]
}

/** Reads one document. Throws MalformedXML (400). */
export function parseXml(body: Buffer | string): XmlElement {
  const text = typeof body === 'string' ? body : body.toString('utf8')
  // A document type could declare entities; no AWS request has one.
  if (text.includes('<!DOCTYPE') || XMLValidator.validate(text) !== true) throw malformedXml()
  const nodes = (XML_READER.parse(text) as OrderedNode[]).filter(node => elementName(node) !== undefined)
  const root = nodes[0]
  if (root === undefined || nodes.length > 1) throw malformedXml()
  return toElement(root)
}

export const childOf = (element: XmlElement | undefined, name: string): XmlElement | undefined =>
  element?.children.find(child => child.name === name)

export const childrenOf = (element: XmlElement | undefined, name: string): XmlElement[] =>
  element?.children.filter(child => child.name === name) ?? []

/** The text of a direct child, or undefined when the child is absent. */
export const textOf = (element: XmlElement | undefined, name: string): string | undefined =>
  childOf(element, name)?.text

type OrderedNode = Readonly<Record<string, OrderedNode[] | string>>

const XML_READER = new XMLParser({
  preserveOrder: true,
  ignoreAttributes: true,
  parseTagValue: false,
  trimValues: false,
  htmlEntities: true,
  removeNSPrefix: true,
  ignoreDeclaration: true,
  ignorePiTags: true,
})

function toElement(node: OrderedNode): XmlElement {
  const name = elementName(node) as string
  const inside = node[name] as OrderedNode[]
  let text = ''
  const children: XmlElement[] = []
  for (const part of inside) {
    if (typeof part['#text'] === 'string') text += part['#text']
    else if (elementName(part) !== undefined) children.push(toElement(part))
  }
  return { name, text, children }
}

const elementName = (node: OrderedNode): string | undefined =>
  Object.keys(node).find(key => key !== '#text' && key !== ':@')

const malformedXml = () =>
  new AwsError(
    'MalformedXML',
    400,
    'The XML you provided was not well-formed or did not validate against our published schema',
  )

/** A JSON body as an object. Throws SerializationException (400), the awsJson protocols' word for it. */
export function parseJsonObject(body: Buffer): Record<string, unknown> {
  if (body.length === 0) return {}
  try {
    const value: unknown = JSON.parse(body.toString('utf8'))
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Record<string, unknown>
  } catch {
    // Told below, in AWS's word.
  }
  throw new AwsError('SerializationException', 400, 'The request body is not a JSON object')
}

export function xmlResponse(
  status: number,
  body: string,
  headers: Readonly<Record<string, string>> = {},
): WireResponse {
  return { status, headers: { 'content-type': 'application/xml', ...headers }, body }
}

export function jsonResponse(status: number, value: unknown, contentType = 'application/json'): WireResponse {
  return { status, headers: { 'content-type': contentType }, body: JSON.stringify(value) }
}

/** `2023-06-07T05:20:26.330Z` */
export const isoMillis = (at: Instant): string => new Date(at).toISOString()

/** `2023-06-07T05:20:26Z` */
export const isoSeconds = (at: Instant): string => `${new Date(at).toISOString().slice(0, 19)}Z`
