/**
 * Every setting: its environment variable, type, default, unit and one sentence. `docs/config.md` is made from this.
 *
 * Reads no environment itself: `main.ts` hands it in. An unknown value is refused at start, never guessed.
 */
import { z } from 'zod'
import { readRanges } from './address-range.ts'

const port = z.coerce.number().int().min(0).max(65_535)

export const settings = z.object({
  HEADGATE_HOST: z.string().default('127.0.0.1').describe('address to listen on'),
  HEADGATE_PORT: port.default(8080).describe('port to listen on; 0 takes a free one'),
  HEADGATE_TRUSTED_PROXIES: z
    .string()
    .optional()
    .describe(
      'addresses or CIDR ranges, separated by commas, of the proxies whose `X-Forwarded-*` headers are believed; without it none',
    ),
  HEADGATE_DATA_DIR: z.string().default('.headgate').describe('folder for the embedded database and its key'),
  DATABASE_URL: z
    .string()
    .optional()
    .describe('PostgreSQL to use instead of the embedded one, as postgres://user:password@host/database'),
  DATABASE_OWNER_URL: z
    .string()
    .optional()
    .describe(
      'the same database as the role that owns its tables, for migrations and pruning: DATABASE_URL then names a role that cannot change the audit trail',
    ),
  HEADGATE_ENCRYPTION_KEY: z
    .string()
    .optional()
    .describe('32 bytes, base64: wraps the keys of stored secrets; compulsory with DATABASE_URL'),
  HEADGATE_ENCRYPTION_KEYS_OLD: z
    .string()
    .optional()
    .describe('earlier encryption keys, base64, separated by commas: still open what they wrapped; see Operate'),
  HEADGATE_AWS_ENDPOINT: z
    .url()
    .optional()
    .describe('where to find AWS instead of its own addresses: the sandbox, or a VPC endpoint'),
  HEADGATE_PRIVATE_ADDRESSES: z
    .string()
    .default('')
    .refine(text => readRanges(text) !== undefined, 'must be address ranges such as `10.0.0.0/8,fd00::/8`')
    .describe(
      'address ranges, separated by commas, that identity providers, webhooks and mail servers may be in although they are private, such as `10.0.0.0/8`; only there plain http, and e-mail without TLS, is allowed too',
    ),
  HEADGATE_IDENTITY_STORE_ID: z
    .string()
    .regex(/^d-[0-9a-f]{10}$|^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/)
    .optional()
    .describe(
      'Identity Store to look Identity Center users up in, such as d-1234567890; without it the one that AWS names',
    ),
  HEADGATE_LOG_LEVEL: z
    .enum(['trace', 'debug', 'info', 'warn', 'error', 'silent'])
    .default('info')
    .describe('least level that is logged'),
  HEADGATE_AWS_PARALLEL: z.coerce
    .number()
    .int()
    .min(1)
    .max(100)
    .default(10)
    .describe('AWS calls in flight at once, per account and region'),
  HEADGATE_AUDIT_MINUTES: z.coerce
    .number()
    .min(0)
    .max(10_080)
    .default(15)
    .describe('minutes between two comparisons of AWS with the ledger; 0: only when asked'),
  HEADGATE_INDEX_VERIFY_MINUTES: z.coerce
    .number()
    .min(0)
    .max(10_080)
    .default(60)
    .describe('minutes between two verifications of the index against the tables; 0: only when asked'),
  HEADGATE_HEALTH_CHECK_MINUTES: z.coerce
    .number()
    .min(0)
    .max(10_080)
    .default(60)
    .describe('minutes between two looks at the bucket and path of each data source; 0: only when asked'),
  HEADGATE_PRINCIPAL_CHECK_MINUTES: z.coerce
    .number()
    .min(0)
    .max(10_080)
    .default(60)
    .describe(
      'minutes between two looks at each AWS principal, and at what its account and instance allow; 0: only when asked',
    ),
  HEADGATE_AUDIT_CHECKPOINT_DIR: z
    .string()
    .optional()
    .describe(
      'folder for signed checkpoints of the audit trail, best on another machine; with the embedded database `audit-checkpoints` in HEADGATE_DATA_DIR, else none',
    ),
  HEADGATE_AUDIT_CHECKPOINT_HOURS: z.coerce
    .number()
    .min(0.01)
    .max(24)
    .default(24)
    .describe('hours between two signed checkpoints of the audit trail, if anything happened'),
  HEADGATE_AUDIT_RETENTION_DAYS: z.coerce
    .number()
    .int()
    .min(0)
    .max(36_500)
    .default(0)
    .describe('days after which the text of audit events is deleted, while their hashes stay; 0: never'),
  HEADGATE_VALIDATION_MINUTES: z.coerce
    .number()
    .min(0)
    .max(10_080)
    .default(60)
    .describe('minutes between two validations of an integration that is in use; 0: never'),
  HEADGATE_NOTIFICATION_DAYS: z.coerce
    .number()
    .min(1)
    .max(3_650)
    .default(90)
    .describe(
      'days that notifications, sent mails and deliveries of webhooks are kept; the audit trail is kept for ever',
    ),
  HEADGATE_REQUEST_DAYS: z.coerce
    .number()
    .int()
    .min(1)
    .max(365)
    .default(30)
    .describe('days after which a request for access that nobody decided on is over'),
  HEADGATE_RATE_LIMIT: z.coerce
    .number()
    .int()
    .min(1)
    .default(6000)
    .describe('HTTP calls a minute, per API key or, without one, per address'),
  HEADGATE_SCIM_RATE_LIMIT: z.coerce
    .number()
    .int()
    .min(1)
    .default(60_000)
    .describe('SCIM calls a minute, per identity provider: high enough for a whole sync'),
})

export type Config = z.output<typeof settings>

/** @throws ZodError that names each setting that is wrong */
export function readConfig(environment: Readonly<Record<string, string | undefined>>): Config {
  return settings.parse(environment)
}
