/** Ready text for the tools that people use. Pure. */

export interface Snippet {
  readonly title: string
  readonly text: string
}

/** @param scope such as `s3://lake/sales/*`, or one object */
export function snippetsFor(name: string, scope: string, level: 'READ' | 'WRITE'): Snippet[] {
  const permission = level === 'WRITE' ? 'READWRITE' : 'READ'
  const profile = name.replaceAll(/[^\p{L}\p{N}._-]+/gu, '-')
  const place = placeOf(scope)
  const call = `headgate credentials --target "${scope}" --permission ${permission} --aws-profile default`
  return [
    {
      title: 'AWS CLI, and every tool that knows AWS profiles',
      text: lines(
        '# ~/.aws/config',
        `[profile ${profile}]`,
        `credential_process = ${call}`,
        '',
        '# then',
        ...(place.isObject ? [] : [`aws s3 ls ${place.path} --profile ${profile}`]),
        `aws s3 cp ${place.file} . --profile ${profile}`,
      ),
    },
    {
      title: 'Python with boto3',
      text: lines(
        'import boto3',
        '',
        `s3 = boto3.Session(profile_name="${profile}").client("s3")`,
        ...(place.isObject
          ? [`print(s3.get_object(Bucket="${place.bucket}", Key="${place.key}")["ContentLength"])`]
          : [
              `for item in s3.list_objects_v2(Bucket="${place.bucket}", Prefix="${place.key}").get("Contents", []):`,
              '    print(item["Key"])',
            ]),
      ),
    },
    {
      title: 'DuckDB',
      text: lines(
        'INSTALL httpfs; LOAD httpfs; INSTALL aws; LOAD aws;',
        `CREATE SECRET (TYPE s3, PROVIDER credential_chain, CHAIN 'process', PROFILE '${profile}');`,
        `SELECT * FROM read_parquet('${place.isObject ? place.path : `${place.path}**/*.parquet`}') LIMIT 10;`,
      ),
    },
    {
      title: 'Spark',
      text: lines(
        `# with AWS_PROFILE=${profile} for the driver and the executors`,
        'provider = "software.amazon.awssdk.auth.credentials.ProfileCredentialsProvider"',
        'spark.sparkContext._jsc.hadoopConfiguration().set("fs.s3a.aws.credentials.provider", provider)',
        `spark.read.parquet("${place.path.replace('s3://', 's3a://')}").show(10)`,
      ),
    },
    {
      title: 'JavaScript with the AWS SDK',
      text: lines(
        `import { ${place.isObject ? 'GetObjectCommand' : 'ListObjectsV2Command'}, S3Client } from '@aws-sdk/client-s3'`,
        "import { accessGrants } from '@headgate/client'",
        '',
        'const s3 = new S3Client({})',
        's3.middlewareStack.use(accessGrants())',
        place.isObject
          ? `console.log(await s3.send(new GetObjectCommand({ Bucket: '${place.bucket}', Key: '${place.key}' })))`
          : `console.log(await s3.send(new ListObjectsV2Command({ Bucket: '${place.bucket}', Prefix: '${place.key}' })))`,
      ),
    },
  ]
}

interface Place {
  readonly isObject: boolean
  readonly bucket: string
  /** The key, or what every key begins with. */
  readonly key: string
  /** With its bucket. */
  readonly path: string
  /** One object there, or where to put its name. */
  readonly file: string
}

function placeOf(scope: string): Place {
  const isObject = !scope.endsWith('*')
  const path = isObject ? scope : scope.slice(0, -1)
  const [, bucket = '', key = ''] = /^s3:\/\/([^/]+)\/?(.*)$/.exec(path) ?? []
  return { isObject, bucket, key, path, file: isObject ? path : `${path}FILE` }
}

function lines(...all: readonly string[]): string {
  return `${all.join('\n')}\n`
}
