import { loadRunbook } from '../../../runbooks/playbook/load.ts';

/** A small event with what a local stand-in lacks: people without Slack, no phones, a pool of forty, fleets of every kind, two regions. */
export const BAZAAR = `version: 1
id: bazaar
title: Night bazaar
target: 2027-02-14 20:00 Europe/Berlin
targets:
  de: 2027-02-14 20:00 Europe/Berlin
  fr-ios: 2027-02-14 21:00 Europe/Paris
people:
  - { id: zoe, name: Zoe Park, roles: [on-call] }
  - { id: yan, name: Yan Li, roles: [marketer], slack: [U0YAN, U0YAN2] }
  - { id: z-oe, name: Xenia Roth, roles: [marketer] }
  - { id: kim, name: Kim Boss, roles: [observer] }
pool: { name: bazaar-pool, scale_target: senders, workers: 40, ready_at_least: 38 }
regions: { home: eu-central-1, standby: eu-west-1 }
campaign:
  id: bazaar
  default_locale: de
  locales:
    de: { title: "Los geht's", body: "Der Basar ist offen." }
    fr: { title: "C'est parti", body: "Le bazar est ouvert." }
  apns: { topic: com.example.bazaar }
gates:
  - { id: workers, title: Workers are ready, probe: { kind: workers-ready, at_least: 38 } }
  - { id: home, title: This region has it, hard: true, probe: { kind: home } }
  - { id: shop, title: Shop is up, probe: { kind: scaled, target: shop } }
scale_targets:
  - { id: senders, kind: ecs-service, cluster: "arn:aws:ecs:eu-central-1:111111111111:cluster/push", service: bazaar-senders }
  - { id: shop, kind: ecs-service, cluster: shop, service: shop-api }
  - { id: edge, kind: auto-scaling-group, group: shop-edge }
  - { id: stock, kind: dynamodb-table, table: stock }
switches:
  - { id: checkout, title: Short checkout }
phases:
  - id: before
    title: Before
    steps:
      - { id: shop-up, title: Shop up, at: T-2h, do: { kind: scale, target: shop, to: 120 } }
      - { id: workers-up, title: Workers up, at: T-4h, do: { kind: scale, target: senders, to: "40" } }
  - id: moment
    title: The moment
    steps:
      - { id: window, title: Now, at: T, do: { kind: fire-window } }
      - { id: workers-down, title: Workers down, at: T+12h, do: { kind: scale, target: senders, to: 0 } }
`;

/** The part with `find` in it replaced, loaded. Throws if it is not right. */
export function bazaar(find = '', replacement = '') {
  const loaded = loadRunbook(
    BAZAAR.replace(find, () => replacement),
    'bazaar.yaml',
  );
  if (!loaded.ok) throw new Error(JSON.stringify(loaded.problems));
  return loaded;
}
