// Held by `bot/conductor/watches/followed-steps.test.ts`.
import type { Command } from '../../../runbooks/launch/commands.ts';
import type { Launch } from '../../../runbooks/launch/launch.ts';
import { textsAsked } from '../../../runbooks/launch/test-copies.ts';
import type { Step } from '../../../runbooks/playbook/schema.ts';
import type { Context } from '../context.ts';
import { startAutomation } from './perform-automation.ts';

type Act<Kind extends Step['do']['kind']> = Extract<Step['do'], { kind: Kind }>;

/**
 * Begins what a watch sees to its end (`watches/automation-watch.ts`, `watches/followed-steps.ts`), once, however often it is tried. Null: it is begun;
 * else how its step ends.
 */
export async function begin(
  context: Context,
  launch: Launch,
  step: string,
  act: Act<'automation' | 'load' | 'prime' | 'test-send' | 'rehearsal'>,
): Promise<{ say: string; refused: boolean } | null> {
  switch (act.kind) {
    case 'automation':
      return startAutomation(context, launch, step, act);
    // Workers do it by themselves.
    case 'load':
    case 'prime':
      return null;
    case 'test-send':
      return give(context, launch, copiesOf(launch, act, step));
    case 'rehearsal':
      return give(context, launch, { kind: 'begin-rehearsal', by: null, step });
    default:
      return act satisfies never;
  }
}

/** Tried again, or by another bot, it has been begun already. */
async function give(
  context: Context,
  { id }: Launch,
  command: Command,
): Promise<{ say: string; refused: true } | null> {
  const acted = await context.execute(id, command);
  return acted.ok || acted.code === 'ALREADY_SO' ? null : { say: acted.say, refused: true };
}

/** Everybody's phone or those of who is named, in every text that is read, as `/go test all`. */
function copiesOf(launch: Launch, { to: named }: Act<'test-send'>, step: string): Command {
  const to = named ?? launch.people.filter(({ devices }) => devices.length > 0).map(({ id }) => id);
  const locales = textsAsked(launch, { locales: [], segments: [], variants: [], everybody: true, to }) ?? [];
  return { kind: 'request-test', by: null, step, to, ...(locales.length === 0 ? {} : { locales }) };
}
