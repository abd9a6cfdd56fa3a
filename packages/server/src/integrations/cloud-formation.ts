/** The set-up of an integration as one CloudFormation template: the same documents, and the roles they belong to. */
import type { SetupDocuments } from '@headgate/core/api'
import type { Place } from './aws-actions.ts'

/** Needs `CAPABILITY_NAMED_IAM`, since the roles are found by their names. */
export function cloudFormation(
  documents: Omit<SetupDocuments, 'cloudFormation'>,
  { locationPath }: Place,
): Record<string, unknown> {
  return {
    AWSTemplateFormatVersion: '2010-09-09',
    Description: `What Headgate needs to manage S3 Access Grants on ${locationPath}`,
    Parameters: {
      CreateAccessGrantsInstance: {
        Type: 'String',
        AllowedValues: ['yes', 'no'],
        Default: 'no',
        Description: 'There is one S3 Access Grants instance per account and region: yes only if there is none yet',
      },
    },
    Conditions: { MakesInstance: { 'Fn::Equals': [{ Ref: 'CreateAccessGrantsInstance' }, 'yes'] } },
    Resources: {
      AccessGrantsInstance: {
        Type: 'AWS::S3::AccessGrantsInstance',
        Condition: 'MakesInstance',
        // A stack that is taken down must not take everybody's grants with it.
        DeletionPolicy: 'Retain',
        UpdateReplacePolicy: 'Retain',
        Properties: {},
      },
      LocationRole: {
        Type: 'AWS::IAM::Role',
        Properties: {
          ...nameAndPath(documents.locationRole),
          Description: 'Assumed by S3 Access Grants to vend credentials',
          MaxSessionDuration: documents.maxSessionDuration,
          AssumeRolePolicyDocument: documents.locationRoleTrustPolicy,
          Policies: [{ PolicyName: 'data', PolicyDocument: documents.locationRolePolicy }],
        },
      },
      ControllerPolicy: {
        Type: 'AWS::IAM::ManagedPolicy',
        Properties: {
          Description: 'What Headgate may do: attach it to a user too, if Headgate is given an access key',
          PolicyDocument: documents.controllerPolicy,
        },
      },
      ControllerRole: {
        Type: 'AWS::IAM::Role',
        Properties: {
          ...nameAndPath(documents.controllerRole),
          Description: 'Assumed by Headgate',
          AssumeRolePolicyDocument: documents.controllerTrustPolicy,
          ManagedPolicyArns: [{ Ref: 'ControllerPolicy' }],
        },
      },
      ConsumerPolicy: {
        Type: 'AWS::IAM::ManagedPolicy',
        Properties: {
          Description: 'Lets people ask S3 Access Grants for credentials; which they get, grants decide',
          PolicyDocument: documents.consumerPolicy,
        },
      },
    },
    Outputs: {
      LocationRoleArn: { Value: { 'Fn::GetAtt': ['LocationRole', 'Arn'] } },
      ControllerRoleArn: { Value: { 'Fn::GetAtt': ['ControllerRole', 'Arn'] } },
      ConsumerPolicyArn: { Value: { Ref: 'ConsumerPolicy' } },
    },
  }
}

function nameAndPath(arn: string): { RoleName: string; Path: string } {
  const whole = arn.slice(arn.indexOf(':role/') + ':role'.length)
  const end = whole.lastIndexOf('/')
  return { RoleName: whole.slice(end + 1), Path: whole.slice(0, end + 1) }
}
