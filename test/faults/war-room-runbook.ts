import { LOCAL_POOL } from '../../infra/local/principals.ts';

/** Workers and one tick are all that fire waits for; small batches, so that a fault lands between two of them. */
export function warRoomRunbook(
  { ana: { publicKey: anaKey }, mia: { publicKey: miaKey } }: Record<'ana' | 'mia', { publicKey: string }>,
  { everything, steps, isSpanish }: { everything: boolean; steps: readonly string[]; isSpanish: boolean },
): string {
  const gates = `
  - { id: dead-letters, title: No dead letters, probe: { kind: queue-empty, queue: dead-letters } }
  - { id: segments, title: No order waits, probe: { kind: queue-empty, queue: segments } }
  - { id: workers-there, title: Workers run, probe: { kind: scaled, target: workers } }
  - { id: edge-there, title: API servers run, probe: { kind: scaled, target: edge } }
  - { id: claims-warm, title: Claims are warm, probe: { kind: scaled, target: claims } }`;
  const device = `, devices: [{ platform: ios, token: "00${'5'.repeat(62)}" }]`;
  return `
version: 1
id: faults
title: Faults
people:
  - { id: ana, name: Ana Ortiz, roles: [on-call], slack: [U0ONCALL], operator_keys: ["${anaKey}"]${everything ? device : ''} }
  - { id: mia, name: Mia Chen, roles: [marketer], slack: [U0MARKET1], operator_keys: ["${miaKey}"] }
  - { id: ben, name: Ben Okafor, roles: [marketer], slack: [U0MARKET2] }
pool: { name: ${LOCAL_POOL}, scale_target: workers, workers: 2 }
campaign:
  id: faults
  default_locale: en
  locales: { en: { title: Hello, body: World }${isSpanish ? ', es: { title: Hola, body: Mundo }' : ''} }
  apns: { topic: com.example.faults }
delivery: { batch_size: 100, ios_not_after: 60s }
gates:
  - { id: credentials, title: Provider credentials are fresh, hard: true, probe: { kind: credentials } }
  - { id: workers, title: Workers report ready, probe: { kind: workers-ready } }
  - { id: queues, title: No message waits, probe: { kind: queue-empty, queue: batches } }
  - { id: copy-read, title: Somebody has read the copy, owner: mia }${everything ? gates : ''}
scale_targets:
  - { id: workers, kind: ecs-service, cluster: gobutton, service: ${LOCAL_POOL}, title: Send workers }
  - { id: edge, kind: auto-scaling-group, group: lingo-api, title: API servers }
  - { id: claims, kind: dynamodb-table, table: gobutton-claims, title: Claims }
phases:
  - id: day
    title: The day
    steps:
${steps.map((step) => `      - ${step}\n`).join('')}      - { id: later, title: Wrap up, at: T+8h, do: { kind: remind, say: Bye. } }
`;
}
