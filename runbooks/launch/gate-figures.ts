import type { Gate, Probe } from '../playbook/schema.ts';
import type { Launch } from './launch.ts';
import type { RehearsedProbe } from './rehearsal-report.ts';
import { span } from './words.ts';

/** What the figure of a gate counts: whoever names the worst value of a waiver, or grants it, has to know. Larger is worse. */
const COUNTS: Record<Probe['kind'], string> = {
  'workers-ready': 'missing workers',
  'primed-share': 'share of connections without an answer',
  'queue-empty': 'waiting messages',
  credentials: 'workers without a fresh credential',
  'payload-size': 'bytes of the largest text',
  'test-send': 'platforms without a copy',
  scaled: 'missing units',
  'switch-reach': 'milliseconds since the switches were read',
  clocks: 'milliseconds between the clocks',
  providers: 'workers that were not met well',
  versions: 'processes of another version',
  home: 'regions that have it in place of this one',
  'quarter-hours': 'seconds too near',
  'people-present': 'missing people',
  'backups-assigned': 'steps and roles that hang on one person',
  surge: 'missing units',
  rehearsed: 'things that were not as asked for',
  'bad-tokens': 'share of refused tokens',
  doctor: 'things that are not as needed',
};

/** `1 (missing workers)`; without a probe there is nothing that is counted. */
export function figureText({ probe }: Pick<Gate, 'probe'>, value: number): string {
  return `${value.toLocaleString('en-US')}${probe === undefined ? '' : ` (${COUNTS[probe.kind]})`}`;
}

export const figureOf = ({ kind }: Probe): string => COUNTS[kind];

/** How many workers a gate asks for, 0 being as many as the pool says. */
export const workersNeeded = ({ runbook: { pool } }: Pick<Launch, 'runbook'>, atLeast: number): number =>
  atLeast > 0 ? atLeast : (pool.ready_at_least ?? pool.workers);

/** What it takes to be green. */
export function wantedText(launch: Pick<Launch, 'runbook'>, probe: Probe): string {
  switch (probe.kind) {
    case 'workers-ready':
      return `${workersNeeded(launch, probe.at_least)} ready`;
    case 'primed-share':
      return `${Math.round(probe.at_least * 100)} % of the connections to each provider`;
    case 'queue-empty':
      return 'no message';
    case 'credentials':
      return 'more than 10 minutes left on every worker';
    case 'payload-size':
      return 'at most 4,096 bytes a text';
    case 'test-send':
      return 'a copy that was accepted, on each platform';
    case 'scaled':
      return 'as many as were ordered';
    case 'switch-reach':
      return `within ${span(probe.within)} on every worker`;
    case 'clocks':
      return `within ${span(probe.within)} of the store's`;
    case 'providers':
      return 'each provider met and answering';
    case 'versions':
      return 'one version';
    case 'home':
      return 'this region';
    case 'quarter-hours':
      return `${span(probe.apart)} from :00, :15, :30 and :45`;
    case 'people-present':
      return `a word of each within ${span(probe.within)}`;
    case 'backups-assigned':
      return 'two people for each';
    case 'surge':
      return 'as many units as the push asks for';
    case 'bad-tokens':
      return `at most ${(probe.at_most * 100).toLocaleString('en-US', { maximumFractionDigits: 2 })} %`;
    case 'doctor':
      return 'each as this audience and plan need it';
    case 'rehearsed':
      return rehearsedWanted(probe);
  }
}

function rehearsedWanted({ what, within, at_least: atLeast }: Omit<RehearsedProbe, 'same_audience'>): string {
  const devices =
    what === 'infrastructure' || atLeast === undefined ? '' : `${atLeast.toLocaleString('en-US')} devices, `;
  return `within ${span(within)}, ${devices}and as the runbook asks for`;
}

/** What to do about it where the runbook has no words of its own. */
export const WHAT_TO_DO: Record<Probe['kind'], string> = {
  'workers-ready': '`/go scale` brings more workers; those that run load the audience by themselves.',
  'primed-share': 'Workers open and prime their connections by themselves. If it stays, see the gate of the providers.',
  'queue-empty': 'Workers empty it by themselves. What stays in dead letters is looked at by on-call.',
  credentials: 'Workers renew them by themselves. If it stays, look at the secret that holds the key.',
  'payload-size': 'Shorten the texts that are named.',
  'test-send': '`/go test all` sends copies to the phones of the staff.',
  scaled: '`/go scale` orders it anew; its message says what AWS says.',
  'switch-reach': 'If it stays, replace the workers that do not read.',
  clocks: 'Set the clocks that are named.',
  providers: 'Look at what the provider has answered, above.',
  versions: 'Deploy one version everywhere.',
  home: 'Send from the region that has the launch, or take it over here.',
  'quarter-hours': 'Wait, or ask for GO at another moment. It can be waived ahead.',
  'people-present': 'Whoever is named presses “I am here”, or types `/go here`.',
  'backups-assigned': 'Name a second person in the runbook or on the roster.',
  surge: '`/go forecast` has the figures and the pace that fits; `/go scale` brings units.',
  rehearsed: '`/go rehearse` rehearses again.',
  'bad-tokens':
    '`/go audience skip-refused` puts the refused tokens on the skip list; `/go rehearse limited` tells it anew.',
  doctor: '`/go doctor` says of each what to do.',
};
