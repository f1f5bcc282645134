import type { ScaleObservation } from '../../infra/aws/scaling/scaling-kind.ts';
import type { Launch, ScaleState } from '../../runbooks/launch/launch.ts';
import { context, section } from './blocks.ts';
import { progressBar } from './live-stats.ts';
import type { Message } from './message.ts';
import { tookText, waitersText } from './step-waits.ts';
import { count, safe, span } from './words.ts';

/** How far one scale target has come. `ready` counts workers that have reported themselves ready; null for what isn't the worker pool. */
export interface ScaleProgress {
  state: ScaleState;
  observed: ScaleObservation | null;
  ready: number | null;
  backup: string;
  nowMs: number;
}

/** One message per scale order, updated in place. RUNNING is not ready: the pool's bar counts ready workers. */
export function scaleProgressMessage(launch: Launch, targetId: string, progress: ScaleProgress): Message {
  const { state, observed, ready } = progress;
  const target = launch.runbook.scale_targets.find(({ id }) => id === targetId);
  const title = safe(target?.title ?? targetId, 120);
  const running = observed?.running ?? 0;
  const there = ready === null ? running : Math.min(running, ready);
  const took = span(progress.nowMs - state.orderedAtMs);
  const sign = { moving: ':hourglass_flowing_sand:', late: ':warning:', reached: ':white_check_mark:' }[state.state];
  // A bar needs a way to go: scaling down, and to nothing, shows figures only.
  const bar =
    !state.lowers && state.desired > 0 && running <= state.desired
      ? `\n${progressBar(state.state === 'reached' ? state.desired : there, state.desired)}`
      : '';
  const figures = [
    `running ${count(running)} of ${count(state.desired)}`,
    ...(observed === null || observed.pending === 0 ? [] : [`${count(observed.pending)} starting`]),
    ...(ready === null ? [] : [`ready ${count(ready)}`]),
  ].join(' · ');
  const before = state.state === 'reached' || state.lowers ? '' : tookText(launch, targetId);
  const about = [before, state.state === 'reached' ? '' : waitersText(launch, state.step)].filter((one) => one !== '');
  return {
    text: `${target?.title ?? targetId}: ${figures}`,
    blocks: [
      section(
        `${sign} *${title}* to ${count(state.desired)}${bar}\n${figures}${state.state === 'reached' ? ` · took ${took}` : ''}`,
      ),
      ...(about.length === 0 ? [] : [context(about.map(sentence).join(' '))]),
      ...(state.state === 'late' ? [section(`*Behind for ${took}.* Backup: ${safe(progress.backup, 300)}`)] : []),
      ...(observed?.say == null ? [] : [context(`AWS says: ${safe(observed.say, 500)}`)]),
    ],
  };
}

const sentence = (text: string): string =>
  text.endsWith('.') ? text : `${text.slice(0, 1).toUpperCase()}${text.slice(1)}.`;
