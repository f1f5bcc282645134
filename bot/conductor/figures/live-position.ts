import type { Launch, Shot } from '../../../runbooks/launch/launch.ts';
import { limitedForMs, slackErrorCode, slackFault } from '../../slack/slack-fault.ts';
import type { SlackPort } from '../../slack/slack-port.ts';
import type { UpdateBudget } from '../../slack/update-budget.ts';
import type { Message } from '../../views/message.ts';
import type { Context } from '../context.ts';
import { FACT, fact, keepFact } from '../facts.ts';
import type { Room } from '../room/room.ts';

/** HALT is out of reach once so many other messages stand below the live message: a phone shows about as many. */
const OTHERS_BELOW = 3;

/**
 * Keeps the live message of a running shot, and HALT with it, near the end of the channel: a new one is posted, the old
 * one deleted. One message at any time but for the moment between the two. A move is begun (noted) → posted → the old one
 * deleted → forgotten; whoever leads after a crash finds the note, and the post by its mark, and goes on from there.
 */
export class LivePosition {
  readonly #context: Context;
  readonly #room: Room;
  /** History calls of all launches together. */
  readonly #looks: UpdateBudget;
  /** Moves and the last edit of one process take turns. */
  #turn: Promise<unknown> = Promise.resolve();
  readonly #ended = new Set<string>();
  #quietUntilMs = 0;

  constructor(context: Context, room: Room, looks: UpdateBudget) {
    this.#context = context;
    this.#room = room;
    this.#looks = looks;
  }

  /** Moves what has to move, one shot after the other. Rejects only if it is not Slack that failed. */
  async look(launch: Launch, message: (shot: Shot) => Promise<Message>): Promise<void> {
    const { slack, nowMs } = this.#context;
    const shots = Object.values(launch.shots).filter(
      ({ closed, haltedAtMs }) => closed === null && haltedAtMs === null,
    );
    if (slack === null || shots.length === 0) return;
    const standing = new Map(
      await Promise.all(
        shots.map(async ({ id }) => [id, await fact(this.#context, launch.id, FACT.live(id))] as const),
      ),
    );
    for (const shot of shots) {
      if (!this.#room.mayTry() || nowMs() < this.#quietUntilMs) return;
      await this.#inTurn(async () => {
        if (this.#ended.has(shot.id)) return;
        try {
          const begun = await this.#begun(launch, shot.id);
          const from = begun ?? (await this.#isOutOfReach(slack, launch, shot.id, standing));
          if (from !== null) await this.#move(slack, launch, shot.id, from, () => message(shot));
        } catch (error) {
          if (slackErrorCode(error) === null && slackFault(error) === 'other') throw error;
          this.#quietUntilMs = nowMs() + (limitedForMs(error) ?? 0);
          if (!(await this.#room.failed(launch, error, 'post')))
            this.#context.log.warn({ shotId: shot.id, err: error }, 'the live message could not be moved down');
        }
      });
    }
  }

  /** Before the message's last edit: a move that was begun is ended, and none begins any more. Rejects while another instance is at it. */
  async end(launch: Launch, shotId: string, message: () => Promise<Message>): Promise<void> {
    const { slack } = this.#context;
    if (slack === null) return;
    await this.#inTurn(async () => {
      this.#ended.add(shotId);
      const begun = await this.#begun(launch, shotId);
      if (begun !== null && !(await this.#move(slack, launch, shotId, begun, message)))
        throw new Error(`LIVE_MESSAGE_MOVING: another instance moves the message of ${shotId}`);
    });
  }

  async #begun(launch: Launch, shotId: string): Promise<string | null> {
    const noted = await fact(this.#context, launch.id, FACT.moving(shotId));
    return noted === null || noted === '' ? null : noted;
  }

  /** Where it stands, if too much has come after it. Live messages of other shots are within reach themselves. */
  async #isOutOfReach(
    slack: SlackPort,
    launch: Launch,
    shotId: string,
    standing: ReadonlyMap<string, string | null>,
  ): Promise<string | null> {
    const ts = standing.get(shotId) ?? null;
    if (ts === null || !this.#looks.take(0)) return null;
    const live = new Set(standing.values());
    const below = (await slack.postedAfter(launch.channelId, ts, OTHERS_BELOW + standing.size)).filter(
      (one) => !live.has(one),
    );
    return below.length >= OTHERS_BELOW ? ts : null;
  }

  /** True once the old message is gone and the new one is known. */
  async #move(
    slack: SlackPort,
    launch: Launch,
    shotId: string,
    from: string,
    message: () => Promise<Message>,
  ): Promise<boolean> {
    const { cloud, holder, hasEnded, timings, nowMs } = this.#context;
    const effectId = `${FACT.live(shotId)}/below/${from}`;
    await keepFact(this.#context, launch.id, FACT.moving(shotId), from);
    const claim = await cloud.live.claimEffect(launch.id, effectId, holder, timings.claimMs, nowMs(), hasEnded);
    if (!claim.mine && !claim.done) return false;
    if (claim.mine) {
      const mark = { launchId: launch.id, effectId };
      const ts =
        (claim.again ? await slack.findPosted(launch.channelId, mark) : null) ??
        (await slack.postMessage(launch.channelId, await message(), { mark }));
      await keepFact(this.#context, launch.id, FACT.live(shotId), ts);
      await this.#remove(slack, launch, from);
      await cloud.live.finishEffect(launch.id, effectId, ts);
    }
    await keepFact(this.#context, launch.id, FACT.moving(shotId), '');
    return true;
  }

  /** One that Slack won't let us delete is left: its HALT works like the new one's. */
  async #remove(slack: SlackPort, launch: Launch, ts: string): Promise<void> {
    try {
      await slack.remove(launch.channelId, ts);
    } catch (error) {
      if (slackErrorCode(error) === null || slackFault(error) === 'passing' || slackFault(error) === 'room')
        throw error;
      if (slackFault(error) !== 'gone')
        this.#context.log.warn(
          { ts, err: error },
          'the live message was moved down, and its old place could not be cleared',
        );
    }
  }

  async #inTurn(work: () => Promise<void>): Promise<void> {
    const mine = this.#turn.then(work);
    this.#turn = mine.catch(() => undefined);
    await mine;
  }
}
