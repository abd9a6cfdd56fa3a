/** KMS: symmetric keys of the account, by id, alias or ARN. */
import { jsonService } from '../json-protocol.ts'
import type { Service } from '../service.ts'
import { decrypt, encrypt, generateDataKey, generateDataKeyWithoutPlaintext } from './cipher.ts'
import * as keys from './keys.ts'
import { openCall } from './kms-call.ts'

const operations = {
  CreateKey: keys.createKey,
  DescribeKey: keys.describeKey,
  ListKeys: keys.listKeys,
  CreateAlias: keys.createAlias,
  GetKeyPolicy: keys.getKeyPolicy,
  PutKeyPolicy: keys.putKeyPolicy,
  EnableKey: keys.enableKey,
  DisableKey: keys.disableKey,
  ScheduleKeyDeletion: keys.scheduleKeyDeletion,
  CancelKeyDeletion: keys.cancelKeyDeletion,
  Encrypt: encrypt,
  Decrypt: decrypt,
  GenerateDataKey: generateDataKey,
  GenerateDataKeyWithoutPlaintext: generateDataKeyWithoutPlaintext,
}

export const kmsService: Service = jsonService({
  name: 'kms',
  target: 'TrentService',
  handlers: Object.fromEntries(
    Object.entries(operations).map(([name, handle]) => [name, call => handle(openCall(call))] as const),
  ),
})
