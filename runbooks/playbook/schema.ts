import { z } from 'zod';
import { campaign } from './fields/campaign.ts';
import { contact } from './fields/contact.ts';
import { delivery } from './fields/delivery.ts';
import { fire } from './fields/fire.ts';
import { gate } from './fields/gate.ts';
import { group } from './fields/group.ts';
import { key } from './fields/key.ts';
import { person } from './fields/person.ts';
import type { role } from './fields/person.ts';
import type { probe } from './fields/probe.ts';
import { rehearsal } from './fields/rehearsal.ts';
import { scaleTarget } from './fields/scale-target.ts';
import { phase } from './fields/step.ts';
import type { step } from './fields/step.ts';
import { surge } from './fields/surge.ts';
import { count, duration, fixedTime, id, link, switchValue, title } from './fields/values.ts';

/**
 * The runbook: the plan of one live event as data. YAML is read by `load.ts`, which adds file:line to every error; this file
 * and `fields/` say what is allowed and what it means, and give the types that the launch core works with. Made from it:
 * `runbooks/runbook.schema.json` for editors, and docs/runbook.md for people. What lies between keys is in `rules/`.
 * Durations are written like `90s`, `15m`, `4h`; read, they are milliseconds.
 */

const pool = z.strictObject({
  name: key(id, {
    means: 'The name of the pool, also the beginning of the names of its queues.',
    example: 'gobutton-workers',
  }),
  scale_target: key(id, { means: 'The one of `scale_targets` that is the pool.', example: 'workers' }),
  workers: key(count(1), { means: 'How many the event needs.', unit: 'workers', example: 40 }),
  ready_at_least: key(count(1).optional(), {
    means: 'How many of them must be ready.',
    unit: 'workers',
    absent: 'all of them',
    example: 38,
  }),
});

const audience = z.strictObject({
  segment_by: key(
    z
      .array(z.enum(['market', 'platform']))
      .min(1)
      .default(['market', 'platform']),
    {
      means:
        "The columns that cut the audience into segments. A segment's id is their values joined by `-`, e.g. `us-ios`.",
      example: ['market', 'platform'],
    },
  ),
});

const ownSwitch = z.strictObject({
  id: key(id, { means: 'What steps, `/go` and client apps call it.', example: 'ads-banner' }),
  title: key(z.string(), { means: 'As the room reads it.', example: 'In-app banner' }),
  two_people: key(z.boolean().default(false), { means: 'Whether a second person must approve.', example: true }),
  values: key(z.array(switchValue).min(2).max(20).optional(), {
    means:
      'What it may be set to, and nothing else: `true`, `false`, numbers, texts. The first is how it is as ever: a stand-down puts it back to that, unless a step of the plan does, or `false` or 0 is among them.',
    absent: 'on or off, a number, or any text',
    example: [false, 'short', 'closed'],
  }),
  seen_by: key(z.enum(['apps', 'servers']).optional(), {
    means:
      'Who may see how it stands: `apps`, in the flag file that client apps read, and anybody with it; `servers`, in Parameter Store alone, within the account.',
    absent: '`apps`',
    example: 'servers',
  }),
});

const REGION = 'expected an AWS region like us-east-1';
const regionName = z.string(REGION).regex(/^[a-z]{2}(-[a-z]+)+-\d$/, REGION);
const regions = z.strictObject({
  home: key(regionName, { means: 'Where it is created, and sent from.', example: 'us-east-1' }),
  standby: key(regionName, { means: 'Where two people can take it over to.', example: 'us-west-2' }),
});

export const runbook = z.strictObject({
  version: key(z.literal(1), { means: 'The version of this format.', example: 1 }),
  id: key(id, { means: 'What `/go create` calls the runbook.', example: 'superbowl' }),
  title: key(title, { means: 'What the launch is called.', example: 'Super Bowl push' }),
  summary: key(z.string().max(1000).optional(), {
    means: 'What this is about.',
    absent: 'nothing is said',
    example: 'One push in the seconds after the ad.',
  }),
  include: key(z.array(z.string()).optional(), {
    means:
      'Files with `people`, `scale_targets` or `campaign` that several runbooks share, in this folder or below it. What they hold stands before what this file says itself.',
    absent: 'all of it stands here',
    example: ['shared/people.yaml'],
  }),
  target: key(fixedTime.optional(), {
    means:
      'When the event is, if that is known: T, unless `/go create` is given another. A runbook with times of its own needs it: a launch that is compressed measures them from here.',
    absent: 'whoever creates the launch says when',
    example: '2027-02-07 18:30 America/New_York',
  }),
  targets: key(z.record(z.string().min(1).max(60), fixedTime).optional(), {
    means:
      'T of a market or a segment that has its own, by its name: steps with `for` go by it. No move of the target moves it.',
    absent: 'there is one T for all',
    example: { de: '2027-02-14 00:00 Europe/Berlin' },
  }),
  people: key(z.array(person).min(2), {
    means: 'Who takes part. At least two who may press GO, and one who is on call.',
    example: [
      { id: 'ana', name: 'Ana Ortiz', roles: ['on-call'] },
      { id: 'mia', name: 'Mia Chen', roles: ['marketer'] },
    ],
  }),
  groups: key(z.array(group).optional(), {
    means: 'People who own steps and gates together.',
    absent: 'owners are people',
    example: [{ id: 'edge-team', title: 'Edge team', people: ['ana', 'ben'] }],
  }),
  pool: key(pool, {
    means: 'The send workers.',
    example: { name: 'gobutton-workers', scale_target: 'workers', workers: 2 },
  }),
  regions: key(regions.optional(), {
    means: 'The region that sends it, and one that may take it over before the first shot.',
    absent: 'it stays where it was created',
    example: { home: 'us-east-1', standby: 'us-west-2' },
  }),
  audience: key(audience.prefault({}), { means: 'How the audience is cut.', example: { segment_by: ['market'] } }),
  campaign: key(campaign, {
    means: 'What goes out.',
    example: {
      id: 'big-game',
      default_locale: 'en',
      locales: { en: { title: 'Did you see that?', body: 'Do your lesson.' } },
      apns: { topic: 'com.example.lingo' },
    },
  }),
  delivery: key(delivery.prefault({}), { means: 'How it goes out.', example: { ios_not_after: '60s' } }),
  fire: key(fire.optional(), {
    means:
      'Who may ask for a fire and who may approve it, of those whose roles allow it. By it two different people must be able to.',
    absent: 'roles alone decide',
    example: { may_ask: ['marketer'], may_approve: ['on-call', 'ben'] },
  }),
  order_expires_after: key(duration.prefault('15m'), {
    means: 'How long a fire order may wait for its second person, and so may a change of the runbook or of the roster.',
    example: '15m',
  }),
  order_renewable_for: key(duration.optional(), {
    means:
      'How long its asker may keep an open order open in all, counted from when it was asked for, or from its moment. Each renewal gives it `order_expires_after` from the tap on.',
    absent: 'four times `order_expires_after`',
    example: '1h',
  }),
  armed_catch_up_within: key(duration.prefault('5s'), {
    means:
      'How late an armed order still goes by itself, if no bot was there at its moment; no longer than `order_expires_after`. Later, a person presses.',
    example: '5s',
  }),
  marks: key(
    z.array(z.string().regex(/^[a-z0-9_+'-]{1,100}$/, 'a reaction like stopwatch, without colons')).optional(),
    {
      means:
        "The reactions that mark a message of the channel in the launch's record: the timeline shows and filters by them.",
      absent: '`pushpin`, `round_pushpin` and `stopwatch`',
      example: ['pushpin', 'stopwatch'],
    },
  ),
  gates: key(z.array(gate).min(1), {
    means: 'What must be true before GO.',
    example: [{ id: 'credentials', title: 'Credentials are fresh', probe: { kind: 'credentials' } }],
  }),
  scale_targets: key(z.array(scaleTarget).default([]), {
    means: 'The fleets that steps and `/go scale` set.',
    example: [{ id: 'workers', kind: 'ecs-service', cluster: 'gobutton', service: 'gobutton-workers' }],
  }),
  surge: key(surge.optional(), {
    means: 'What the push brings upon the servers: `/go forecast` and gates of kind `surge` count with it.',
    absent: 'nothing is forecast until somebody enters figures with `/go forecast`',
    example: { open_rate: 0.04, unpaced_per_second: '200k', fleets: [{ target: 'edge', per_unit: 250, per_open: 12 }] },
  }),
  rehearsal: key(rehearsal.optional(), {
    means: 'What rehearsals are to reach. Their reports and gates of kind `rehearsed` go by it.',
    absent: 'a rehearsal of the infrastructure has 3 hours, and nothing else is asked for',
    example: { ready_within: '3h', p99_within: '5s', refused_at_most: 0.01 },
  }),
  phases: key(z.array(phase).min(1), {
    means: 'The plan.',
    example: [
      {
        id: 'warm-up',
        title: 'Warm-up',
        steps: [{ id: 'checklist', title: 'Readiness review', at: 'T-1h', do: { kind: 'checklist' } }],
      },
    ],
  }),
  switches: key(z.array(ownSwitch).prefault([]), {
    means: "The runbook's own switches, beside halt, pace and zombie.",
    example: [{ id: 'ads-banner', title: 'In-app banner' }],
  }),
  contacts: key(z.array(contact).max(20).optional(), {
    means:
      'Whom people turn to beyond the roster. `/go help` has them, and so have the halt in the channel and the board while all is halted.',
    absent: 'nobody is named',
    example: [{ name: 'Cloud support', for: 'Capacity that does not arrive', phone: '+1 206 555 0100' }],
  }),
  playbook: key(link.optional(), {
    means: 'What to do when something fails: the link of pages that name none of their own, and beside the contacts.',
    absent: 'pages have the link of their step, if it has one',
    example: 'https://wiki.example.com/playbook',
  }),
  on_halt: key(z.string().max(1000).optional(), {
    means: 'What the room is told when everything was halted.',
    absent: 'nothing more is said',
    example: 'Nobody presses GO again before both teams have spoken.',
  }),
});

/** Where test copies go. A record holds a reference in the token's place; records from before hold the token. */
type PersonDevice =
  | z.output<typeof person>['devices'][number]
  | { platform: 'ios' | 'android'; ref: string; locale: string };
export type Person = Omit<z.output<typeof person>, 'devices'> & { devices: PersonDevice[] };
/** Files that it includes have been put into their places (include.ts). */
export type Runbook = Omit<z.output<typeof runbook>, 'people' | 'include'> & { people: Person[] };
/** All of it but people and texts, which a launch changes in ways of their own. */
export type Plan = Omit<Runbook, 'people' | 'campaign'>;
export type Gate = z.output<typeof gate>;
export type Probe = z.output<typeof probe>;
export type Step = z.output<typeof step>;
export type ScaleTarget = z.output<typeof scaleTarget>;
export type Campaign = z.output<typeof campaign>;
export type Role = z.output<typeof role>;
export type Delivery = z.output<typeof delivery>;
