/**
 * Runs the contract with S3 Access Grants against the sandbox, and against AWS itself when the `HEADGATE_AWS_TEST_*`
 * variables name an account to use (test/aws-contract/aws-target.ts lists them).
 */
import { asksForAws, awsTarget } from './aws-contract/aws-target.ts'
import { sandboxTarget } from './aws-contract/sandbox-target.ts'
import { accessGrantsContract } from './aws-contract/suite.ts'

accessGrantsContract('the sandbox', sandboxTarget)
if (asksForAws(process.env)) accessGrantsContract('AWS', () => awsTarget(process.env))
