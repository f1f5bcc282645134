import type { Effect } from '../../runbooks/launch/effects.ts';
import type { Entry, Measured } from '../../runbooks/launch/entries.ts';
import { gateLines } from '../../runbooks/launch/gates.ts';
import type { Launch } from '../../runbooks/launch/launch.ts';
import { backupOf } from '../../runbooks/launch/scale-late.ts';
import { describeEntry } from '../../runbooks/record/describe.ts';
import { automationMessage } from '../views/automation.ts';
import { entryMessage } from '../views/entry-message.ts';
import type { Message } from '../views/message.ts';
import { namesOf } from '../views/names.ts';
import { orderMessage } from '../views/order.ts';
import { scaleProgressMessage } from '../views/scale-progress.ts';
import { standDownMessage } from '../views/stand-down.ts';
import { roomText } from './room-text.ts';

/** What the room reads because of this effect; nothing of most. Edits of what stands there are left out, and figures and pictures of a shot are a line. */
export function postOf(
  effect: Effect,
  entry: Entry,
  launch: Launch,
  measured: readonly Measured[],
  nowMs: number,
): string[] {
  switch (effect.kind) {
    case 'post-entry':
      return said(launch, entryMessage(launch, entry));
    case 'post-order': {
      const order = launch.orders[effect.orderId];
      return order === undefined
        ? []
        : said(launch, orderMessage(launch, order, gateLines(launch, measured, nowMs, 'all'), nowMs));
    }
    case 'post-stand-down':
      return said(launch, standDownMessage(launch));
    case 'post-scale': {
      const state = launch.scale[effect.target];
      if (state === undefined) return [];
      const backup = backupOf(launch, effect.target);
      return said(
        launch,
        scaleProgressMessage(launch, effect.target, { state, observed: null, ready: null, backup, nowMs }),
      );
    }
    case 'post-automation':
      return said(launch, automationMessage(launch, effect.step, null));
    case 'start-live':
    case 'post-summary':
      return [`${who(entry, launch)}${describeEntry(entry, namesOf(launch), launch.orders)}`];
    default:
      return [];
  }
}

const said = (launch: Launch, message: Message | null): string[] =>
  message === null ? [] : roomText(message, calledBy(launch));

function who({ by }: Entry, launch: Launch): string {
  return 'person' in by ? `${namesOf(launch).get(by.person) ?? by.person} ` : '';
}

function calledBy({ people, runbook }: Launch): Map<string, string> {
  return new Map([
    ...people.flatMap(({ name, slack }) => slack.map((id): [string, string] => [id, name])),
    ...(runbook.groups ?? []).flatMap(({ title, slack_group: id }): [string, string][] =>
      id === undefined ? [] : [[id, title]],
    ),
  ]);
}
