/** Ready text for the tools that people use. Pure. */

export interface Snippet {
  readonly title: string
  readonly text: string
}

/** @param scope such as `s3://lake/sales/*`, or one object */
export function snippetsFor(name: string, scope: string, level: 'READ' | 'WRITE'): Snippet[] {
  const permission = level === 'WRITE' ? 'READWRITE' : 'READ'
  const profile = name.replaceAll(/[^\p{L}\p{N}._-]+/gu, '-')
  const place = scope.replace(/\*$/, '')
  const [, bucket = '', prefix = ''] = /^s3:\/\/([^/]+)\/(.*)$/.exec(place) ?? []
  const ask = `headgate credentials --target "${scope}" --permission ${permission}`
  return [
    {
      title: 'AWS CLI, and every tool that knows AWS profiles',
      text: `# ~/.aws/config\n[profile ${profile}]\ncredential_process = ${ask} --aws-profile default\n\n# then\naws s3 ls ${place} --profile ${profile}\naws s3 cp ${place}FILE . --profile ${profile}\n`,
    },
    {
      title: 'Python with boto3',
      text: `import boto3\n\ns3 = boto3.Session(profile_name="${profile}").client("s3")\nfor item in s3.list_objects_v2(Bucket="${bucket}", Prefix="${prefix}").get("Contents", []):\n    print(item["Key"])\n`,
    },
    {
      title: 'DuckDB',
      text: `INSTALL httpfs; LOAD httpfs; INSTALL aws; LOAD aws;\nCREATE SECRET (TYPE s3, PROVIDER credential_chain, CHAIN 'process', PROFILE '${profile}');\nSELECT * FROM read_parquet('${place}**/*.parquet') LIMIT 10;\n`,
    },
    {
      title: 'Spark',
      text: `# AWS_PROFILE=${profile} for the driver and the executors\nspark.conf.set("fs.s3a.aws.credentials.provider", "software.amazon.awssdk.auth.credentials.ProfileCredentialsProvider")\nspark.read.parquet("${place.replace('s3://', 's3a://')}").show(10)\n`,
    },
    {
      title: 'JavaScript with the AWS SDK',
      text: `import { ListObjectsV2Command, S3Client } from '@aws-sdk/client-s3'\nimport { accessGrants } from '@headgate/client'\n\nconst s3 = new S3Client({})\ns3.middlewareStack.use(accessGrants())\nconsole.log(await s3.send(new ListObjectsV2Command({ Bucket: '${bucket}', Prefix: '${prefix}' })))\n`,
    },
  ]
}
