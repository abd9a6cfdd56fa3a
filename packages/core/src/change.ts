/**
 * One change of the facts, as the fact index takes it: a row as it is from now on, or gone.
 *
 * A change is about what is so afterwards; saying the same again changes nothing.
 */
import type {
  Attribute,
  DataProduct,
  DataProductId,
  DataSource,
  DataSourceId,
  Domain,
  Group,
  GroupId,
  Instant,
  Integration,
  IntegrationId,
  Member,
  MemberId,
  Membership,
  MembershipId,
  Policy,
  PolicyId,
  Principal,
  Selection,
  Subscription,
  User,
  UserId,
} from './facts.ts'

export type Change = PeopleChange | SourceChange | MemberChange

/** `row` absent or undefined: gone. Rows that are about a user or group that is gone stay and say nothing. */
export type PeopleChange =
  | { readonly entity: 'user'; readonly id: UserId; readonly row?: User | undefined }
  | { readonly entity: 'group'; readonly id: GroupId; readonly row?: Pick<Group, 'name'> | undefined }
  | { readonly entity: 'groupMember'; readonly group: GroupId; readonly user: UserId; readonly holds: boolean }
  | { readonly entity: 'attribute'; readonly row: Attribute; readonly holds: boolean }
  /** All of the user's principals. */
  | { readonly entity: 'principals'; readonly user: UserId; readonly rows: readonly Principal[] }

export type SourceChange =
  | { readonly entity: 'integration'; readonly id: IntegrationId; readonly row?: Integration | undefined }
  | { readonly entity: 'dataSource'; readonly id: DataSourceId; readonly row?: DataSource | undefined }
  | { readonly entity: 'policy'; readonly id: PolicyId; readonly row?: Policy | undefined }
  | { readonly entity: 'domain'; readonly name: string; readonly row?: Domain | undefined }
  | { readonly entity: 'selection'; readonly row: Selection; readonly holds: boolean }
  | { readonly entity: 'dataProduct'; readonly id: DataProductId; readonly row?: DataProduct | undefined }

export type MemberChange =
  | { readonly entity: 'member'; readonly id: MemberId; readonly row?: Member | undefined }
  | { readonly entity: 'subscription'; readonly row: Subscription; readonly holds: boolean }
  | { readonly entity: 'membership'; readonly id: MembershipId; readonly row?: Membership | undefined }
  /** Time has gone on, so that members and memberships may have ended. */
  | { readonly entity: 'now'; readonly now: Instant }
