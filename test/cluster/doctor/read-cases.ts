import { control, now, ofRelease, type ReadCase, run } from './read-case.ts'
import {
  EXTERNAL_ID,
  NODE_ROLES,
  registerAck,
  SOURCE_ROLE,
  TARGET_ROLE,
  targetTrust,
  VPC,
  VSWITCH,
} from './read-fixture.ts'
import { OWN_CASES } from './read-own-cases.ts'
import { runCommands } from './run-commands.ts'

/** Cases with worker roles and pulls only through the VPC. */
const NODE_CASES: readonly ReadCase[] = ofRelease(
  ['-n', 'nodes', '--release', 'nodes'],
  [
    {
      title: 'the worker role of one node pool lacks the permission to pull',
      id: 'ROLE_RIGHTS_MISSING',
      make: now((fixture) => control(fixture).revoke(NODE_ROLES[1] ?? '')),
      message:
        /aliyun ram AttachPolicyToRole --PolicyType Custom --PolicyName acr-nopass-\w+ --RoleName gpu-nodes-of-doctor$/,
      fix: run,
    },
    {
      title: 'the nodes are not allowed to assume their worker role',
      id: 'ROLE_TRUST_DIFFERS',
      make: now((fixture) => {
        fixture.trust(NODE_ROLES[0] ?? '', {
          Effect: 'Allow',
          Action: 'sts:AssumeRole',
          Principal: { Service: ['fc.aliyuncs.com'] },
        })
      }),
      message: /does not name ecs\.aliyuncs\.com \(it names fc\.aliyuncs\.com\)/,
      fix: run,
    },
    {
      title: 'the values only pull through the VPC, which is not linked',
      id: 'VPC_UNLINKED',
      make: now((fixture) => control(fixture).changeInstance(fixture.instanceId, { vpc: { vpcs: [] } })),
      message: new RegExp(
        `linked to no VPC[\\s\\S]*--VpcId ${VPC} --VswitchId ${VSWITCH} --ModuleName Registry --EnableCreateDNSRecordInPvzt true`,
      ),
      fix: run,
    },
  ],
)

/** Cases with a chain of roles, an external ID and pulls only from the internet. */
const CHAIN_CASES: readonly ReadCase[] = ofRelease(
  ['-n', 'chain', '--release', 'chain'],
  [
    {
      title: 'ACK does not list the issuer of the API server',
      id: 'OIDC_ISSUER_MISMATCH',
      make: now((fixture) => registerAck(fixture, 'https://oidc-ack-cn-hangzhou.example.com/another')),
      message:
        /issues tokens as https:\/\/.*, but ACK lists https:\/\/oidc-ack-cn-hangzhou\.example\.com\/another and https:\/\/kubernetes\.default\.svc/,
      fix: now((fixture) => registerAck(fixture, fixture.helper.trust.issuer)),
    },
    {
      title: 'the target of the chain requires another external ID',
      id: 'ROLE_TRUST_DIFFERS',
      make: now((fixture) => fixture.trust(TARGET_ROLE, targetTrust(fixture, 'other'))),
      message: new RegExp(`sts:ExternalId has to be other there, and is ${EXTERNAL_ID}`, 'i'),
      fix: run,
    },
    {
      title: 'the target of the chain requires no external ID',
      id: 'ROLE_TRUST_WIDE',
      severity: 'warning',
      make: now((fixture) => fixture.trust(TARGET_ROLE, targetTrust(fixture, undefined))),
      message: /aliyun ram UpdateRole --RoleName chain-target /,
      fix: run,
    },
    {
      title: 'the source of the chain is not allowed to assume its target',
      id: 'ROLE_RIGHTS_MISSING',
      make: now((fixture) => control(fixture).revoke(SOURCE_ROLE)),
      message: /sts:AssumeRole[\s\S]*--RoleName chain-source$/,
      fix: run,
    },
    {
      title: 'the target of the chain lacks the permission to pull',
      id: 'ROLE_RIGHTS_MISSING',
      make: now((fixture) => control(fixture).revoke(TARGET_ROLE)),
      message: /aliyun ram CreatePolicy --PolicyName acr-nopass-chain-target /,
      fix: run,
    },
    {
      title: 'the public endpoint was turned off',
      id: 'PUBLIC_CLOSED',
      make: now((fixture) => control(fixture).changeInstance(fixture.instanceId, { internet: { enabled: false } })),
      message: /aliyun cr UpdateInstanceEndpointStatus .*--EndpointType internet --Enable true/,
      fix: run,
    },
    {
      title: 'the public endpoint still has the allow list of a new instance',
      id: 'PUBLIC_CLOSED',
      make: now((fixture) =>
        control(fixture).changeInstance(fixture.instanceId, { internet: { acl: ['127.0.0.1/32'] } }),
      ),
      message: /aliyun cr CreateInstanceEndpointAclPolicy /,
      fix: ({ helper }, finding) =>
        runCommands(helper.helperCluster.cloud, finding, { '<public address of the nodes>': '203.0.113.9' }),
    },
    {
      title: 'the public endpoint only allows some addresses',
      id: 'PUBLIC_RESTRICTED',
      severity: 'info',
      make: now((fixture) =>
        control(fixture).changeInstance(fixture.instanceId, { internet: { acl: ['203.0.113.9/32'] } }),
      ),
      message: /aliyun cr CreateInstanceEndpointAclPolicy /,
      fix: now((fixture) => control(fixture).changeInstance(fixture.instanceId, { internet: { acl: [] } })),
    },
  ],
)

/** Problems that doctor reads from the cloud with the user's own credentials. */
export const READ_CASES: readonly ReadCase[] = [...OWN_CASES, ...NODE_CASES, ...CHAIN_CASES]
