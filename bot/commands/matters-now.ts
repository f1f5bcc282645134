import { isLiftAsked } from '../../runbooks/launch/change-waits.ts';
import type { Launch } from '../../runbooks/launch/launch.ts';
import { runningShots } from '../../runbooks/launch/remaining.ts';
import { isPending } from '../../runbooks/launch/voiding.ts';

/** How a launch stands, and the commands that people need then. */
export interface Now {
  when: string;
  names: readonly string[];
}

const HALTED = ['status', 'stats', 'campaign', 'note'];

export function mattersNow(launch: Launch | null, nowMs: number): Now {
  if (launch === null) return { when: 'this channel has no launch', names: ['create', 'runbook'] };
  if (launch.closed)
    return { when: 'the launch is closed', names: ['postmortem', 'answer', 'action', 'timeline', 'create'] };
  if (launch.stoodDown !== null)
    return { when: 'the launch was called off', names: ['stand-down', 'status', 'close', 'timeline'] };
  if (runningShots(launch).length > 0)
    return { when: 'pushes are going out', names: ['halt', 'stats', 'status', 'pace', 'note'] };
  if (launch.halt.active && isLiftAsked(launch, nowMs))
    return { when: 'all sending is halted, and a lift waits for its second person', names: ['approve', ...HALTED] };
  if (launch.halt.active) return { when: 'all sending is halted', names: ['resume', ...HALTED] };
  if (Object.values(launch.orders).some(isPending))
    return { when: 'an order waits for its GO', names: ['approve', 'decline', 'renew', 'ready', 'halt'] };
  if (Object.keys(launch.shots).length > 0)
    return { when: 'a shot is over', names: ['status', 'stats', 'fire', 'scale', 'postmortem', 'close', 'halt'] };
  if (launch.audience === null)
    return { when: 'there is no audience yet', names: ['audience', 'campaign', 'people', 'ready', 'steps', 'halt'] };
  return { when: 'before GO', names: ['ready', 'steps', 'test', 'tick', 'rehearse', 'fire', 'halt'] };
}
