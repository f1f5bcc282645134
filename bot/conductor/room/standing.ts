import type { Launch } from '../../../runbooks/launch/launch.ts';
import { limitedForMs, slackErrorCode, slackFault } from '../../slack/slack-fault.ts';
import type { SlackPort } from '../../slack/slack-port.ts';
import type { UpdateBudget } from '../../slack/update-budget.ts';
import type { Message } from '../../views/message.ts';
import type { Context } from '../context.ts';
import { fact } from '../facts.ts';
import { isDeleted, postAnew } from './post-anew.ts';
import type { Room } from './room.ts';

/** A message that is kept as the launch is now: the board, open orders, live figures, scale-ups. */
export interface Standing {
  launch: Launch;
  /** Its fact: where it stands in the channel. */
  name: string;
  message: () => Message;
  /** Updates to leave for what matters more. */
  reserve: number;
  /** If somebody has deleted it: posted anew, because the room needs it, or left out. One that can't be edited for another reason is posted anew in any case: it would go on saying what is over. */
  ifDeleted: 'post' | 'leave';
}

/** Edits messages of one launch. What can't be shown now is made up by the next look. */
export class Standings {
  readonly #context: Context;
  readonly #room: Room;
  readonly #budget: UpdateBudget;
  #quietUntilMs = 0;

  constructor(context: Context, room: Room, budget: UpdateBudget) {
    this.#context = context;
    this.#room = room;
    this.#budget = budget;
  }

  /** True if there is nothing left to do for this state of it. Rejects only if it is not Slack that failed. */
  async show({ launch, name, message, reserve, ifDeleted }: Standing): Promise<boolean> {
    const { slack, nowMs, log } = this.#context;
    if (slack === null || !this.#room.mayTry() || nowMs() < this.#quietUntilMs) return false;
    const ts = await fact(this.#context, launch.id, name);
    if (ts === null || !this.#budget.take(reserve)) return false;
    try {
      await slack.update(launch.channelId, ts, message(), 'stats');
      await this.#room.worked('edit');
      return true;
    } catch (error) {
      const fault = slackFault(error);
      if (this.#room.isPutAway(launch, error)) return true;
      if (await this.#room.failed(launch, error, 'edit')) return false;
      this.#quietUntilMs = nowMs() + (limitedForMs(error) ?? 0);
      // It was moved down meanwhile: the next look finds it in its new place.
      if (fault === 'gone' && (await fact(this.#context, launch.id, name)) !== ts) return false;
      if (fault === 'gone')
        return (
          (ifDeleted === 'leave' && isDeleted(error)) ||
          this.#postAnew(slack, launch, { name, goneTs: ts, message: message(), error })
        );
      if (fault === 'other' && slackErrorCode(error) === null) throw error;
      log.warn({ name, err: error }, 'a message could not be updated');
      // Said once per state: the same words would be refused again.
      return fault !== 'passing';
    }
  }

  async #postAnew(slack: SlackPort, launch: Launch, what: Parameters<typeof postAnew>[3]): Promise<boolean> {
    try {
      return (await postAnew(this.#context, slack, launch, what))?.mine === true;
    } catch (error) {
      if (slackFault(error) === 'other' && slackErrorCode(error) === null) throw error;
      this.#quietUntilMs = this.#context.nowMs() + (limitedForMs(error) ?? 0);
      if (!(await this.#room.failed(launch, error, 'post')))
        this.#context.log.warn(
          { name: what.name, err: error },
          'a message could not be posted anew; it is tried again',
        );
      return false;
    }
  }
}
