/**
 * The few policies of AWS's own (`arn:aws:iam::aws:policy/…`) that the sandbox knows; attaching another is NoSuchEntity.
 */

/** JSON text, or undefined when the sandbox does not know the policy. */
export function awsManagedPolicy(arn: string): string | undefined {
  return texts.get(arn)
}

export function awsManagedPolicyArns(): readonly string[] {
  return [...texts.keys()]
}

const allow = (...Action: string[]): string =>
  JSON.stringify({ Version: '2012-10-17', Statement: [{ Effect: 'Allow', Action, Resource: '*' }] })

const texts: ReadonlyMap<string, string> = new Map([
  ['arn:aws:iam::aws:policy/AdministratorAccess', allow('*')],
  ['arn:aws:iam::aws:policy/IAMFullAccess', allow('iam:*')],
  ['arn:aws:iam::aws:policy/AmazonS3FullAccess', allow('s3:*', 's3-object-lambda:*')],
  [
    'arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess',
    allow('s3:Get*', 's3:List*', 's3:Describe*', 's3-object-lambda:Get*', 's3-object-lambda:List*'),
  ],
])
