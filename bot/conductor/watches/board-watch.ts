import type { FleetNow } from '../../../runbooks/cost/fleets.ts';
import { gateLines, orderGates } from '../../../runbooks/launch/gates.ts';
import type { Launch } from '../../../runbooks/launch/launch.ts';
import { isExpired, runningShots } from '../../../runbooks/launch/remaining.ts';
import { isPending } from '../../../runbooks/launch/voiding.ts';
import { RESERVE } from '../../slack/update-budget.ts';
import { boardMessage, standingBoard } from '../../views/board.ts';
import { orderMessage } from '../../views/order.ts';
import type { Context } from '../context.ts';
import { FACT } from '../facts.ts';
import { keptMeasurements } from '../gates/gate-watch.ts';
import type { Standings } from '../room/standing.ts';
import { workerReports } from '../worker-reports.ts';

/** The clock on the board moves in steps of this, so that time alone costs two edits a minute. */
const CLOCK_STEP_MS = 30_000;
/** While a shot runs, the live message has the figures and the board stays out of its way. */
const BOARD_DURING_SHOT_MS = 10_000;

/** Keeps the pinned board and the messages of open fire orders as the launch is now. */
export class BoardWatch {
  readonly #context: Context;
  readonly #standings: Standings;
  readonly #fleets: () => readonly FleetNow[];
  readonly #unreadable: () => string | null;
  readonly #shown = new Map<string, string>();
  #boardAtMs = Number.NEGATIVE_INFINITY;
  #boardSeq = 0;

  /** `unreadable`: why the record can't be read any further; null: it can. */
  constructor(
    context: Context,
    standings: Standings,
    fleets: () => readonly FleetNow[] = () => [],
    unreadable: () => string | null = () => null,
  ) {
    this.#context = context;
    this.#standings = standings;
    this.#fleets = fleets;
    this.#unreadable = unreadable;
  }

  async look(launch: Launch): Promise<void> {
    const now = this.#context.nowMs();
    const [measured, reports] = await Promise.all([
      keptMeasurements(this.#context, launch),
      workerReports(this.#context, launch),
    ]);
    for (const order of Object.values(launch.orders).filter((one) => isPending(one) && !isExpired(one, now))) {
      const gates = orderGates(launch, order, measured, now);
      await this.#show(launch, FACT.order(order.id), (atMs) => orderMessage(launch, order, gates, atMs), RESERVE.order);
    }
    // A closed launch's board is left as it is.
    if (launch.closed && launch.seq === this.#boardSeq) return;
    // What is decided in the middle of a shot, a halt above all, shows at once.
    if (
      runningShots(launch).length > 0 &&
      launch.seq === this.#boardSeq &&
      now - this.#boardAtMs < BOARD_DURING_SHOT_MS
    )
      return;
    const gates = gateLines(launch, measured, now, 'all');
    if (
      await this.#show(
        launch,
        FACT.board,
        (atMs) => {
          const board = boardMessage(launch, gates, reports, atMs, this.#fleets());
          const why = this.#unreadable();
          return why === null ? board : standingBoard(board, launch, why);
        },
        RESERVE.board,
      )
    ) {
      this.#boardAtMs = now;
      this.#boardSeq = launch.seq;
    }
  }

  async #show(
    launch: Launch,
    name: string,
    render: (atMs: number) => ReturnType<typeof boardMessage>,
    reserve: number,
  ): Promise<boolean> {
    const { nowMs } = this.#context;
    const news = JSON.stringify(render(Math.floor(nowMs() / CLOCK_STEP_MS) * CLOCK_STEP_MS));
    if (news === this.#shown.get(name)) return false;
    if (!(await this.#standings.show({ launch, name, message: () => render(nowMs()), reserve, ifDeleted: 'post' })))
      return false;
    this.#shown.set(name, news);
    return true;
  }
}
