/** How often and how long, in milliseconds. Tests shorten them. */
export interface Timings {
  /** The leader's lease; renewed on every tick, so another instance takes over within this and one tick. */
  leaseMs: number;
  /** A claim on a post is renewed while it is worked on, and another instance may try it this long after the last renewal. Longer than a post may take (POST_TIMEOUT_MS). */
  claimMs: number;
  /** A leader leaves urgent effects to whoever appended them for this long. */
  urgentGraceMs: number;
  /** First and longest pause before a failed effect is tried again. */
  retryMinMs: number;
  retryMaxMs: number;
  /** Posts that are older than this when they get their turn are a backlog: what matters now goes first, and much of the rest becomes one summary. */
  backlogMs: number;
  /** The index of launches is read this often. */
  indexMs: number;
  /** Workers are told who of them is there this often (ROLL_FRESH_MS). */
  rollMs: number;
  gatesMs: number;
  /** A gate's change is recorded once it has lasted this long: a flapping gate must not fill the record. */
  gateSettleMs: number;
  /** Measurements younger than this answer `measured` without measuring again. */
  gateFreshMs: number;
  scaleMs: number;
  /** Automations of steps are looked at, and their progress shown, this often. */
  automationMs: number;
  /** Counts that have come are looked at this often, in case somebody else lowers them. */
  scaleChangesMs: number;
  /** What AWS was told of steps in advance is compared with the plan this often. */
  scheduleAheadMs: number;
  /** One edit of a message per 2 s: chat.update allows 50 and some a minute (docs/facts.md#slack-update-rate). */
  boardMs: number;
  liveMs: number;
  /**
   * How often it is looked whether HALT is still within reach: one read of the channel's history
   * (docs/facts.md#slack-history-limit) per running shot.
   */
  liveDownMs: number;
  /** Workers' last reports may come this long after the close; the final figures wait for them. */
  finalFiguresMs: number;
  /**
   * SSM is polled this often: 40 reads a second are the default for the whole account and Region
   * (docs/facts.md#ssm-rate).
   */
  parametersMs: number;
  /** The same for switches but the halt, which nobody obeys from there. */
  otherParametersMs: number;
  shotMs: number;
  /** A shot that nobody has closed this long after it was due is closed by the conductor. */
  closeAfterDueMs: number;
  /** A shot may be halted for this long before it is due to close: workers account for what they wrote. */
  haltToCloseMs: number;
  /** Claims of a closed shot are looked at this often, as long as its launch is open, for accounts that came late: the older the close is the more seldom, up to the second. */
  lateAccountsMs: number;
  lateAccountsMostMs: number;
  /** A running shot of which nothing has moved for this long stands still. With reports and looks every 250 ms that is said within 3 s, or a second and a half later where no reason is to be seen; a provider's ordinary pause is shorter. */
  stillMs: number;
  /** Weather of a provider is told once it has lasted so long: what stops everything, and what slows it down. It is over when no worker has had any for `fairMs`. */
  stoppedMs: number;
  slowMs: number;
  fairMs: number;
  /** Its figures are brought up to date so often at most. */
  weatherEditMs: number;
  /** It is looked this often whether claims of running shots, or queues of the pool, are gone. */
  lossMs: number;
  /** The record is carried to the standby region so often; that it can't be is told once it has lasted. */
  standbyMs: number;
  standbyBehindMs: number;
  /** Workers that ECS may end although they may send are told of once it has lasted so long. */
  unprotectedMs: number;
  /** A halt found in the switch item is left to whoever pressed it for this long. */
  foundHaltMs: number;
  /** Slack is asked this often, and at the start, whether somebody on the roster was deactivated. */
  rosterMs: number;
  checkpointMs: number;
  /** The channel's history is compared with what was heard so often, first this long after a leader began with a launch. */
  backFillMs: number;
  backFillFirstMs: number;
  /** Between two reads of it: 20 a minute, of 50 and some that looks for our own posts share (docs/facts.md#slack-tiers). */
  historyPaceMs: number;
  /** What alarms look at is brought up to date this often. */
  signsMs: number;
  /** The launch's fleets are looked at this often for what they cost. */
  fleetsMs: number;
  /** Whether the doctor's look is due is asked this often. */
  doctorMs: number;
  /** After the event until the first reminder that fleets are still up; twice as long after each, a day at most. */
  fleetReminderMs: number;
  /** Launches that are closed are looked at so often for what is to be said in their channels. */
  remindersMs: number;
  /** A compile that somebody asked for is looked at this often, and its progress shown so often at most. */
  compileMs: number;
  compileEditMs: number;
  /** Reports older than this are removed while no shot runs. */
  reportLifeMs: number;
  stopMs: number;
}

export const TIMINGS: Timings = {
  leaseMs: 5_000,
  claimMs: 5_000,
  urgentGraceMs: 1_500,
  retryMinMs: 500,
  retryMaxMs: 15_000,
  backlogMs: 30_000,
  indexMs: 2_000,
  rollMs: 1_000,
  gatesMs: 1_000,
  gateSettleMs: 1_500,
  gateFreshMs: 3_000,
  scaleMs: 1_000,
  automationMs: 2_000,
  scaleChangesMs: 10_000,
  scheduleAheadMs: 10_000,
  boardMs: 2_000,
  liveMs: 2_000,
  liveDownMs: 3_000,
  finalFiguresMs: 1_200,
  parametersMs: 1_000,
  otherParametersMs: 10_000,
  shotMs: 1_000,
  closeAfterDueMs: 5_000,
  haltToCloseMs: 20_000,
  lateAccountsMs: 5_000,
  lateAccountsMostMs: 60_000,
  lossMs: 5_000,
  standbyMs: 1_000,
  standbyBehindMs: 30_000,
  unprotectedMs: 20_000,
  stillMs: 2_000,
  stoppedMs: 1_000,
  slowMs: 3_000,
  fairMs: 1_500,
  weatherEditMs: 5_000,
  foundHaltMs: 2_000,
  rosterMs: 180_000,
  checkpointMs: 30_000,
  backFillMs: 300_000,
  backFillFirstMs: 15_000,
  historyPaceMs: 3_000,
  signsMs: 2_000,
  fleetsMs: 30_000,
  doctorMs: 5_000,
  fleetReminderMs: 3_600_000,
  remindersMs: 60_000,
  compileMs: 2_000,
  compileEditMs: 5_000,
  reportLifeMs: 60_000,
  stopMs: 5_000,
};
