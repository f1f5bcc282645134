import { blankMessage, endOfChain } from '../../infra/aws/channel-message.ts';
import type { Head } from '../../infra/aws/seal.ts';
import type { Launch } from '../../runbooks/launch/launch.ts';
import type { Forgot } from '../../runbooks/record/rows.ts';
import { tsAt } from '../slack/ts.ts';
import { CliError } from './cli-error.ts';
import type { OperatorKey } from './operator-key.ts';
import { keyOwner } from './session.ts';
import type { Session } from './session.ts';

/** Others may write into the chain meanwhile. */
export const RACES = 10;

/** Who asks for a deletion, by their key, as the roster calls them, and why. */
export type About = Pick<Forgot, 'by' | 'reason'>;

export function aboutOf(launch: Launch, key: OperatorKey | null, reason: string | undefined): About {
  const id = key === null ? null : keyOwner(launch, key);
  return {
    ...(id === null ? {} : { by: launch.people.find((one) => one.id === id)?.name ?? id }),
    ...(reason === undefined ? {} : { reason }),
  };
}

/** Notes a deletion behind `chain`. False: somebody else has that place, so what there is to delete must be looked at anew. */
export async function noteDeletion(
  { cloud, nowMs }: Session,
  launchId: string,
  chain: readonly Head[],
  forgot: Forgot,
): Promise<boolean> {
  const atMs = nowMs();
  const note = { ...blankMessage(atMs), ts: tsAt(atMs), forgot };
  return (await cloud.record.appendMessage(launchId, endOfChain(chain), note)).won;
}

/** `what`: how much is not noted, and so not deleted. */
export const contended = (what: 'nothing' | 'not all'): CliError =>
  new CliError(
    'FORGET_CONTENDED',
    `${what} was deleted: others wrote into the channel's chain all the time. Run it again`,
  );
