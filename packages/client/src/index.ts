/**
 * S3 Access Grants for the AWS SDK for JavaScript v3.
 *
 *     const s3 = new S3Client({ region: 'eu-central-1' })
 *     s3.middlewareStack.use(accessGrants())
 *
 * From then on each request is signed with credentials that AWS vends for what it touches, and with nothing else.
 */
export { type AccessGrantsOptions, accessGrants, awsVendor, type OwnCredentials } from './access-grants.ts'
export type { ProcessCredentials } from './credential-file.ts'
export { type CredentialProcessOptions, credentialProcess } from './credential-process.ts'
export { AccessDenied, DifferentBuckets, NotByAccessGrants } from './errors.ts'
export { covers } from './scope.ts'
export { createVendor, type Vended, type Vendor, type VendorOptions } from './vendor.ts'
export { type Permission, type Wanted, wantedBy } from './wanted.ts'
